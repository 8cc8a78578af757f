"""A clock that jumped is not trusted for a day; a steady clock is."""

from __future__ import annotations

import pytest

from socketchat.journal.sqlite.upkeep.clock_guard import BELIEVED_MS, JUMP_MS, ClockGuard, passed

HOUR = 3_600_000
YEAR = 365 * 24 * HOUR


class Time:
    def __init__(self) -> None:
        self.wall = 50 * YEAR
        self.passed = 7 * HOUR
        self.belief = ClockGuard(lambda: self.wall, lambda: self.passed)
        assert self.belief.is_good()

    def goes_on(self, milliseconds: int) -> bool:
        self.wall += milliseconds
        self.passed += milliseconds
        return self.belief.is_good()


def test_a_steady_clock_is_trusted() -> None:
    time = Time()
    assert all(time.goes_on(30 * 24 * HOUR) for _ in range(100))


@pytest.mark.parametrize("jump", [-10 * YEAR, -JUMP_MS - 1, JUMP_MS + 1, 10 * YEAR])
def test_a_clock_that_jumped_is_trusted_after_a_day_or_when_set_back(
    caplog: pytest.LogCaptureFixture, jump: int
) -> None:
    time = Time()
    time.wall += jump
    assert not any(time.goes_on(BELIEVED_MS // 10) for _ in range(10))
    time.wall -= jump
    assert time.goes_on(1)
    time.wall += jump
    assert not time.goes_on(BELIEVED_MS - 1)
    assert not time.goes_on(0)
    assert time.goes_on(BELIEVED_MS)
    assert time.goes_on(1)
    assert [record.message.partition(";")[0] for record in caplog.records] == ["the clock was set"] * 2


def test_a_small_correction_of_the_clock_is_not_a_jump() -> None:
    time = Time()
    time.wall -= JUMP_MS
    assert time.goes_on(1)


def test_every_jump_of_the_clock_starts_a_new_day_of_waiting() -> None:
    time = Time()
    for _ in range(5):
        time.wall += YEAR
        assert not time.goes_on(BELIEVED_MS // 2)
    assert time.goes_on(BELIEVED_MS)


def test_the_trusted_time_advances_with_the_clock() -> None:
    assert passed() <= passed()
