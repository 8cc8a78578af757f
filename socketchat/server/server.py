"""The life of a server: open the journal, listen, serve, and end without losing what was taken."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

from ..exceptions import ShuttingDown, TooSlow, UsageProblem
from ..hub import Entrance, Hub
from ..journal import Journal
from ..protocol.events import Bye
from ..wire.plain import PLAIN
from .admin import AdminSocket
from .connection import Connection
from .limits import BACKLOG, OPEN_FILES, SHUTDOWN_SECONDS, STALL_SECONDS, SWEEP_SECONDS, SWITCH_SECONDS
from .listener import listen, shown

log = logging.getLogger(__name__)


class Server:
    """Serves one hub on any number of sockets, from ``start`` to ``stop``; ``clock`` returns seconds.

    In ``directory`` is the admin socket; without one nobody manages the server. Without an ``entrance`` no newcomer
    comes in.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Callable[[], float] = time.monotonic,
        directory: Path | None = None,
        *,
        entrance: Entrance | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self.hub = Hub(journal, self._loop.call_later, self._spawn, clock=clock, entrance=entrance)
        self.connections: set[Connection] = set()
        self._servers: list[asyncio.Server] = []
        self._admin = AdminSocket(self.hub, directory) if directory is not None else None
        self._sweeper: asyncio.TimerHandle | None = None

    async def start(self, hosts: tuple[str, ...], port: int) -> list[str]:
        """Open the journal, listen, and return the addresses as ADDR:PORT; raises ChatError."""
        sockets = listen(hosts, port)
        try:
            self.hub.load(await self.hub.journal.open())
            if self._admin is not None:
                await self._admin.open()
        except BaseException:
            for sock in sockets:
                sock.close()
            raise
        self._sweep()
        return [await self._serve(sock) for sock in sockets]

    async def stop(self) -> None:
        """Stop accepting, commit what was taken, tell everybody, close."""
        for server in self._servers:
            server.close()
        if self._admin is not None:
            self._admin.close()
        for connection in self.connections:
            connection.stop_reading()
        await self.hub.journal.close()
        bye = Bye(code=ShuttingDown.code, text="The server is shutting down.", reconnect=True)
        for connection in list(self.connections):
            connection.close((connection.session.rendering if connection.session else PLAIN).event(bye))
        deadline = self._loop.time() + SHUTDOWN_SECONDS
        while self.connections and self._loop.time() < deadline:  # noqa: ASYNC110 - once, at the end
            await asyncio.sleep(0.01)
        if self._sweeper is not None:
            self._sweeper.cancel()
        for task in self._tasks:
            task.cancel()

    async def _serve(self, sock: socket.socket) -> str:
        server = await self._loop.create_server(
            lambda: Connection(self.hub, self.connections, self._clock), sock=sock, backlog=BACKLOG
        )
        self._servers.append(server)
        return shown(sock)

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a command failed", exc_info=error)

    def _sweep(self) -> None:
        """Close who is late to say who it is, and who took nothing for too long."""
        now = self._clock()
        for connection in list(self.connections):
            if connection.is_late(now):
                connection.abort(TooSlow("You did not say who you are in time."), reconnect=False)
            elif connection.is_stalled(now, STALL_SECONDS):
                connection.abort(TooSlow(f"You took nothing for {STALL_SECONDS:.0f} seconds."), reconnect=True)
        self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)


def run(
    make_journal: Callable[[asyncio.AbstractEventLoop], Journal],
    hosts: tuple[str, ...],
    port: int,
    ready: Callable[[list[str]], None],
    directory: Path,
) -> None:
    """Serve until SIGINT or SIGTERM; a second signal ends it at once. ``ready`` is told the addresses."""
    if sys.platform == "win32":
        raise UsageProblem("The server needs Linux, macOS or another POSIX system; join and send work here.")
    import uvloop

    _raise_open_files()
    sys.setswitchinterval(SWITCH_SECONDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve_until_told(make_journal, hosts, port, ready, directory))


async def _serve_until_told(
    make_journal: Callable[[asyncio.AbstractEventLoop], Journal],
    hosts: tuple[str, ...],
    port: int,
    ready: Callable[[list[str]], None],
    directory: Path,
) -> None:
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    def on_signal() -> None:
        if told.is_set():
            os._exit(130)  # what was answered is on disk
        told.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    server = Server(make_journal(loop), directory=directory, entrance=Entrance(is_open=True))
    ready(await server.start(hosts, port))
    await told.wait()
    await server.stop()


def _raise_open_files() -> None:
    """Let the server have as many connections as the system allows."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
