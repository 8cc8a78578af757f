"""The life of a server: open the journal, listen, serve, and stop without losing anything that was accepted."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path

from ..exceptions import ChatError, ShuttingDown, TooMany, TooSlow, UsageProblem
from ..hub import Admission, Channel, Hub
from ..journal import Journal
from ..protocol.events import Bye
from . import allocator
from .admin import AdminSocket
from .connection import Connection
from .connection_limits import ConnectionLimits, Slot
from .handshakes import CROWDED, LATE, Handshakes, Network
from .limits import (
    OPEN_FILES,
    RESERVED_FILES,
    SHUTDOWN_SECONDS,
    STALL_SECONDS,
    SWEEP_CONNECTIONS,
    SWEEP_SECONDS,
    SWITCH_SECONDS,
    TRIM_SECONDS,
)
from .listener import listen, shown
from .measures import Measures
from .pages import pages
from .secrets.argon2 import Argon2Hasher
from .secrets.join_secrets import JoinSecrets
from .sighup import Hangup
from .threads import Threads
from .tls.certificate import Identity

log = logging.getLogger(__name__)


class Server:
    """Serves one hub on any number of sockets, from ``start`` to ``stop``.

    ``identify`` returns the server's TLS identity; it is called when the journal is open, and by ``reload``. ``clock``
    returns seconds. ``directory`` holds the admin socket and the secrets of the ``admission``. Without it, the server
    has no admin socket, and only an open server accepts newcomers. ``plaintext_from`` are the networks that may use
    plaintext besides this machine. If the server ``is_tunnelled``, no connection is treated as local. Without
    ``limited``, rates and connections are not limited, as benchmarks need. ``name`` is the server's name for IRC
    clients, ``operators`` are the passwords of IRC operators by name. ``slots`` is the limit of connections, by default
    as many as the system allows.
    """

    def __init__(
        self,
        journal: Journal,
        identify: Callable[[], Identity],
        clock: Callable[[], float] = time.monotonic,
        directory: Path | None = None,
        *,
        admission: Admission | None = None,
        plaintext_from: Sequence[Network] = (),
        limited: bool = True,
        is_tunnelled: bool = False,
        name: str | None = None,
        operators: Mapping[str, str] | None = None,
        slots: int | None = None,
    ) -> None:
        self.is_tunnelled = is_tunnelled
        self._identify = identify
        self._plaintext_from = plaintext_from
        self._handshakes: Handshakes | None = None
        self.connection_limits = ConnectionLimits(clock, slots if slots is not None else _slots(), limited=limited)
        self._loop = asyncio.get_running_loop()
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._hasher = Argon2Hasher(cheap=not limited)
        self.hub = Hub(
            journal,
            self._loop.call_later,
            self._spawn,
            clock=clock,
            admission=admission,
            limited=limited,
            hasher=self._hasher,
            background=Threads(self._loop),
        )
        self.hub.about.name = name or self.hub.about.name
        self.hub.about.operators = dict(operators or {})
        self.connections: set[Connection] = set()
        measures = Measures(self.hub, self.connections, self.connection_limits, directory)
        self.hub.about.site.trouble, self.hub.about.site.gauges = measures.trouble, measures.gauges
        self._admin = AdminSocket(self.hub, directory) if directory is not None else None
        self._join_secrets = JoinSecrets(directory, self.hub.admission) if directory is not None else None
        self._sweeper: asyncio.Handle | None = None
        self._trimmed = clock()

    async def start(self, hosts: tuple[str, ...], port: int) -> list[str]:
        """Open the journal, listen, and return the addresses as ADDR:PORT; raises ChatError."""
        sockets = listen(hosts, port)
        try:
            self.hub.load(await self.hub.journal.open())
            identity = self._identify()
            if self._join_secrets is not None:
                await self._join_secrets.begin(identity.certificate.key)
            if self._admin is not None:
                await self._admin.open()
        except BaseException:
            for sock in sockets:
                sock.close()
            raise
        self._show(identity)
        self.hub.about.site.pages = pages()
        self.hub.admission.addresses = [shown(sock) for sock in sockets]
        self._handshakes = Handshakes(
            self._admit,
            self.connection_limits,
            self._spawn,
            self._clock,
            identity=identity,
            plaintext_from=self._plaintext_from,
            trusts_loopback=not self.is_tunnelled,
        )
        self._handshakes.open(sockets)
        self._sweep()
        return [shown(sock) for sock in sockets]

    def reload(self) -> None:
        """Read the certificate again; if its files are invalid, keep the old one."""
        try:
            identity = self._identify()
        except ChatError as error:
            log.warning("kept the old certificate: %s", error)
            return
        if self._handshakes is not None:
            self._handshakes.identity = identity
            self._show(identity)
        if self._join_secrets is not None:
            self._spawn(self._join_secrets.begin(identity.certificate.key))

    async def stop(self) -> None:
        """Stop accepting, commit all received messages, tell every client, and close."""
        if self._handshakes is not None:
            self._handshakes.close()
        if self._admin is not None:
            self._admin.close()
        for connection in list(self.connections):
            connection.stop_reading()
        await self.hub.journal.close()
        bye = Bye(code=ShuttingDown.code, text="The server is shutting down.", reconnect=True)
        if self._handshakes is not None:
            self._handshakes.dismiss(bye)
        for connection in list(self.connections):
            connection.close(connection.rendering.event(bye))
        deadline = self._loop.time() + SHUTDOWN_SECONDS
        while self.connections and self._loop.time() < deadline:  # noqa: ASYNC110 - once, at the end
            await asyncio.sleep(0.01)
        if self._sweeper is not None:
            self._sweeper.cancel()
        for task in self._tasks:
            task.cancel()
        self._hasher.close()

    def _show(self, identity: Identity) -> None:
        """Tell the hub what clients see of the server under TLS."""
        self.hub.host_key = identity.certificate.key
        self.hub.about.site.names = identity.names
        self.hub.about.site.is_certified = not identity.self_signed

    def _admit(self, channel: Channel, since: float, slot: Slot) -> Connection:
        connection = Connection(self.hub, self.connections, channel, since=since, slot=slot)
        slot.on_crowd = lambda: connection.abort(TooMany(CROWDED), reconnect=True)
        return connection

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a command failed", exc_info=error)

    def _sweep(self) -> None:
        """Check all connections, and return the memory of those that ended to the system."""
        now = self._clock()
        if self._handshakes is not None:
            self._handshakes.sweep(now)
        if now - self._trimmed >= TRIM_SECONDS and self.connection_limits.ended:
            self._trimmed = now
            self.connection_limits.ended = 0
            self._loop.run_in_executor(None, allocator.trim)
        self._look_at(list(self.connections))

    def _look_at(self, connections: list[Connection]) -> None:
        """Close connections that are late to log in or have stalled, and push less to slow readers."""
        now = self._clock()
        for connection in connections[-SWEEP_CONNECTIONS:]:
            if connection.is_late(now):
                connection.abort(TooSlow(LATE), reconnect=False)
            elif connection.is_stalled(now, STALL_SECONDS):
                connection.abort(TooSlow(f"Your client read nothing for {STALL_SECONDS:.0f} seconds."), reconnect=True)
            else:
                connection.hold_back()
        del connections[-SWEEP_CONNECTIONS:]
        if connections:
            self._sweeper = self._loop.call_soon(self._look_at, connections)
        else:
            self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)


def run(
    make_server: Callable[[asyncio.AbstractEventLoop], Server],
    hosts: tuple[str, ...],
    port: int,
    ready: Callable[[list[str], Server], None],
) -> bool:
    """Serve until SIGINT, SIGTERM or the end of the terminal; return whether the terminal is still there.

    A second SIGINT or SIGTERM exits immediately, and any other SIGHUP reloads the certificate. ``ready`` is called
    with the addresses and the server that listens there.
    """
    if sys.platform == "win32":
        raise UsageProblem("The server needs Linux, macOS or another POSIX system; join and send work here.")
    import uvloop

    _raise_open_files()
    allocator.configure()
    sys.setswitchinterval(SWITCH_SECONDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve_until_told(make_server, hosts, port, ready))


async def _serve_until_told(
    make_server: Callable[[asyncio.AbstractEventLoop], Server],
    hosts: tuple[str, ...],
    port: int,
    ready: Callable[[list[str], Server], None],
) -> bool:
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    hangup = Hangup()

    def on_signal() -> None:
        if told.is_set():
            os._exit(130)  # every answered message is on disk
        told.set()

    def on_hangup() -> None:
        if hangup.ends:
            told.set()
        else:
            server.reload()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    server = make_server(loop)
    addresses = await server.start(hosts, port)
    allocator.freeze()
    loop.add_signal_handler(signal.SIGHUP, on_hangup)
    ready(addresses, server)
    await told.wait()
    await server.stop()
    return not hangup.ends


def _slots() -> int:
    """Return how many connections the limit of open files allows, after the files that the server needs itself."""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return OPEN_FILES if soft == resource.RLIM_INFINITY else max(1, soft - RESERVED_FILES)


def _raise_open_files() -> None:
    """Raise the limit of open files as far as the system allows."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
