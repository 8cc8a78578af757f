"""How much may be done now, and how fast it comes back: a token bucket that is refilled only when it is empty."""

from __future__ import annotations

from math import inf


class Allowance:
    """Commands that may be handed in before the clock is looked at, and how fast they come back."""

    __slots__ = ("_burst", "_rate", "_since", "left")

    def __init__(self, burst: float, rate: float, now: float) -> None:
        self.left = burst
        self._burst = burst
        self._rate = rate
        self._since = now

    def take(self, share: float, now: float) -> float:
        """Take this share of what there is, for an allowance of its own; so there is always something left."""
        self.refill(now)
        taken = max(0.0, self.left * share)
        self.left -= taken
        return taken

    def refill(self, now: float) -> float:
        """Add what came back since the last time; return 0, or how many seconds to wait for the next command."""
        self.left = min(self.left + (now - self._since) * self._rate, self._burst)
        self._since = now
        return 0.0 if self.left >= 1 else (1 - self.left) / self._rate


UNLIMITED = Allowance(inf, inf, 0.0)
"""For servers without limits."""
