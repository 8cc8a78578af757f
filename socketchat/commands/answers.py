"""What a handler returns: what its command is answered with."""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """What ``ok`` says besides the id; ``lines`` are written before it, in the same write."""

    conversation: str | None = None
    seq: int | None = None
    duplicate: bool = False
    more: bool = False
    lines: bytes = b""


OK = Answer()

ANSWERED = Answer()
"""Returned by a handler that has answered already, by an event of its own instead of ``ok``."""
