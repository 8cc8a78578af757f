"""References to entries: a place is "#ops/42" in a room, and "@bob/7" in direct messages with bob."""

from __future__ import annotations

import re

from ..names import check_room

_PLACE = re.compile(r"([#@][^\s/]+)/([0-9]{1,15})").fullmatch


def place_of(word: str) -> tuple[str, int] | None:
    """Return the conversation and the seq of a place, or None for any other word; raises BadName."""
    found = _PLACE(word)
    return (conversation_of(found[1]), int(found[2])) if found else None


def conversation_of(word: str) -> str:
    """Return "#room" or "@name" for what a user typed, with or without "#"; raises BadName if a room's name is bad."""
    return word if word.startswith("@") else check_room(word)


def place(conversation: str, seq: int) -> str:
    """Return the place of an entry in a conversation, given by its shown name."""
    return f"{conversation}/{seq}"
