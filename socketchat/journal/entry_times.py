"""The times of entries: within a conversation they never go back, unless a wrong clock was corrected."""

from __future__ import annotations

AHEAD_MS = 86_400_000
"""An entry more than a day in the future came from a wrong clock; later entries may have earlier times."""


def time_after(last: int, now: int) -> int:
    """Return the time, in milliseconds, of the entry after one with the time ``last``."""
    return now if last > now + AHEAD_MS else max(last, now)
