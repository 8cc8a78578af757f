"""Timestamps as people write them: a day, a minute, or an age."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, tzinfo

from ...exceptions import BadText
from .durations import seconds_of
from .hygiene import clean_line

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?)?").fullmatch

_SHOWN = 40
"""Characters of a wrong date that the error repeats."""


def moment_of(word: str, now: int, zone: tzinfo | None = UTC) -> int:
    """Return the milliseconds since 1970 of a date in ``zone``, or of an age before ``now``; raises BadText."""
    seconds = seconds_of(word)
    if seconds is not None:
        return now - seconds * 1000
    if _DATE(word):
        with suppress(ValueError, OverflowError, OSError):
            moment = datetime.fromisoformat(word)
            local = moment.replace(tzinfo=zone) if zone else moment.astimezone()
            return int(local.timestamp() * 1000)
    shown = clean_line(word[:_SHOWN])[:_SHOWN]
    raise BadText(f"{shown} is not a date. Write 2026-11-25, 2026-11-25T14:30, or an age such as 2d or 3h.")


def in_utc(word: str, now: int, zone: tzinfo | None) -> str:
    """Return a date that was typed in ``zone`` in the form that servers read, UTC; raises BadText."""
    return datetime.fromtimestamp(moment_of(word, now, zone) // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
