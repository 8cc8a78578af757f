"""Moments as people write them: a day, a minute, or how long ago."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, tzinfo

from ...exceptions import BadText
from .durations import seconds_of
from .hygiene import clean_line

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?)?").fullmatch

_SHOWN = 40
"""Characters of a wrong date that are repeated."""


def moment_of(word: str, now: int, zone: tzinfo | None = UTC) -> int:
    """Return the milliseconds since 1970 of a moment, where it is ``now``; a date is in ``zone``. Raises BadText."""
    seconds = seconds_of(word)
    if seconds is not None:
        return now - seconds * 1000
    if _DATE(word):
        with suppress(ValueError, OverflowError, OSError):
            moment = datetime.fromisoformat(word)
            local = moment.replace(tzinfo=zone) if zone else moment.astimezone()
            return int(local.timestamp() * 1000)
    shown = clean_line(word)[:_SHOWN]
    raise BadText(f"{shown} is no date; write 2026-11-25, 2026-11-25T14:30, or how long ago: 2d, 3h.")


def in_utc(word: str, now: int, zone: tzinfo | None) -> str:
    """Return a moment that was typed in ``zone`` as a server reads it; raises BadText."""
    return datetime.fromtimestamp(moment_of(word, now, zone) // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
