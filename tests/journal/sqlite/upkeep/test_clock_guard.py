"""A clock that jumped is not trusted for a while, across restarts too; a steady clock is."""

from __future__ import annotations

import asyncio
from pathlib import Path

import apsw
import pytest

from socketchat.journal import Keep, Stored
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.journal.sqlite.upkeep import scheduler
from socketchat.journal.sqlite.upkeep.clock_guard import DROPPED_MS, JUMP_MS, SAVED_MS, TOLD_MS, ClockGuard, passed
from tests.journal.desk import Desk, opened, say

HOUR = 3_600_000
DAY = 24 * HOUR
YEAR = 365 * DAY


class Time:
    def __init__(self) -> None:
        self.wall = 50 * YEAR
        self.passed = 7 * HOUR
        self.guard = self.started()
        assert self.guard.is_good()

    def started(self) -> ClockGuard:
        return ClockGuard(lambda: self.wall, lambda: self.passed, DROPPED_MS, "nothing is dropped")

    def goes_on(self, milliseconds: int) -> bool:
        self.wall += milliseconds
        self.passed += milliseconds
        return self.guard.is_good()


def test_a_steady_clock_is_trusted() -> None:
    time = Time()
    assert all(time.goes_on(30 * 24 * HOUR) for _ in range(100))


@pytest.mark.parametrize("jump", [-10 * YEAR, -JUMP_MS - 1, JUMP_MS + 1, 10 * YEAR])
def test_a_clock_that_jumped_is_trusted_after_a_day_or_when_set_back(
    caplog: pytest.LogCaptureFixture, jump: int
) -> None:
    time = Time()
    time.wall += jump
    assert not any(time.goes_on(DROPPED_MS // 10) for _ in range(10))
    time.wall -= jump
    assert time.goes_on(1)
    time.wall += jump
    assert not time.goes_on(DROPPED_MS - 1)
    assert not time.goes_on(0)
    assert time.goes_on(DROPPED_MS)
    assert time.goes_on(1)
    told = [record.message.partition(" by ")[0] for record in caplog.records]
    way = "ahead" if jump > 0 else "back"
    assert told == [f"the clock jumped {way}", "the clock is back where it was", f"the clock jumped {way}"]


def test_timestamps_advance_while_the_clock_is_not_trusted() -> None:
    time = Time()
    before = time.guard.now()
    time.wall += YEAR
    time.goes_on(HOUR)
    assert time.guard.now() == before + HOUR
    time.goes_on(DROPPED_MS)
    assert time.guard.now() == time.wall


def test_a_small_correction_of_the_clock_is_not_a_jump() -> None:
    time = Time()
    time.wall -= JUMP_MS
    assert time.goes_on(1)


def test_every_jump_of_the_clock_starts_a_new_day_of_waiting() -> None:
    time = Time()
    for _ in range(5):
        time.wall += YEAR
        assert not time.goes_on(DROPPED_MS // 2)
    assert time.goes_on(DROPPED_MS)


def test_a_clock_is_trusted_after_a_day_in_total_across_restarts() -> None:
    time = Time()
    known = time.guard.to_save(ends=True)
    time.wall += 10 * YEAR
    for is_last in (False, False, True):
        assert known is not None
        time.guard = time.started()
        time.guard.recall(*known)
        assert not time.guard.is_good()
        assert time.goes_on(DROPPED_MS // 3 + 1) == is_last
        known = time.guard.to_save(ends=True)
    assert known == (time.wall, 0)


def test_the_trusted_time_is_saved_before_it_would_count_as_a_jump() -> None:
    time = Time()
    assert SAVED_MS < JUMP_MS
    assert time.guard.to_save() is None
    time.goes_on(SAVED_MS)
    assert time.guard.to_save() == (time.wall, 0)
    assert time.guard.to_save() is None


def test_the_trusted_time_advances_with_the_clock() -> None:
    assert passed() <= passed()


class Machine:
    """A machine with a store, whose clock can be set wrong."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.wall = 50 * YEAR
        self.passed = 7 * HOUR

    def journal(self) -> SQLiteJournal:
        loop = asyncio.get_running_loop()
        journal = SQLiteJournal(str(self.directory), loop, clock=lambda: self.wall, passed=lambda: self.passed)
        journal.keep = Keep(90 * DAY)
        return journal

    def goes_on(self, milliseconds: int) -> None:
        self.wall += milliseconds
        self.passed += milliseconds

    async def say(self, desk: Desk) -> int:
        """Say something, and return its time."""
        (stored,) = await desk.store(say("said"))
        assert isinstance(stored, Stored)
        return stored.entry.ts


async def swept(desk: Desk) -> int:
    """Wait until what is old was looked for twice, and return the floor of the lobby."""
    revised: list[int] = []
    desk.journal.revised = lambda revision: revised.append(revision.floors["#lobby"])
    sweeps = desk.journal._scheduler
    for _ in range(2):
        before = sweeps._swept
        while sweeps._swept == before:
            await desk.journal.erase("nobody")
    await desk.journal.erase("nobody")
    return max(revised, default=1)


@pytest.mark.parametrize("is_noted", [True, False])
def test_a_wrong_clock_at_a_start_drops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_noted: bool
) -> None:
    monkeypatch.setattr(scheduler, "SWEEP_SECONDS", 0.0)
    machine = Machine(tmp_path)

    async def scene() -> None:
        async with opened(machine.journal()) as desk:
            await machine.say(desk)
        if not is_noted:  # as in a store of an earlier version
            db = apsw.Connection(str(tmp_path / "socketchat.db"))
            db.execute("UPDATE meta SET believed = 0")
            db.close()
        machine.wall += 10 * YEAR
        async with opened(machine.journal()) as desk:
            assert await swept(desk) == 1
            machine.goes_on(DAY - HOUR)
            assert await swept(desk) == 1
        machine.wall -= 10 * YEAR
        async with opened(machine.journal()) as desk:
            assert await swept(desk) == 1
            machine.goes_on(91 * DAY)
            assert await swept(desk) == 2

    asyncio.run(scene())


def test_a_jump_of_the_clock_is_logged_and_does_not_change_timestamps(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    machine = Machine(tmp_path)

    async def scene() -> None:
        async with opened(machine.journal()) as desk:
            first = await machine.say(desk)
            machine.wall += 10 * YEAR
            machine.goes_on(2_000)
            assert await machine.say(desk) == first + 2_000
            assert "the clock jumped ahead by 3,650 days; new messages keep the old time" in caplog.text
            machine.wall -= 10 * YEAR
            assert await machine.say(desk) == first + 2_000
            machine.wall += 2 * DAY
            await machine.say(desk)
            machine.goes_on(TOLD_MS)
            assert await machine.say(desk) == machine.wall

    asyncio.run(scene())


def test_a_wrong_clock_at_a_start_affects_only_entries_of_that_time(tmp_path: Path) -> None:
    machine = Machine(tmp_path)

    async def scene() -> None:
        machine.wall += 10 * YEAR
        async with opened(machine.journal()) as desk:
            assert await machine.say(desk) == machine.wall
        machine.wall -= 10 * YEAR
        async with opened(machine.journal()) as desk:
            assert await machine.say(desk) == machine.wall
            machine.wall -= 10
            assert await machine.say(desk) == machine.wall + 10

    asyncio.run(scene())
