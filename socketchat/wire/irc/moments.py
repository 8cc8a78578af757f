"""Moments as IRCv3 server-time writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_FORM = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?Z").fullmatch


def timestamp(milliseconds: int) -> str:
    """Return a moment in milliseconds since 1970 as a word."""
    seconds = datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{seconds}.{milliseconds % 1000:03}Z"


def milliseconds(word: str) -> int | None:
    """Return the moment that a word stands for, or None if it stands for none."""
    found = _FORM(word)
    if found is None:
        return None
    *fields, fraction = found.groups()
    try:
        moment = datetime(*map(int, fields), tzinfo=UTC)  # type: ignore[misc,arg-type]  # six numbers
    except ValueError:
        return None
    return int(moment.timestamp()) * 1000 + int((fraction or "0").ljust(3, "0")[:3])
