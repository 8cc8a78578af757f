"""So many at once and so many a second, for each of many: the generic cell rate algorithm, one number per key."""

from __future__ import annotations

from collections.abc import Callable

from .lru import LRU

REMEMBERED = 65_536
"""Keys that are counted at a time; the one longest quiet is forgotten, and would mostly be free again anyway."""


class RateLimiter:
    """Allows ``burst`` of something at once, and one more every ``seconds``; ``clock`` returns seconds.

    What is kept for a key is the time at which it would be as if it had never asked. Unlike a fixed window, no moment
    is one at which twice as much is allowed.
    """

    def __init__(self, burst: int, seconds: float, clock: Callable[[], float], *, most: int = REMEMBERED) -> None:
        self._seconds = seconds
        self._span = burst * seconds
        self._clock = clock
        self._free_at: LRU[float] = LRU(most)

    def __len__(self) -> int:
        return len(self._free_at)

    def take(self, key: str) -> float:
        """Take one and return 0, or take none and return how many seconds to wait for it."""
        now = self._clock()
        free_at = max(self._free_at.get(key) or now, now) + self._seconds
        if free_at - now > self._span:
            return free_at - now - self._span
        self._free_at.set(key, free_at)
        return 0.0

    def charge(self, key: str, count: float) -> float:
        """Take so many although it may be too many, and return how many seconds to wait before the next.

        It is known only afterwards how many they were.
        """
        now = self._clock()
        free_at = max(self._free_at.get(key) or now, now) + count * self._seconds
        self._free_at.set(key, free_at)
        return max(0.0, free_at - now - self._span)

    def give_back(self, key: str) -> None:
        """Take back one that was taken."""
        free_at = self._free_at.get(key)
        if free_at is not None:
            self._free_at.set(key, free_at - self._seconds)
