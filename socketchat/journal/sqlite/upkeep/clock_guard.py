"""Whether the time of day is to be believed in what cannot be undone: dropping what is old.

A clock can be set wrong, or be wrong until the network has told the time, and would then drop all there is. So what it
says is compared with how much time has passed since. Nothing else asks: a wrong time elsewhere is right again with the
clock.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

JUMP_MS = 3_600_000
"""A difference above which a clock was set, and did not only go too fast or too slow."""

BELIEVED_MS = 86_400_000
"""A clock that was set is believed after so long, within which somebody would have noticed that it is wrong."""

_log = logging.getLogger(__name__)


def passed() -> int:
    """Return milliseconds that go on evenly, whatever the clock is set to, also while the machine sleeps if it can."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) // 1_000_000


class ClockGuard:
    """Watches a clock, from when it is asked first.

    ``clock`` returns the milliseconds since 1970, ``passed`` those since some moment.
    """

    def __init__(self, clock: Callable[[], int], passed: Callable[[], int] = passed) -> None:
        self._clock = clock
        self._passed = passed
        self._believed: int | None = None
        self._set_to = self._set_at = 0

    def is_good(self) -> bool:
        """Tell whether the clock goes on as it did, or as it has for a day."""
        passed = self._passed()
        offset = self._clock() - passed
        if self._believed is None or abs(offset - self._believed) <= JUMP_MS:
            self._believed = self._set_to = offset if self._believed is None else self._believed
            return True
        if abs(offset - self._set_to) > JUMP_MS:
            self._set_to, self._set_at = offset, passed
            _log.warning("the clock was set; old messages are dropped again when it has gone on like this for a day")
        if passed - self._set_at < BELIEVED_MS:
            return False
        self._believed = offset
        return True
