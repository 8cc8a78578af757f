"""Reconnecting: after kill -9 with a long history, after a long absence, and a thousand clients together."""

from __future__ import annotations

import asyncio
import json
import signal
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from socketchat.client.asyncio.client import Client
from socketchat.client.asyncio.connect import connect
from socketchat.client.identity.profiles import Profiles
from socketchat.client.session.client_events import LinkBack
from socketchat.protocol import commands
from socketchat.protocol.events import Entry
from tests.client.serving import Served, serving
from tests.faults.stalls import stall

from .processes import wait_until_quiet
from .report import Section, at_most, median_and_range
from .search import Bench
from .settings import Settings

ROWS = 1_000_000
READY_SECONDS = 2.0
"""From the start of the process after kill -9 until a message is acknowledged."""

ROOMS, MISSED = 10, 1000
"""Entries in each room, the most that a client gets without asking."""

RESUME_SECONDS = 1.0

COMPANY, EACH_MISSED = 1000, 100
COMPANY_SECONDS = 3.0


def ready(name: str, settings: Settings) -> Section:
    """Time the start of a server that was killed, over a long history."""
    rows = ROWS if settings.rounds > 1 else ROWS // 10
    with _place(settings) as directory:
        asyncio.run(_fill(directory / "data", rows))
        wait_until_quiet()
        with serving(directory, "--no-limits") as server:
            figures = [_restart(server, directory) for _ in range(settings.rounds)]
    return _section(name, f"ready again after kill -9, over {rows:,} entries", figures, READY_SECONDS)


def alone(name: str, settings: Settings) -> Section:
    """Time one client from its reconnection until it has all missed entries."""
    figures = [_measure(settings, _resume) for _ in range(settings.rounds)]
    return _section(name, f"one client resumes {ROOMS * MISSED:,} entries", figures, RESUME_SECONDS)


def company(name: str, settings: Settings) -> Section:
    """Time a thousand clients that reconnect together."""
    figures = [_measure(settings, _resume_all) for _ in range(settings.rounds)]
    return _section(name, f"{COMPANY:,} clients resume {EACH_MISSED} entries each", figures, COMPANY_SECONDS)


def stalled(name: str, settings: Settings) -> Section:
    """Time deliveries to a reader while a thousand others are stalled, and before their buffers are full."""
    seconds = 20.0 if settings.rounds > 1 else 8.0
    with _place(settings) as directory:
        found = asyncio.run(stall(directory, count=COMPANY, per_second=100, seconds=seconds))
    bar = f"{name}: p99 while {COMPANY:,} stall, of twice that while they do not yet, or 5 ms more; at most 1"
    worst = max(2 * found.before, found.before + 0.005)
    memory = (
        f"{found.server_memory / 1024:.0f} KiB of the server's, {found.kernel_memory / 1024:.0f} KiB of the kernel's"
    )
    rows = [["socketchat", f"{found.before * 1000:.1f} ms", f"{found.during * 1000:.1f} ms"]]
    return Section(
        f"{name}: {COMPANY:,} readers that stall, 100 messages a second",
        ["", "p99 before", "p99 meanwhile"],
        rows,
        [at_most(bar, found.during / worst, 1.0)],
        [f"Each stalled reader costs {memory}."],
    )


def _section(name: str, title: str, figures: list[float], bar: float) -> Section:
    verdict = at_most(f"{name}: seconds until {title}, at most {bar:.0f}", statistics.median(figures), bar)
    return Section(f"{name}: {title}", ["", "seconds"], [["socketchat", median_and_range(figures, " s")]], [verdict])


@contextmanager
def _place(settings: Settings) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=settings.directory) as place:
        yield Path(place)


def _measure(settings: Settings, scene: Callable[[int, Path], Awaitable[float]]) -> float:
    with _place(settings) as directory, serving(directory, "--no-limits") as server:
        return asyncio.run(_awaited(scene(server.port, directory)))


async def _awaited(scene: Awaitable[float]) -> float:
    return await scene


async def _fill(data: Path, rows: int) -> None:
    bench = Bench(data)
    await bench.journal.open()
    await bench.fill(rows)
    await bench.journal.close()


def _restart(server: Served, directory: Path) -> float:
    asyncio.run(_say(server.port, directory, 500))  # so that the log is not empty
    server.end(signal.SIGKILL)
    began = time.perf_counter()
    server.begin()
    asyncio.run(_say(server.port, directory, 1))
    return time.perf_counter() - began


def _client(port: int, directory: Path, name: str, listen: str = "all") -> Client:
    profile = Profiles(directory / name).server("127.0.0.1", port)
    return connect("127.0.0.1", port, name=name, profile=profile, listen="all" if listen == "all" else "none")


async def _say(port: int, directory: Path, count: int, room: str = "#lobby") -> None:
    async with _client(port, directory, "speaker", listen="none") as speaker:
        if room != "#lobby":
            await speaker.request(commands.Join(room=room))
        await asyncio.gather(*(speaker.send(room, f"this is message {n}") for n in range(count)))


async def _resume(port: int, directory: Path) -> float:
    async with _client(port, directory, "reader") as reader:
        for number in range(ROOMS):
            await reader.request(commands.Join(room=f"#r{number}"))
        epoch, positions = reader.epoch, {room: 0 for room in reader.conversations if room != "#lobby"}
    for room in positions:
        await _say(port, directory, MISSED, room)
    profile = Profiles(directory / "reader").server("127.0.0.1", port)
    key = profile.key
    again = connect("127.0.0.1", port, name="reader", key=key, profile=None, epoch=epoch, positions=positions)
    began = time.perf_counter()
    async with again as reader:
        left = ROOMS * MISSED
        async for event in reader:
            assert not isinstance(event, LinkBack)
            left -= isinstance(event, Entry)
            if not left:
                break
    return time.perf_counter() - began


async def _resume_all(port: int, directory: Path) -> float:
    await _say(port, directory, EACH_MISSED)
    async with _client(port, directory, "speaker", listen="none") as speaker:
        epoch = speaker.epoch
    began = time.perf_counter()
    await asyncio.gather(*(_resume_one(port, f"g{number}", epoch) for number in range(COMPANY)))
    return time.perf_counter() - began


async def _resume_one(port: int, name: str, epoch: str) -> None:
    """Resume with the least possible work, because a thousand clients share one processor."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    hello = {"type": "hello", "name": name, "epoch": epoch, "positions": {"#lobby": 0}}
    writer.write(json.dumps(hello).encode() + b"\n")
    seqs: list[int] = []
    while len(seqs) < EACH_MISSED:
        line = await reader.readline()
        assert line, "closed"
        if line.startswith(b'{"type":"entry"'):
            seqs.append(json.loads(line)["seq"])
    assert seqs == list(range(1, EACH_MISSED + 1))
    writer.transport.abort()
