"""Users who connect, talk and leave in every way leave no connection, descriptor, task or session behind."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sys
import tracemalloc
from asyncio import streams
from pathlib import Path

import pytest

from socketchat.hub.policy.lru import LRU
from socketchat.journal.sqlite import checksum
from socketchat.protocol import commands
from tests.server.house import Caller, House, run

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's /proc"),
]

LONG = bool(os.environ.get("SOCKETCHAT_LONG"))
VISITS = 20_000 if LONG else 400
AT_ONCE = 20
WAYS = 8
"""The ways to come and go; the last one is to vanish without notice."""

PER_VISIT = 250
"""Bytes that a visit may leave in use: a session and its user have thousands, a conversation, which lasts, some."""


async def visit(house: House, number: int, chance: random.Random) -> None:
    way = chance.randrange(WAYS)
    caller = await (house.guest if way in {0, 6} else house.plain)(f"v{number % 10_000}")
    if way == 0:
        await caller.send(f"hello from {number}")
        await caller.say(commands.Quit())  # or its session could be resumed for a while
        await caller.end()
    elif way == 1:
        await caller.write(f"hello from {number}\n/quit\n".encode())
        await caller.end()
    elif way == 2:
        await caller.write(b"cut sho")
        caller.writer.write_eof()
        await caller.end()
    elif way == 3:
        caller.vanish()
    elif way == 4:
        await caller.write(b"/dm alice are you there?\n/login alice\nnot the password\n/quit\n")
        await caller.end()
    elif way == 5:
        await caller.write(b"/history 5\n/search hello\n/users\n/nothing\n/join #lobby\n/quit\n")
        await caller.end()
    elif way == 6:  # its session is never resumed
        await caller.send(f"hello from {number}")
        caller.vanish()
    caller.hang_up()
    house.callers.remove(caller)


OF_THE_TEST = ("*/tests/*", streams.__file__)
"""Files whose memory does not count: the server uses no streams, but the test's callers do, and read late."""


def held() -> tuple[int, int]:
    """Return the number of tasks and descriptors."""
    return len(asyncio.all_tasks()), len(list(Path("/proc/self/fd").iterdir()))


async def all_gone(house: House, alice: Caller) -> None:
    """Return when no other session is connected or can be resumed."""
    while len(house.server.connections) > 1 or len(house.server.hub.logins.resumable) > 1:
        await alice.barrier()


@pytest.fixture
def small_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fill the bounded tables immediately, since they may grow until then."""
    keep = LRU.__init__
    monkeypatch.setattr(LRU, "__init__", lambda self, most: keep(self, min(most, 32)))
    monkeypatch.setattr("socketchat.hub.logins.RESUME_SECONDS", 0.1)


@pytest.mark.usefixtures("small_tables")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_connecting_and_leaving_leaves_no_state(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.server.house.DEADLINE", 1800)

    async def scene(house: House) -> None:
        chance = random.Random(1)
        alice = await house.native("alice")
        await asyncio.gather(*(visit(house, 5000 + n, chance) for n in range(AT_ONCE)))
        await alice.barrier()
        await all_gone(house, alice)
        before = held()
        for first in range(0, VISITS, AT_ONCE):
            await asyncio.gather(*(visit(house, first + n, chance) for n in range(AT_ONCE)))
            await alice.barrier()
        await all_gone(house, alice)
        assert held() == before
        assert house.server.hub.online.names() == ["alice"]

    run(loop, scene)


async def visits(house: House, numbers: range, chance: random.Random) -> int:
    """Let this many users come and go; return the bytes in use when all are gone and forgotten."""
    for first in numbers[::AT_ONCE]:
        await asyncio.gather(*(visit(house, first + n, chance) for n in range(AT_ONCE)))
    await all_gone(house, house.callers[0])
    checksum._of_words.cache_clear()  # which is as bounded
    gc.collect()
    in_use = tracemalloc.take_snapshot().filter_traces(
        [tracemalloc.Filter(inclusive=False, filename_pattern=name) for name in OF_THE_TEST]
    )
    return sum(trace.size for trace in in_use.traces)


@pytest.mark.usefixtures("small_tables")
def test_connecting_and_leaving_leaks_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.server.house.DEADLINE", 1800)

    async def scene(house: House) -> None:
        chance = random.Random(2)
        await house.native("alice")
        tracemalloc.start()
        try:
            await visits(house, range(VISITS // 2), chance)
            before = await visits(house, range(VISITS // 2, VISITS), chance)
            grown = await visits(house, range(VISITS, 2 * VISITS), chance) - before
            assert grown < VISITS * PER_VISIT
        finally:
            tracemalloc.stop()

    run("asyncio", scene, journal=f"sqlite:{tmp_path}")
