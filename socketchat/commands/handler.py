"""The answers that handlers return."""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """The fields of ``ok`` besides the id; ``lines`` are sent before it, in the same write."""

    conversation: str | None = None
    seq: int | None = None
    duplicate: bool = False
    more: bool = False
    lines: bytes = b""


OK = Answer()

ANSWERED = Answer()
"""Returned by a handler that has already answered with its own event instead of ``ok``."""
