"""One connection of a client under asyncio: passes bytes between socket and session, and detects a silent server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from ...exceptions import ChatError, Unreachable
from ...protocol import commands
from ..identity.trust import Trust
from ..session.client_events import LoggedIn, LoginRefused, SessionEvent
from ..session.session import Session
from ..timeouts import Timeouts


class Connection(asyncio.Protocol):
    """A connection, logged in or about to be.

    ``take`` is called with events and the number of bytes that held them. ``login`` is the answer to ``hello``, and
    ``closed`` says why the connection is gone; each is set once. ``heard`` is the time when data last arrived.
    """

    def __init__(
        self, session: Session, take: Callable[[Connection, list[SessionEvent], int], None], timeouts: Timeouts
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._session = session
        self._take = take
        self._timeouts = timeouts
        self._transport: asyncio.Transport | None = None
        self._watch: asyncio.TimerHandle | None = None
        self.heard = self.since = self._loop.time()
        self._asked: float | None = None
        self._full_since: float | None = None
        self._writing = False
        self._reason: ChatError | None = None
        self.login: asyncio.Future[LoggedIn | LoginRefused] = self._loop.create_future()
        self.closed: asyncio.Future[ChatError] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read only after the check of the server's certificate."""
        self._transport = cast("asyncio.Transport", transport)  # TCP has no other kind, but uvloop has its own class
        self._transport.pause_reading()

    def begin(self, trust: Trust) -> None:
        """Say hello to the server if it is the right one; raises ChatError.

        The client tells nothing to an unknown server, unless that has to prove that it knows the join code.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        shown = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        self.heard = self._loop.time()
        host = trust.check(shown, transport.get_extra_info("peername")[0])
        if not host.is_known and not self._session.has_code:
            raise trust.unknown()
        self._session.connection_made(host)
        self._write()
        transport.resume_reading()
        self._watch = self._loop.call_later(self._timeouts.idle, self._look)

    def data_received(self, data: bytes) -> None:
        """Pass the server's data to the session, and write the session's reaction."""
        self.heard = self._loop.time()
        self._asked = None
        out = self._session.receive_data(data)
        self._take(self, out, len(data))
        self._write()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note why the connection is gone."""
        if self._watch is not None:
            self._watch.cancel()
        if self._reason is None:
            self._reason = Unreachable("The connection broke." if exc else "The server closed the connection.")
        if not self.closed.done():
            self.closed.set_result(self._reason)

    async def answered(self) -> None:
        """Return when the login is answered, when the connection is gone, or if the server is silent for too long."""
        answers: set[asyncio.Future[Any]] = {self.login, self.closed}
        while (left := self.heard + self._timeouts.login - self._loop.time()) > 0:
            done, _ = await asyncio.wait(answers, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if done:
                return

    def write_soon(self) -> None:
        """Write the output of the session, together with anything added in this turn of the loop."""
        if not self._writing:
            self._writing = True
            self._loop.call_soon(self._write)

    def lose(self, reason: ChatError) -> None:
        """Abort the connection, for a reason of ours."""
        if self._reason is None:
            self._reason = reason
        if self._transport is not None:
            self._transport.abort()

    async def close(self, reason: ChatError) -> None:
        """Close the connection, and return when it is gone."""
        self.lose(reason)
        await asyncio.wait({self.closed})

    def pause(self, *, awaited: bool) -> None:
        """Pause reading. Meanwhile, the server's silence means nothing, unless an answer is ``awaited``."""
        if self._transport is not None:
            self._transport.pause_reading()
        if not awaited:
            self._full_since = None
        elif self._full_since is None:
            self._full_since = self._loop.time()

    def resume(self) -> None:
        """Read on."""
        self._full_since = None
        if self._transport is not None and not self._transport.is_reading():
            self.heard = self._loop.time()
            self._transport.resume_reading()

    def _write(self) -> None:
        self._writing = False
        data = self._session.data_to_send()
        if data and self._transport is not None:
            self._transport.write(data)

    def _look(self) -> None:
        """Ping a silent server, and close the connection if it does not answer."""
        if self._transport is None:
            return
        now = self._loop.time()
        if self._full_since is not None and now - self._full_since >= self._timeouts.answer:
            self.lose(Unreachable("The server sends so much data that its answer does not arrive."))
            return
        if not self._transport.is_reading():
            self.heard, self._asked = now, None
        if self._asked is None and now - self.heard >= self._timeouts.idle and self._session.logged_in:
            self._asked = now
            self._session.request(commands.Ping())
            self._write()
        if self._asked is None:
            self._watch = self._loop.call_later(
                self._timeouts.idle - (now - self.heard) % self._timeouts.idle, self._look
            )
        elif now - self._asked < self._timeouts.answer:
            self._watch = self._loop.call_at(self._asked + self._timeouts.answer, self._look)
        else:
            self.lose(Unreachable("The server stopped answering."))
