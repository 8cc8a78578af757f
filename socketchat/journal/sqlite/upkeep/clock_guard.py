"""What is believed of the time of day, when the clock jumps: it may be wrong, or have been wrong until now.

A clock can be set wrong, or be wrong until the network has told the time. It would then drop all there is, or give
entries a time that is years away. So what it says is compared with how much time has passed. After a jump the time
goes on as before, until the clock has gone on for a while as it says now.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

JUMP_MS = 3_600_000
"""A difference above which a clock was set, and did not only go too fast or too slow."""

TOLD_MS = 300_000
"""For the times of entries, a clock that jumped is believed after so long: one that was wrong at a start is right."""

DROPPED_MS = 86_400_000
"""For dropping what is old it is believed after so long, within which the operator would have noticed the log."""

SAVED_MS = 1_200_000
"""Time between two notes in the store of what is believed; one that is older than a jump would be doubted."""

_log = logging.getLogger(__name__)


def passed() -> int:
    """Return milliseconds that go on evenly, whatever the clock is set to, also while the machine sleeps if it can."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) // 1_000_000


class ClockGuard:
    """Watches a clock; one that jumped is believed again after ``patience`` milliseconds.

    ``clock`` returns the milliseconds since 1970, ``passed`` those since some moment. ``purpose`` is what the time is
    for, as the log says it.
    """

    def __init__(self, clock: Callable[[], int], passed: Callable[[], int], patience: int, purpose: str) -> None:
        self._clock = clock
        self._passed = passed
        self._patience = patience
        self._purpose = purpose
        self._believed: int | None = None
        self._at = 0
        self._saved_at: int | None = None
        self._doubted = 0  # for how long, before ``_since``
        self._since: int | None = None  # since when the clock is ``_ahead`` of what is believed
        self._ahead = 0

    def recall(self, believed: int, doubted: int) -> None:
        """Begin with what an earlier run believed, and for how long it doubted the clock then."""
        self._believed, self._at, self._doubted = believed, self._passed(), doubted

    def now(self) -> int:
        """Return the time that is believed."""
        now, passed = self._clock(), self._passed()
        expected = now if self._believed is None else self._believed + passed - self._at
        ahead = now - expected
        if abs(ahead) <= JUMP_MS:
            if self._since is not None:
                _log.warning("the clock is back where it was")
            self._since, self._doubted = None, 0
        else:
            if self._since is None or abs(ahead - self._ahead) > JUMP_MS:
                self._doubted = self._doubted if self._since is None else 0
                self._since, self._ahead = passed, ahead
                way = "ahead" if ahead > 0 else "back"
                _log.warning("the clock jumped %s by %s; %s", way, _span(abs(ahead)), self._purpose)
            if self._doubted + passed - self._since < self._patience:
                return expected
            self._since, self._doubted = None, 0
        self._believed, self._at = now, passed
        return now

    def is_good(self) -> bool:
        """Tell whether the clock is believed as it is."""
        self.now()
        return self._since is None

    def to_save(self, *, ends: bool = False) -> tuple[int, int] | None:
        """Return what ``recall`` wants in the next run, if it is time to save that, or the run ``ends``."""
        believed, passed = self.now(), self._passed()
        if self._saved_at is None:
            self._saved_at = passed
        if not ends and passed - self._saved_at < SAVED_MS:
            return None
        self._saved_at = passed
        doubted = 0 if self._since is None else self._doubted + passed - self._since
        return believed, doubted


def _span(milliseconds: int) -> str:
    hours = milliseconds // 3_600_000
    return f"{hours:,} hours" if hours < 48 else f"{hours // 24:,} days"
