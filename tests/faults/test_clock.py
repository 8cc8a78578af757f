"""A clock that jumps changes neither the order of what is said nor what anybody may do."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from socketchat.journal import Stored
from socketchat.journal.sqlite import SQLiteJournal
from tests.journal.desk import opened, say, text_of

pytestmark = pytest.mark.faults

LONG = bool(os.environ.get("SOCKETCHAT_LONG"))
HOUR = 3_600_000
YEAR = 365 * 24 * HOUR
JUMPS = (-10 * YEAR, -HOUR, -1, 0, 1, HOUR, 10 * YEAR)
ROOMS = ("#a", "#b", "#c")


class JumpingClock:
    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._now = 20 * YEAR

    def __call__(self) -> int:
        self._now = max(0, self._now + self._chance.choice(JUMPS))
        return self._now


async def jump(directory: Path, seed: int) -> None:
    chance = random.Random(seed)
    said: dict[str, list[str]] = {room: [] for room in ROOMS}
    for opening in range(5):
        clock = JumpingClock(seed + opening)
        async with opened(SQLiteJournal(str(directory), asyncio.get_running_loop(), clock=clock)) as desk:
            for number in range(40):
                proposals = [
                    say(f"{opening} {number} {n}", chance.choice(ROOMS)) for n in range(chance.randrange(1, 5))
                ]
                for outcome in await desk.store(*proposals):
                    assert isinstance(outcome, Stored)
                    said[outcome.entry.conversation].append(text_of(outcome.entry))
                    assert outcome.entry.seq == len(said[outcome.entry.conversation])
            for room, texts in said.items():
                entries = await desk.journal.read(room, limit=10_000)
                assert [text_of(entry) for entry in entries] == texts
                times = [entry.ts for entry in entries]
                assert times == sorted(times)


@pytest.mark.parametrize("seed", range(100 if LONG else 5))
def test_the_order_is_that_of_the_log_whatever_the_clock_says(tmp_path: Path, seed: int) -> None:
    asyncio.run(jump(tmp_path, seed))
