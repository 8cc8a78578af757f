"""The times of entries: in a conversation they do not go back, but behind a time when the clock was wrong."""

from __future__ import annotations

AHEAD_MS = 86_400_000
"""An entry that is later than now by more than a day was stored while the clock was wrong, and binds no later one."""


def time_after(last: int, now: int) -> int:
    """Return the time of an entry behind one of the time ``last``, in milliseconds."""
    return now if last > now + AHEAD_MS else max(last, now)
