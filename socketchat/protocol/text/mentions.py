"""What is meant for somebody in particular, the same to the server that counts it and to the client that shows it."""

from __future__ import annotations

from ..codec import text_of
from ..conversations import is_room
from ..events import Entry
from ..kinds import SAID
from ..names import mentions


def is_to(entry: Entry, user: str, key: str) -> bool:
    """Tell whether somebody else says the name with this key, which is the user's, in a room."""
    return entry.kind in SAID and entry.author != user and is_room(entry.conversation) and mentions(text_of(entry), key)


def calls(entry: Entry, user: str, key: str) -> bool:
    """Tell whether somebody else turns to the user, in a room or directly."""
    if is_room(entry.conversation):
        return is_to(entry, user, key)
    return entry.kind in SAID and entry.author != user
