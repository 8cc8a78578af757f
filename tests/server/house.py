"""A real server on a real socket in this process, and clients that read its output line by line."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path

import uvloop

from socketchat.hub import Admission
from socketchat.journal import Journal
from socketchat.journal.backends import open_journal
from socketchat.journal.intake import Batch
from socketchat.journal.memory import MemoryJournal
from socketchat.protocol import commands, events
from socketchat.protocol.codec import decode_event, encode
from socketchat.server import Server
from tests.certificate import identity, trusting
from tests.keys import hello_of, key_of, proof_of

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}

DEADLINE = 20.0
"""Seconds before a test fails; it usually waits for milliseconds."""


class Clock:
    """The clock of the server, set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class HeldJournal(MemoryJournal):
    """A journal whose disk stands still until it is let go."""

    held = False

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._batches: list[Batch] = []

    def _commit(self, batch: Batch) -> None:
        if self.held:
            self._batches.append(batch)
        else:
            super()._commit(batch)

    def let_go(self) -> None:
        self.held = False
        for batch in self._batches:
            super()._commit(batch)
        self._batches.clear()

    async def close(self) -> None:
        self.let_go()
        await super().close()


def run(loop: str, scene: Callable[[House], Awaitable[None]], **options) -> None:
    """Run a scene against a separate server, under one of the event loops."""

    async def played() -> None:
        async with asyncio.timeout(DEADLINE), opened(**options) as house:
            await scene(house)

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(played())


@asynccontextmanager
async def opened(
    journal: str | Callable[..., Journal] = "memory:",
    directory: Path | None = None,
    *,
    limited: bool = False,
    tls: bool = False,
    **options,
) -> AsyncIterator[House]:
    loop = asyncio.get_running_loop()
    clock = Clock()
    made = open_journal(journal, loop) if isinstance(journal, str) else journal(loop)
    server = Server(made, identity, clock, directory, admission=Admission(is_open=True), limited=limited, **options)
    (address,) = await server.start(("127.0.0.1",), 0)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(server.stop)
        house = House(server, clock, int(address.rpartition(":")[2]), tls=tls)
        try:
            yield house
        finally:
            for caller in house.callers:
                caller.hang_up()


class House:
    """A server and its clients."""

    def __init__(self, server: Server, clock: Clock, port: int, *, tls: bool) -> None:
        self.server = server
        self.clock = clock
        self.port = port
        self.tls = trusting() if tls else None
        self.binding = identity().certificate.binding if tls else b""
        self.callers: list[Caller] = []

    async def call(self, *, receive_buffer: int = 0) -> Caller:
        """Connect without sending anything."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setblocking(False)  # noqa: FBT003 - the name says it
        try:
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
        except OSError:
            sock.close()
            raise
        name = "127.0.0.1" if self.tls else None
        caller = Caller(*await asyncio.open_connection(sock=sock, limit=2**20, ssl=self.tls, server_hostname=name))
        self.callers.append(caller)
        return caller

    async def native(self, name: str, *, receive_buffer: int = 0, **hello) -> Caller:
        """Log in with the native client's dialect as the owner of a name."""
        caller = await self.call(receive_buffer=receive_buffer)
        key = key_of(name)
        await caller.say(hello_of(key, name=name, **hello))
        challenge = await caller.hears(events.Challenge)
        await caller.say(proof_of(key, challenge, name, id=0, binding=self.binding))
        await caller.hears(events.Welcome)
        return caller

    async def guest(self, name: str) -> Caller:
        """Log in a native client as a guest."""
        return await self.login(name=name)

    async def login(self, receive_buffer: int = 0, **hello) -> Caller:
        caller = await self.call(receive_buffer=receive_buffer)
        await caller.say(commands.Hello(id=0, **hello))
        await caller.hears(events.Welcome)
        return caller

    async def plain(self, name: str, *, receive_buffer: int = 0) -> Caller:
        """Log in by a first line."""
        caller = await self.call(receive_buffer=receive_buffer)
        await caller.write(name.encode() + b"\n")
        await caller.reads("=== Connected! Type /help for commands ===", "")
        return caller


class Caller:
    """A client that acts only when told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._ids = count(1)

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def say(self, *said: commands.Command) -> None:
        await self.write(b"".join(map(encode, said)))

    async def send(self, text: str, to: str = "#lobby") -> None:
        await self.say(commands.Send(to=to, text=text))

    async def line(self) -> str:
        """Return the next line without its end, "" at the end of everything."""
        return (await self.reader.readline()).decode().removesuffix("\n")

    async def event(self) -> events.Event:
        return decode_event((await self.reader.readline()).rstrip(b"\n"))

    async def hears(self, kind: type) -> events.Event:
        """Return the next event of this kind, and forget those before it."""
        while not isinstance(event := await self.event(), kind):
            pass
        return event

    async def reads(self, *lines: str) -> list[str]:
        """Read up to and including these lines; return them."""
        read: list[str] = []
        while read[-len(lines) :] != list(lines):
            data = await self.reader.readline()
            assert data, f"{lines} did not come, but {read}"
            read.append(data.decode().removesuffix("\n"))
        return read

    async def barrier(self) -> list[events.Event]:
        """Return the output up to the answers to all earlier input."""
        number = 1_000_000 + next(self._ids)
        await self.say(commands.Ping(id=number))
        came: list[events.Event] = []
        while not (isinstance(event := await self.event(), events.Ok) and event.id == number):
            came.append(event)
        return came

    async def end(self) -> bytes:
        """Return the output until the server closes."""
        return await self.reader.read()

    def hang_up(self) -> None:
        self.writer.transport.abort()

    def vanish(self) -> None:
        """Disconnect without a word, like a killed process with unread bytes."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
