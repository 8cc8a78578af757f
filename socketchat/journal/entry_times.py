"""The times of entries: within a conversation they never go back, except after a wrong clock was corrected."""

from __future__ import annotations

AHEAD_MS = 86_400_000
"""An entry more than a day in the future was stored by a wrong clock; later entries do not have to follow it."""


def time_after(last: int, now: int) -> int:
    """Return the time of an entry behind one of the time ``last``, in milliseconds."""
    return now if last > now + AHEAD_MS else max(last, now)
