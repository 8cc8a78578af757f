"""Rate limits with a burst, per key: the generic cell rate algorithm, with one number per key."""

from __future__ import annotations

from collections.abc import Callable

from ..networks import is_loopback, network
from .limits import LOOPBACK_TIMES
from .lru import LRU

REMEMBERED = 65_536
"""Most keys; the least recently used one is dropped, and has usually recovered anyway."""


class RateLimiter:
    """Allows a ``burst``, then one more every ``seconds``; ``clock`` returns seconds.

    The value of a key is the time at which it will have fully recovered. Unlike with a fixed window, a key can never
    get twice the burst in a short time.
    """

    def __init__(self, burst: int, seconds: float, clock: Callable[[], float], *, most: int = REMEMBERED) -> None:
        self._seconds = seconds
        self._span = burst * seconds
        self._clock = clock
        self._free_at: LRU[float] = LRU(most)

    def __len__(self) -> int:
        return len(self._free_at)

    def take(self, key: str) -> float:
        """Take one and return 0, or take none and return the seconds to wait."""
        now = self._clock()
        free_at = max(self._free_at.get(key) or now, now) + self._seconds
        if free_at - now > self._span:
            return free_at - now - self._span
        self._free_at.set(key, free_at)
        return 0.0

    def charge(self, key: str, count: float) -> float:
        """Take ``count``, even above the limit, and return the seconds to wait before the next charge."""
        now = self._clock()
        free_at = max(self._free_at.get(key) or now, now) + count * self._seconds
        self._free_at.set(key, free_at)
        return max(0.0, free_at - now - self._span)

    def give_back(self, key: str) -> None:
        """Return one that was taken."""
        free_at = self._free_at.get(key)
        if free_at is not None:
            self._free_at.set(key, free_at - self._seconds)


class PerAddress:
    """A rate limit per address, with a higher one for loopback, which may be a tunnel."""

    def __init__(self, burst: int, seconds: float, clock: Callable[[], float]) -> None:
        self._remote = RateLimiter(burst, seconds, clock)
        self._local = RateLimiter(burst * LOOPBACK_TIMES, seconds / LOOPBACK_TIMES, clock)

    def take(self, peer: str) -> float:
        """Take one and return 0, or take none and return the seconds to wait."""
        return self._local.take("") if is_loopback(peer) else self._remote.take(network(peer))
