"""The client over one blocking socket, for ``send``: log in, send one message, and wait until it is stored."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from ...exceptions import ChatError, ProtocolError, Unconfirmed, Unreachable
from ...protocol import commands, events
from ..address import Address, unreachable
from ..identity.defaults import device_label
from ..identity.trust import Trust
from ..session.client_events import (
    Answered,
    Broken,
    Failed,
    LoggedIn,
    LoginRefused,
    RetryLater,
    SessionEvent,
    told_error,
)
from ..session.credentials import NO_CREDENTIALS, Credentials
from ..session.login import Host, Signer
from ..session.outbox import outbox_name
from ..session.session import Session
from .dial import Clock, Dialer, left

READ_BYTES = 65_536
"""Bytes of one read; answers are much shorter."""

RETRY_SECONDS = 0.25
"""Seconds before a message is sent again if the server could not store it."""


def send_once(
    address: Address,
    *,
    name: str,
    signer: Signer,
    trust: Trust,
    credentials: Credentials = NO_CREDENTIALS,
    to: str,
    text: str,
    key: str | None = None,
    seconds: float,
    clock: Clock = time.monotonic,
    remember: Callable[[], None] | None = None,
    absent: Callable[[events.Absent], None] | None = None,
) -> events.Ok:
    """Send a message, and return once it is stored; the whole call takes at most this many seconds.

    A message that is sent again under the same ``key`` is stored once. ``remember`` is called after the login, and
    ``absent`` if the addressee is away or offline. Raises Unreachable if the message was not sent, and the server's
    error if it was refused. Raises Unconfirmed, which tells how to repeat it, if it may or may not be stored.
    """
    deadline = clock() + seconds
    key = os.urandom(8).hex() if key is None else key
    session = Session(
        name, outbox=outbox_name(key, name), key=signer, credentials=credentials, listen="none", label=device_label()
    )
    request = session.send(to, text)
    connection, host = Dialer(address, trust, deadline, clock).connect()
    with connection:
        if not host.is_known:
            raise trust.unknown()
        try:
            errand = _Errand(
                address,
                session,
                connection,
                deadline,
                clock,
                trust=trust,
                request=request,
                remember=remember,
                absent=absent,
            )
            return errand.run(host)
        except Unconfirmed as error:
            advice = f"The message may or may not be stored. To repeat it safely, add: --key {_quoted(key)}"
            raise Unconfirmed(f"{error} {advice}") from None


class _Errand:
    """One message, the session's ``request``, on its way over a connection, until ``deadline``."""

    def __init__(
        self,
        address: Address,
        session: Session,
        connection: socket.socket,
        deadline: float,
        clock: Clock,
        *,
        trust: Trust,
        request: int,
        remember: Callable[[], None] | None = None,
        absent: Callable[[events.Absent], None] | None = None,
    ) -> None:
        self._address = address
        self._session = session
        self._connection = connection
        self._trust = trust
        self._deadline = deadline
        self._clock = clock
        self._request = request
        self._remember = remember
        self._absent = absent
        self._welcome = False
        self._refused: ChatError | None = None
        self._retry_at: float | None = None

    def run(self, host: Host) -> events.Ok:
        """Log in, send what the session holds, and return the answer to the request."""
        self._session.connection_made(host, eager=True)
        self._write_first()
        while True:
            happened = self._session.receive_data(self._read())
            self._write_first()
            for event in happened:
                if isinstance(event, Answered) and event.id == self._request:
                    self._part()
                    return event.answer.ok
                self._take(event)

    def _take(self, event: SessionEvent) -> None:
        match event:
            case LoggedIn():
                self._welcome = True
                self._trust.confirm()
                if self._remember is not None:
                    self._remember()
            case events.Absent() if self._absent is not None:
                self._absent(event)
            case LoginRefused() | Failed():
                raise event.error
            case RetryLater():
                self._refused = event.error
                self._retry_at = self._clock() + RETRY_SECONDS
            case Broken() if not self._welcome:
                raise ProtocolError(
                    f"The program that answers at {self._address} is not a socketchat server. {event.error}"
                )
            case Broken():
                raise Unconfirmed(str(event.error))
            case events.Bye():
                # Without a welcome the message was never looked at.
                error = told_error(event)
                raise Unconfirmed(str(error)) if self._welcome else error

    def _read(self) -> bytes:
        """Return the server's events; meanwhile, send a message again that it could not store."""
        while True:
            now = self._clock()
            if self._retry_at is not None and now >= self._retry_at:
                self._retry_at = None
                self._session.retry()
                self._write_again()
            until = self._deadline if self._retry_at is None else min(self._deadline, self._retry_at)
            try:
                self._connection.settimeout(left(until, self._clock))
                data = self._connection.recv(READ_BYTES)
            except TimeoutError:
                if until == self._deadline:
                    raise self._refused or self._unsure("The server did not answer in time.") from None
            except OSError:
                raise self._unsure("The connection broke before the server answered.") from None
            else:
                if data:
                    return data
                raise self._unsure("The server closed the connection before it answered.")

    def _unsure(self, sentence: str) -> ChatError:
        """Return the error for a missing answer: Unconfirmed only if the message may have reached the server."""
        tried = self._session.outbox.was_tried(self._request)
        return Unconfirmed(sentence) if tried else Unreachable(f"{sentence} Nothing was sent.")

    def _write_first(self) -> None:
        """Write the login, and the message behind it."""
        try:
            self._write()
        except OSError as problem:
            # A line without its end is not a message.
            raise unreachable(self._address, problem) from None

    def _write(self) -> None:
        data = memoryview(self._session.data_to_send())
        while data:
            self._connection.settimeout(left(self._deadline, self._clock))
            data = data[self._connection.send(data) :]

    def _write_again(self) -> None:
        self._refused = None
        try:
            self._write()
        except OSError:
            raise Unconfirmed("The connection broke before the server answered.") from None

    def _part(self) -> None:
        """Tell the server that this session will not be resumed."""
        self._session.request(commands.Quit())
        # The message is stored, even if the goodbye is lost.
        with suppress(OSError):
            self._write()


def _quoted(word: str) -> str:
    from shlex import quote

    return quote(word)
