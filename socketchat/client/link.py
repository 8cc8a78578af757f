"""One connection of a client under asyncio: bytes between socket and session, and an eye on who is silent."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from ..exceptions import ChatError, Unreachable
from ..protocol import commands
from .address import Address, unreachable
from .facts import LoggedIn, LoginRefused
from .local_secret import secret_reader
from .login import Host
from .patience import Patience
from .session import Out, Session


class Link(asyncio.Protocol):
    """A connection, logged in or about to be.

    ``take`` is called with what happened and the number of bytes that it came in. ``login`` is the answer to ``hello``,
    ``closed`` says why the connection is gone; each is set once.
    """

    def __init__(self, session: Session, take: Callable[[Link, list[Out], int], None], patience: Patience) -> None:
        self._loop = asyncio.get_running_loop()
        self._session = session
        self._take = take
        self._patience = patience
        self._transport: asyncio.Transport | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._heard = self.since = self._loop.time()
        self._asked: float | None = None
        self._writing = False
        self._reason: ChatError | None = None
        self.login: asyncio.Future[LoggedIn | LoginRefused] = self._loop.create_future()
        self.closed: asyncio.Future[ChatError] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say hello."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # TCP has no other kind
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self._session.link_up(Host(read_secret=secret_reader(peer[0])))
        self._write()
        self._watch = self._loop.call_later(self._patience.idle, self._look)

    def data_received(self, data: bytes) -> None:
        """Hand on what the server sent, and write what follows from it."""
        self._heard = self._loop.time()
        self._asked = None
        out = self._session.receive_data(data)
        self._take(self, out, len(data))
        self._write()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell why the connection is gone."""
        if self._watch is not None:
            self._watch.cancel()
        if self._reason is None:
            self._reason = Unreachable("The connection was cut." if exc else "The server closed the connection.")
        if not self.closed.done():
            self.closed.set_result(self._reason)

    def write_soon(self) -> None:
        """Write what the session has to send, together with what is added before the loop comes round."""
        if not self._writing:
            self._writing = True
            self._loop.call_soon(self._write)

    def lose(self, reason: ChatError) -> None:
        """Give the connection up at once, for a reason of ours."""
        if self._reason is None:
            self._reason = reason
        if self._transport is not None:
            self._transport.abort()

    async def close(self, reason: ChatError) -> None:
        """Give the connection up, and return when it is gone."""
        self.lose(reason)
        await asyncio.wait({self.closed})

    def pause(self) -> None:
        """Read no more for now; the server is not held to be dead meanwhile."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None and not self._transport.is_reading():
            self._heard = self._loop.time()
            self._transport.resume_reading()

    def _write(self) -> None:
        self._writing = False
        data = self._session.data_to_send()
        if data and self._transport is not None:
            self._transport.write(data)

    def _look(self) -> None:
        """Ask a silent server for a sign of life, and give up one that does not answer."""
        if self._transport is None:
            return
        now = self._loop.time()
        if not self._transport.is_reading():
            self._heard, self._asked = now, None
        if self._asked is None and now - self._heard >= self._patience.idle and self._session.logged_in:
            self._asked = now
            self._session.request(commands.Ping())
            self._write()
        if self._asked is None:
            self._watch = self._loop.call_later(
                self._patience.idle - (now - self._heard) % self._patience.idle, self._look
            )
        elif now - self._asked < self._patience.answer:
            self._watch = self._loop.call_at(self._asked + self._patience.answer, self._look)
        else:
            self.lose(Unreachable("The server does not answer any more."))


async def dial(address: Address, make: Callable[[], Link], seconds: float) -> Link:
    """Connect within so many seconds; raises Unreachable."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    try:
        async with asyncio.timeout_at(deadline):
            found = await loop.getaddrinfo(address.wire_host, address.port, type=socket.SOCK_STREAM)
    except OSError as problem:
        raise unreachable(address, problem) from None
    last: OSError = TimeoutError()
    for left, (family, _, _, _, where) in zip(range(len(found), 0, -1), found, strict=True):
        # Each address gets its share of the time, so that a dead one does not use up what the next one needs.
        share = loop.time() + (deadline - loop.time()) / left
        try:
            async with asyncio.timeout_at(share):
                return await _dial_one(family, where, make)
        except OSError as problem:
            last = problem
    raise unreachable(address, last)


async def _dial_one(family: int, where: tuple[object, ...], make: Callable[[], Link]) -> Link:
    loop = asyncio.get_running_loop()
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(0)
        await loop.sock_connect(connection, where)
        _, link = await loop.create_connection(make, sock=connection)
    except BaseException:
        connection.close()
        raise
    return link
