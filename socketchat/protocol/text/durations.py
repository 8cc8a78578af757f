"""Durations as people write them: 10m, 2h, 7d."""

from __future__ import annotations

import re

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

LONGEST_SECONDS = 315_360_000
"""Ten years; longer restrictions should have no end."""

_WORDS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])").fullmatch


def seconds_of(word: str) -> int | None:
    """Return the seconds of a duration such as 2h, at most ten years; None for any other word."""
    found = _DURATION(word.lower())
    return min(int(found[1]) * UNITS[found[2]], LONGEST_SECONDS) if found else None


def in_full(seconds: int) -> str:
    """Return a duration in words, without rounding it."""
    return in_words(seconds) if seconds % UNITS["m"] == 0 or seconds < UNITS["m"] else f"{seconds:,} seconds"


def in_words(seconds: int) -> str:
    """Return a duration in words, in the largest unit that divides it: 90 minutes, 2 hours."""
    unit = next((unit for unit in reversed(UNITS) if seconds >= UNITS[unit] and seconds % UNITS[unit] == 0), None)
    if unit is None or (unit == "s" and seconds > UNITS["m"]):
        unit = next(unit for unit in reversed(UNITS) if seconds >= UNITS[unit] or unit == "s")
    count = max(1, -(-seconds // UNITS[unit]))
    if (rounded := count * UNITS[unit]) > seconds > 0:
        return in_words(rounded)  # 1 hour rather than 60 minutes
    return f"{count} {_WORDS[unit]}{'' if count == 1 else 's'}"
