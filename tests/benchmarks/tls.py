"""TLS: its cost in CPU and memory, and whether users notice slow or many handshakes."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import socket
import ssl
import statistics
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.synchronize import Event
from typing import TypeVar

import uvloop

from tests.certificate import trusting

from .processes import CORES, NotMeasuredError, Running, cpu_seconds, memory_bytes, pinned, running, wait_until_quiet
from .report import Section, at_most, median_and_range, ratio
from .servers import Socketchat
from .settings import Settings

CLIENTS = 100
FAN_OUT_RATIO = 2.5
"""The limit for a write under TLS, relative to plaintext: the system call stays the larger part."""

IDLE = 1000
IDLE_KIB = 31.0
"""The memory limit of an idle TLS connection: OpenSSL's state of both directions, without its buffers."""

SLOW_HANDSHAKES = 1000
CONNECTS = 500
"""Handshakes a second, each followed by a disconnect."""

LISTENERS = 20
PAUSE = 0.004
"""Seconds between the messages whose delivery is timed."""

LOST_SECONDS = 10.0
"""Seconds after which a message is lost."""

DOUBLED, MARGIN_MS = 2.0, 5.0

_Found = TypeVar("_Found")


_TEXT = b": good morning, everybody\n"


class _Client(asyncio.Protocol):
    """A plain client that counts the lines that it receives after its welcome."""

    def __init__(self, name: str, heard: Callable[[], None]) -> None:
        self._name = name
        self._heard = heard
        self._seen = b""
        self.entered = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self._name.encode() + b"\n")

    def data_received(self, data: bytes) -> None:
        if not self.entered.done():
            self._seen += data
            if b"=== Connected!" in self._seen:
                self.entered.set_result(None)
        if _TEXT in data:
            self._heard()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.entered.done():
            self.entered.set_exception(exc or EOFError())


class Crowd:
    """Clients in one room: one talks, and the others must all get a message before the next one."""

    def __init__(self, port: int, count: int, *, tls: bool) -> None:
        self._port, self._count, self._tls = port, count, tls
        self._missing = 0
        self._all = asyncio.Event()

    async def enter(self) -> None:
        """Log in all clients, 50 at a time."""
        loop = asyncio.get_running_loop()
        names = [f"u{number}" for number in range(self._count)]
        self._clients: list[_Client] = []
        for start in range(0, len(names), 50):
            some = [
                loop.create_connection(
                    lambda name=name: _Client(name, self._one_heard),
                    "127.0.0.1",
                    self._port,
                    ssl=trusting() if self._tls else None,
                )
                for name in names[start : start + 50]
            ]
            entered = [client for _, client in await asyncio.gather(*some)]
            await asyncio.gather(*(client.entered for client in entered))
            self._clients += entered

    def _one_heard(self) -> None:
        self._missing -= 1
        if self._missing == 0:
            self._all.set()

    async def say(self, talker: int = 0) -> float:
        """Send a message from one of the clients, and return the seconds until all others have it."""
        self._missing = self._count - 1
        self._all.clear()
        start = time.perf_counter()
        self._clients[talker % self._count].transport.write(_TEXT.removeprefix(b": "))
        try:
            await asyncio.wait_for(self._all.wait(), LOST_SECONDS)
        except TimeoutError:
            raise NotMeasuredError(f"{self._missing} of {self._count - 1} did not hear a message") from None
        return time.perf_counter() - start

    def leave(self) -> None:
        for client in self._clients:
            client.transport.abort()


def _run(coroutine: Coroutine[None, None, _Found]) -> _Found:
    with pinned(CORES[-1]), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(coroutine)


def fan_out(name: str, settings: Settings) -> Section:
    """Measure the server's CPU per write, in plaintext and under TLS."""

    async def measure(started: Running, *, tls: bool) -> float:
        crowd = Crowd(started.port, CLIENTS, tls=tls)
        await crowd.enter()
        for _ in range(20):
            await crowd.say()
        count, before, end = 0, cpu_seconds(started.pid), time.monotonic() + settings.seconds
        while time.monotonic() < end:
            await crowd.say()
            count += 1
        used = cpu_seconds(started.pid) - before
        crowd.leave()
        return used / count / (CLIENTS - 1) * 1e6

    figures: dict[str, list[float]] = {"plaintext": [], "TLS": []}
    for _ in range(settings.rounds):
        for label, of_label in figures.items():
            with running(Socketchat(), settings.directory) as started:
                of_label.append(_run(measure(started, tls=label == "TLS")))
    value = ratio(figures["TLS"], figures["plaintext"])
    return Section(
        f"{name}: one talker, {CLIENTS - 1} who hear, 1 in flight",
        ["", "server CPU µs per write"],
        [[label, median_and_range(of_label)] for label, of_label in figures.items()],
        [at_most(f"{name}: TLS in relation to plaintext, at most {FAN_OUT_RATIO}", value, FAN_OUT_RATIO)],
    )


def memory(name: str, settings: Settings) -> Section:
    """Measure the growth of the server's memory per idle TLS connection in the lobby."""

    async def measure(started: Running) -> float:
        before = memory_bytes(started.pid)
        crowd = Crowd(started.port, IDLE, tls=True)
        await crowd.enter()
        await asyncio.sleep(1)
        grown = memory_bytes(started.pid) - before
        crowd.leave()
        return grown / IDLE / 1024

    figures = []
    for _ in range(settings.rounds):
        with running(Socketchat(), settings.directory) as started:
            figures.append(_run(measure(started)))
    bar = f"{name}: KiB per idle TLS connection, at most {IDLE_KIB:.0f}"
    rows = [["socketchat", median_and_range(figures)]]
    return Section(
        f"{name}: {IDLE:,} idle TLS clients in the lobby",
        ["", "KiB per client (Pss)"],
        rows,
        [at_most(bar, statistics.median(figures), IDLE_KIB)],
    )


def handshakes(name: str, settings: Settings) -> Section:
    """Time deliveries to users: alone, beside stalled handshakes, and beside many new ones."""
    return deliveries_beside(
        name,
        settings,
        Socketchat(),
        {
            f"{SLOW_HANDSHAKES:,} slow handshakes": _shake_slowly,
            f"{CONNECTS} connects a second": _connect_again_and_again,
        },
    )


def deliveries_beside(
    name: str,
    settings: Settings,
    server: Socketchat,
    loads: Mapping[str, Callable[[int], None]],
    *,
    pause: float = PAUSE,
) -> Section:
    """Time deliveries to users: alone, and beside each of the loads.

    The users talk in turn, with a pause, so that the rate limit of none is measured. They log in before a load begins,
    and are timed from its first moment on.
    """

    async def measure(started: Running, load: Callable[[int], None] | None) -> list[float]:
        crowd = Crowd(started.port, LISTENERS, tls=False)
        await crowd.enter()
        with _beside(load, started.port):
            times, end = [], time.monotonic() + settings.seconds
            while time.monotonic() < end:
                times.append(await crowd.say(len(times)))
                await asyncio.sleep(pause)
        crowd.leave()
        return times

    times: dict[str, list[list[float]]] = {label: [] for label in ("alone", *loads)}
    for _ in range(settings.rounds):
        for label, of_label in times.items():
            with running(server, settings.directory) as started:
                wait_until_quiet()
                of_label.append(_run(measure(started, loads.get(label))))
    together = {label: _p99_ms([each for some in of_label for each in some]) for label, of_label in times.items()}
    alone = together.pop("alone")
    most = max(alone * DOUBLED, alone + MARGIN_MS)
    return Section(
        f"{name}: p99 from sending to the last of {LISTENERS - 1} who hear, in plaintext; all rounds together",
        ["", "ms", "each round"],
        [
            [label, f"{value:.3g}", median_and_range([_p99_ms(some) for some in times[label]])]
            for label, value in {"alone": alone, **together}.items()
        ],
        [
            at_most(f"{name}: p99 beside {label}, at most {most:.3g} ms", value, most)
            for label, value in together.items()
        ],
    )


def _p99_ms(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=100)[98] * 1000


@contextmanager
def _beside(load: Callable[[int], None] | None, port: int) -> Iterator[None]:
    """Put load on a port from a process of lower priority than the measuring one."""
    if load is None:
        yield
        return
    context = multiprocessing.get_context("spawn")
    begun = context.Event()
    with pinned(CORES[-1]):
        process = context.Process(target=_load, args=(load, port, begun), daemon=True)
        process.start()
    try:
        begun.wait(LOST_SECONDS)
        yield
        if not process.is_alive():
            raise NotMeasuredError("the load ended before the measurement")
    finally:
        process.terminate()
        process.join()


def _load(load: Callable[[int], None], port: int, begun: Event) -> None:
    begun.set()
    load(port)


def _hello() -> bytes:
    sent = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        trusting().wrap_bio(ssl.MemoryBIO(), sent).do_handshake()
    return sent.read()


def _shake_slowly(port: int) -> None:
    """Keep stalled handshakes open: half of them in the middle of the ClientHello, half behind it."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    hello, held = _hello(), []
    while True:
        while len(held) < SLOW_HANDSHAKES:
            held.append(socket.create_connection(("127.0.0.1", port)))
            held[-1].sendall(hello[: len(hello) // 2 if len(held) % 2 else None])
            held[-1].setblocking(False)  # noqa: FBT003 - the name says it
        time.sleep(0.5)
        held = [each for each in held if _is_open(each)]


def _is_open(peer: socket.socket) -> bool:
    try:
        if peer.recv(65_536):
            return True
    except BlockingIOError:
        return True
    except OSError:
        pass
    peer.close()
    return False


def _connect_again_and_again(port: int) -> None:
    """Complete a handshake and disconnect, this many times a second."""
    os.nice(10)
    context, start, count = trusting(), time.monotonic(), 0
    while True:
        time.sleep(max(0.0, start + count / CONNECTS - time.monotonic()))
        with suppress(OSError), context.wrap_socket(socket.create_connection(("127.0.0.1", port))):
            count += 1
