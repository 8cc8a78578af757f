"""Allowances for commands: token buckets that are refilled only when they are empty."""

from __future__ import annotations

from math import inf


class TokenBucket:
    """The number of commands allowed before the next look at the clock, and the refill rate."""

    __slots__ = ("_burst", "_rate", "_since", "left")

    def __init__(self, burst: float, rate: float, now: float) -> None:
        self.left = burst
        self._burst = burst
        self._rate = rate
        self._since = now

    def take(self, share: float, now: float) -> float:
        """Take this share of the tokens for a separate allowance; some always remain."""
        self.refill(now)
        taken = max(0.0, self.left * share)
        self.left -= taken
        return taken

    def refill(self, now: float) -> float:
        """Refill for the time passed; return 0, or the seconds to wait for the next command."""
        self.left = min(self.left + (now - self._since) * self._rate, self._burst)
        self._since = now
        return 0.0 if self.left >= 1 else (1 - self.left) / self._rate


UNLIMITED = TokenBucket(inf, inf, 0.0)
"""For servers without limits."""
