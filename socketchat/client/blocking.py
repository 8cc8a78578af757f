"""The client over one blocking socket, for ``send``: log in, send one message, and wait until it is stored."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from ..exceptions import ChatError, ProtocolError, Unconfirmed, Unreachable, from_code
from ..protocol import commands, events
from .address import Address, unreachable
from .facts import Answered, Broken, Failed, LoggedIn, LoginRefused, RetryLater
from .identity import outbox_name
from .local_secret import secret_reader
from .login import PLAINTEXT, Host, Signer
from .session import Out, Session

READ_BYTES = 65_536
"""What is read at once; answers are much shorter."""

RETRY_SECONDS = 0.25
"""Pause before a message is sent again that the server could not store at the moment."""

Clock = Callable[[], float]
_Found = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]


def send_once(
    address: Address,
    *,
    name: str,
    signer: Signer,
    to: str,
    text: str,
    key: str | None = None,
    seconds: float,
    clock: Clock = time.monotonic,
) -> events.Ok:
    """Send a message, and return once it is stored; all of it takes at most so many seconds.

    What is sent again under the same ``key`` is stored once. Raises Unreachable where the message was not sent, the
    server's error where it was refused, and Unconfirmed, which tells how to repeat it, where it may or may not be
    stored.
    """
    deadline = clock() + seconds
    key = os.urandom(8).hex() if key is None else key
    session = Session(name, outbox=outbox_name(key, name), key=signer, listen="none")
    request = session.send(to, text)
    with _connect(address, deadline, clock) as connection:
        host = Host(read_secret=secret_reader(connection.getpeername()[0]))
        try:
            return _Errand(address, session, connection, deadline, clock, request=request).run(host)
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
        request: int,
    ) -> None:
        self._address = address
        self._session = session
        self._connection = connection
        self._deadline = deadline
        self._clock = clock
        self._request = request
        self._welcome = False
        self._refused: ChatError | None = None
        self._retry_at: float | None = None

    def run(self, host: Host = PLAINTEXT) -> events.Ok:
        """Log in, send what the session holds, and return the answer to the request."""
        self._session.link_up(host, eager=True)
        self._write_first()
        while True:
            facts = self._session.receive_data(self._read())
            self._write_first()
            for fact in facts:
                if isinstance(fact, Answered) and fact.id == self._request:
                    self._part()
                    return fact.answer.ok
                self._take(fact)

    def _take(self, fact: Out) -> None:
        match fact:
            case LoggedIn():
                self._welcome = True
            case LoginRefused() | Failed():
                raise fact.error
            case RetryLater():
                self._refused = fact.error
                self._retry_at = self._clock() + RETRY_SECONDS
            case Broken() if not self._welcome:
                raise ProtocolError(f"What answers at {self._address} is no socketchat server. {fact.error}")
            case Broken():
                raise Unconfirmed(str(fact.error))
            case events.Bye():
                # Without a welcome the message was never looked at.
                raise Unconfirmed(fact.text) if self._welcome else from_code(fact.code, fact.text)

    def _read(self) -> bytes:
        """Return what the server sent; a message that it could not store is sent again meanwhile."""
        while True:
            now = self._clock()
            if self._retry_at is not None and now >= self._retry_at:
                self._retry_at = None
                self._session.retry()
                self._write_again()
            until = self._deadline if self._retry_at is None else min(self._deadline, self._retry_at)
            try:
                self._connection.settimeout(_left(until, self._clock))
                data = self._connection.recv(READ_BYTES)
            except TimeoutError:
                if until == self._deadline:
                    raise self._refused or self._unsure("The server did not answer in time.") from None
            except OSError:
                raise self._unsure("The link broke before the server answered.") from None
            else:
                if data:
                    return data
                raise self._unsure("The server closed the connection before it answered.")

    def _unsure(self, sentence: str) -> ChatError:
        """Return the error for the lack of an answer: before its message is on the wire, nothing is unsure."""
        tried = self._session.outbox.was_tried(self._request)
        return Unconfirmed(sentence) if tried else Unreachable(f"{sentence} Nothing was sent.")

    def _write_first(self) -> None:
        """Write what logs in, and the message behind it."""
        try:
            self._write()
        except OSError as problem:
            # What lacks its line end is no message.
            raise unreachable(self._address, problem) from None

    def _write(self) -> None:
        data = memoryview(self._session.data_to_send())
        while data:
            self._connection.settimeout(_left(self._deadline, self._clock))
            data = data[self._connection.send(data) :]

    def _write_again(self) -> None:
        self._refused = None
        try:
            self._write()
        except OSError:
            raise Unconfirmed("The link broke before the server answered.") from None

    def _part(self) -> None:
        """Tell the server that nobody will resume this session."""
        self._session.request(commands.Quit())
        # The message is stored, whatever becomes of the farewell.
        with suppress(OSError):
            self._write()


def _connect(address: Address, deadline: float, clock: Clock) -> socket.socket:
    problem: OSError = TimeoutError()
    try:
        found = _look_up(address, deadline, clock)
    except OSError as failure:
        raise unreachable(address, failure) from None
    for left, (family, _, _, _, where) in zip(range(len(found), 0, -1), found, strict=True):
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            # Each address gets its share of the time, so that a dead one does not use up what the next one needs.
            connection.settimeout(_left(deadline, clock) / left)
            connection.connect(where)
            # The end of a long text must not wait for the acknowledgement of its beginning.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as failure:
            connection.close()
            problem = failure
        else:
            return connection
    raise unreachable(address, problem)


def _look_up(address: Address, deadline: float, clock: Clock) -> Sequence[_Found]:
    """Return the addresses of the host; a name server that is silent does not hold us beyond the deadline."""
    try:
        return _addresses(address, socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass
    from threading import Thread

    found: list[_Found] = []
    failures: list[OSError] = []

    def look_up() -> None:
        try:
            found.extend(_addresses(address, 0))
        except OSError as failure:
            failures.append(failure)

    thread = Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(_left(deadline, clock))
    if failures:
        raise failures[0]
    if not found:
        raise TimeoutError
    return found


def _addresses(address: Address, flags: int) -> Sequence[_Found]:
    return socket.getaddrinfo(address.wire_host, address.port, type=socket.SOCK_STREAM, flags=flags)


def _left(deadline: float, clock: Clock) -> float:
    left = deadline - clock()
    if left <= 0:
        raise TimeoutError
    return left


def _quoted(word: str) -> str:
    from shlex import quote

    return quote(word)
