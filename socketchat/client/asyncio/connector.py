"""Connects and logs in; distinguishes temporary failures from permanent ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...exceptions import CertificateChanged, ChatError, UnknownServer, Unreachable
from ...protocol import events
from ..address import Address
from ..identity.trust import Trust
from ..session.client_events import LoginRefused, SessionEvent
from ..session.session import Session
from ..timeouts import Timeouts
from .connection import Connection
from .dial import dial


class RetryLaterError(Exception):
    """An attempt to log in failed, but a later one may succeed."""

    def __init__(self, error: ChatError) -> None:
        super().__init__(str(error))
        self.error = error


class OtherKeyError(RetryLaterError):
    """A server with another key answered an attempt to reconnect; nothing was sent to it."""


class Connector:
    """Makes the connections of one client, one after the other.

    ``take`` gets the events of a connection. If the user is at a terminal (``attended``), a server with another key may
    be a passing failure too, such as the login page of a Wi-Fi network.
    """

    def __init__(
        self,
        address: Address,
        session: Session,
        take: Callable[[Connection, list[SessionEvent], int], None],
        *,
        trust: Trust,
        timeouts: Timeouts,
        attended: bool,
    ) -> None:
        self._address = address
        self._session = session
        self._take = take
        self._trust = trust
        self._timeouts = timeouts
        self._attended = attended
        self._bye: events.Bye | None = None
        self.connection: Connection | None = None
        """The newest connection."""

    async def open(self) -> Connection:
        """Connect and log in; raises RetryLaterError, or ChatError if trying again is useless."""
        try:
            connection = await dial(self._address, self._new_connection, self._timeouts.connect, self._trust)
        except Unreachable as error:
            raise RetryLaterError(error) from None
        except CertificateChanged as error:
            if not self._attended:
                raise
            raise OtherKeyError(error) from None
        self.connection = connection
        late = Unreachable(f"The server at {self._address} did not answer the login in time. Try again later.")
        try:
            await connection.answered()
        except asyncio.CancelledError:
            await connection.close(late)
            raise
        if not connection.login.done():
            await connection.close(late)
            raise self.why_ended(connection)
        outcome = connection.login.result()
        if isinstance(outcome, LoginRefused):
            await connection.close(outcome.error)
            if isinstance(outcome.error, UnknownServer):
                raise self._trust.unknown()
            raise RetryLaterError(outcome.error) if outcome.retry else outcome.error
        try:
            self._trust.confirm()
        except ChatError as error:
            await connection.close(error)
            raise
        return connection

    def dismissed(self, bye: events.Bye) -> None:
        """Note the server's goodbye, which says whether to come back."""
        self._bye = bye

    def why_ended(self, connection: Connection) -> ChatError | RetryLaterError:
        """Return why a closed connection ended."""
        error = connection.closed.result()
        return error if self._bye is not None and not self._bye.reconnect else RetryLaterError(error)

    def _new_connection(self) -> Connection:
        self._bye = None
        return Connection(self._session, self._take, self._timeouts)
