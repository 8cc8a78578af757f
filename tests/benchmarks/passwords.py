"""Passwords: two hundred simultaneous checks, and the delay of messages meanwhile."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from dataclasses import replace
from itertools import count

from .processes import Running, wait_until_quiet
from .report import Section, at_most, median_and_range
from .settings import Settings, interleaved

CHECKS = 200
GAP_SECONDS = 0.005
"""Seconds between two messages of the talking user."""

MORE_SECONDS = 0.005
"""Allowed extra time of the slowest message of a hundred; or else twice the time."""


def run(name: str, settings: Settings) -> Section:
    """Time messages between two users, alone and while many passwords are checked."""

    def measure(running: Running) -> tuple[float, float, int]:
        wait_until_quiet()
        return asyncio.run(_measure(running.port, settings.seconds))

    ours_alone = replace(settings, servers=[each for each in settings.servers if each.name == "socketchat"])
    figures = interleaved(name, ours_alone, measure)
    rows = [
        [
            server,
            median_and_range([alone * 1000 for alone, _, _ in of_server], " ms"),
            median_and_range([checked * 1000 for _, checked, _ in of_server], " ms"),
            median_and_range([float(answered) for _, _, answered in of_server]),
        ]
        for server, of_server in figures.items()
    ]
    ours = figures.get("socketchat", [])
    over = [checked - max(2 * alone, alone + MORE_SECONDS) for alone, checked, _ in ours]
    bar = f"{name}: ms over twice the time alone, or {1000 * MORE_SECONDS:.0f} ms more, at most 0"
    return Section(
        f"{name}: {CHECKS} password checks at once, again and again",
        ["", "p99 alone", "p99 meanwhile", "checks answered"],
        rows,
        [at_most(bar, statistics.median(over) * 1000 if over else None, 0)],
    )


async def _measure(port: int, seconds: float) -> tuple[float, float, int]:
    alice, bob = [await _enter(port, name) for name in ("alice", "bob")]
    numbers = count()
    alone = await _p99(alice, bob, numbers, seconds)
    # In a process of lower priority: its time must not count as the server's.
    command = [sys.executable, "-m", "tests.benchmarks.passwords", str(port), str(seconds)]
    guessing = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert guessing.stdout is not None
    assert await guessing.stdout.readline() == b"guessing\n"
    meanwhile = await _p99(alice, bob, numbers, seconds)
    answered = int(await guessing.stdout.readline())
    await guessing.wait()
    for _, writer in (alice, bob):
        writer.transport.abort()
    return alone, meanwhile, answered


async def _guess_for(port: int, seconds: float) -> None:
    """Guess over many connections, and print how many guesses were answered."""
    guessers = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CHECKS)]
    answered = count()
    print("guessing", flush=True)
    guessing = [asyncio.ensure_future(_guess(*guesser, answered)) for guesser in guessers]
    await asyncio.sleep(seconds)
    for task in guessing:
        task.cancel()
    await asyncio.gather(*guessing, return_exceptions=True)
    print(next(answered), flush=True)


async def _enter(port: int, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{name}\n".encode())
    while not (await reader.readline()).startswith(b"=== Connected!"):
        pass
    return reader, writer


async def _p99(alice, bob, numbers, seconds: float) -> float:
    """Return the delay of the slowest of a hundred messages."""
    took = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        said = f"message {next(numbers)}".encode()
        began = time.perf_counter()
        alice[1].write(said + b"\n")
        while not (await bob[0].readline()).endswith(said + b"\n"):
            pass
        took.append(time.perf_counter() - began)
        await asyncio.sleep(GAP_SECONDS)
    return statistics.quantiles(took, n=100)[-1]


async def _guess(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answered) -> None:
    while True:
        writer.write(b"/login nobody\nwrong horse\n")
        while b"[error]" not in await reader.readline():
            pass
        next(answered)
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    os.nice(19)
    asyncio.run(_guess_for(int(sys.argv[1]), float(sys.argv[2])))
