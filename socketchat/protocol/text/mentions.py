"""Mentions: whether a message says the name of a user, decided in the same way by the server and the clients."""

from __future__ import annotations

import re

from ..codec import text_of
from ..conversations import is_room
from ..events import Entry
from ..kinds import SAID
from ..names import name_key

# Words are what spaces and punctuation separate, except the punctuation that names may have.
_WORD = re.compile(
    r"[^\s!-,/:-@\[-^`{-~\u00a1-\u00bf\u2010-\u2027\u2030-\u205e\u3001-\u3004\u3008-\u3020\uff01-\uff0f\uff1a-\uff20]+"
).findall


def mentions(text: str, name: str) -> bool:
    """Tell whether a text has the name, given by its key, as a word of its own, with or without "@"."""
    if text.isascii() and (not name.isascii() or name not in text.lower()):
        return False
    return any(name in (name_key(word), name_key(word.rstrip(".-_"))) for word in _WORD(text))


def is_mention(entry: Entry, user: str, name: str) -> bool:
    """Tell whether another user says the user's name, given by its key, in a room."""
    return (
        entry.kind in SAID and entry.author != user and is_room(entry.conversation) and mentions(text_of(entry), name)
    )


def rings(entry: Entry, user: str, name: str) -> bool:
    """Tell whether the bell rings for the user: at a mention, and at a direct message of another user."""
    if is_room(entry.conversation):
        return is_mention(entry, user, name)
    return entry.kind in SAID and entry.author != user
