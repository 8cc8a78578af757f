"""Tests when a batch waits for more proposals."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from socketchat.journal.batching import MOST_WAITS, Batching


class Arrivals:
    """Proposals that come in during the waits of one batch."""

    def __init__(self) -> None:
        self.waits = 0
        self.batching = Batching(self._sleep)
        self._there = 0
        self._later: list[int] = []

    def take(self, there: int, *later: int) -> int:
        """Return the size of a batch of which so many proposals are there, and others come during each wait."""
        self._there, self._later, self.waits = there, list(later), 0
        self.batching.gather(lambda: self._there)
        return self._there

    def _sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.waits += 1
        self._there += self._later.pop(0) if self._later else 0


def test_a_lone_message_never_waits() -> None:
    arrivals = Arrivals()
    for _ in range(3):
        assert arrivals.take(1, 5) == 1
        assert arrivals.waits == 0


def test_a_part_of_a_batch_waits_for_the_rest() -> None:
    arrivals = Arrivals()
    arrivals.take(32)
    assert arrivals.take(4, 10, 18) == 32
    assert arrivals.waits == 2


def test_a_batch_nearly_as_large_as_the_one_before_does_not_wait() -> None:
    arrivals = Arrivals()
    arrivals.take(32)
    assert arrivals.take(24, 8) == 24
    assert arrivals.waits == 0


def test_the_wait_ends_when_nothing_more_comes() -> None:
    arrivals = Arrivals()
    arrivals.take(32)
    assert arrivals.take(4, 1, 0, 20) == 5
    assert arrivals.waits == 2


def test_after_the_load_only_one_message_waits_once() -> None:
    arrivals = Arrivals()
    arrivals.take(1000)
    arrivals.take(1)
    assert arrivals.waits == 1
    arrivals.take(1)
    assert arrivals.waits == 0


@given(st.lists(st.tuples(st.integers(1, 200), st.lists(st.integers(0, 20), max_size=20)), max_size=20))
def test_no_batch_waits_longer_than_the_most(batches: list[tuple[int, list[int]]]) -> None:
    arrivals = Arrivals()
    for there, later in batches:
        assert arrivals.take(there, *later) >= there
        assert arrivals.waits <= MOST_WAITS
