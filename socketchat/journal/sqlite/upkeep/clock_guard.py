"""Decides which time to believe when the clock jumps: the clock may be wrong now, or have been wrong before.

A clock can be set wrong, or be wrong until the network corrects it. Retention would then delete everything, or new
entries would get a time that is years off. So the guard compares the clock with the time that has passed. After a jump
it continues the old time, until the clock has kept the new one for a while.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock

JUMP_MS = 3_600_000
"""A larger difference means that the clock was set, and did not just run fast or slow."""

TOLD_MS = 300_000
"""How long a clock must keep a new time before entries get it: a clock that was wrong at boot is corrected sooner."""

DROPPED_MS = 86_400_000
"""How long a clock must keep a new time before retention uses it: an operator reads the log within a day."""

SAVED_MS = 1_200_000
"""Time between two saves of the believed time; less than a jump, or the next start would doubt a correct clock."""

_log = logging.getLogger(__name__)


def passed() -> int:
    """Return monotonic milliseconds, which also advance while the machine sleeps if the system supports it."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) // 1_000_000


class ClockGuard:
    """Watches a clock, for several threads; one that jumped is believed again after ``patience`` milliseconds.

    ``clock`` returns the milliseconds since 1970; ``passed`` returns monotonic milliseconds. ``purpose`` says in log
    messages what the time is used for.
    """

    def __init__(self, clock: Callable[[], int], passed: Callable[[], int], patience: int, purpose: str) -> None:
        self._clock = clock
        self._passed = passed
        self._patience = patience
        self._purpose = purpose
        self._believed: int | None = None
        self._at = 0
        self._saved_at: int | None = None
        self._doubted = 0  # how long the clock had been doubted before ``_since``
        self._since: int | None = None  # when the clock became ``_ahead`` of the believed time
        self._ahead = 0
        self._lock = Lock()

    def recall(self, believed: int, doubted: int) -> None:
        """Continue from the believed time of an earlier run, which had doubted the clock for ``doubted`` ms."""
        self._believed, self._at, self._doubted = believed, self._passed(), doubted

    def now(self) -> int:
        """Return the believed time."""
        with self._lock:
            return self._now()

    def _now(self) -> int:
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
        """Tell whether the clock shows the believed time."""
        self.now()
        return self._since is None

    def to_save(self, *, ends: bool = False) -> tuple[int, int] | None:
        """Return the arguments of ``recall`` for the next run if it is time to save them, or if this run ``ends``."""
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
