"""People who come, talk and go in every way leave nothing behind: no connection, descriptor, task or session."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest

from socketchat.protocol import commands
from tests.server.house import House, run

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's /proc"),
]

LONG = bool(os.environ.get("SOCKETCHAT_LONG"))
VISITS = 20_000 if LONG else 400
AT_ONCE = 20


async def visit(house: House, number: int, chance: random.Random) -> None:
    way = chance.randrange(5)
    caller = await (house.guest if way == 0 else house.plain)(f"v{number % 10_000}")
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
    caller.hang_up()
    house.callers.remove(caller)


def held() -> tuple[int, int]:
    """Return how many tasks and descriptors there are."""
    return len(asyncio.all_tasks()), len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_who_comes_and_goes_leaves_nothing_behind(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.server.house.DEADLINE", 1800)

    async def scene(house: House) -> None:
        chance = random.Random(1)
        alice = await house.native("alice")
        await asyncio.gather(*(visit(house, 5000 + n, chance) for n in range(AT_ONCE)))
        await alice.barrier()
        while len(house.server.connections) > 1:
            await alice.barrier()
        before = held()
        for first in range(0, VISITS, AT_ONCE):
            await asyncio.gather(*(visit(house, first + n, chance) for n in range(AT_ONCE)))
            await alice.barrier()
        while len(house.server.connections) > 1:
            await alice.barrier()
        assert held() == before
        assert house.server.hub.attendance.online() == ["alice"]

    run(loop, scene)
