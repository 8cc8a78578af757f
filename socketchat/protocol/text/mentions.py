"""Mentions: whether a message says the name of a user, decided in the same way by the server and the clients."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from ...exceptions import ProtocolError
from ..codec import decode_text, text_of
from ..conversations import is_room
from ..events import Entry
from ..kinds import REPLY, SAID
from ..names import LONGEST_DECOMPOSED, fold

# Spaces and punctuation separate words, except the punctuation of names.
_WORD = re.compile(
    r"[^\s!-,/:-@\[-^`{-~\u00a1-\u00bf\u2010-\u2027\u2030-\u205e\u3001-\u3004\u3008-\u3020\uff01-\uff0f\uff1a-\uff20]+"
).findall

_LIGATURES = re.compile("[\ufdfa\ufdfb]").sub
"""The two characters that fold into 18 and 8 characters, spaces included; no name contains them."""


def mentions(text: str, name: str) -> bool:
    """Tell whether a text has the name, given by its key, as a word of its own, with or without "@".

    The work depends only on the length of the text: all words are folded together, except those longer than a name.
    """
    if text.isascii():
        text = text.lower()
        return name in text and _finder(name)("\n".join(_WORD(text)))
    words = "\n".join(word for word in _WORD(_LIGATURES("\0", text)) if len(word) <= LONGEST_DECOMPOSED)
    return _finder(name)(fold(words))


@lru_cache(1024)
def _finder(name: str) -> Callable[[str], bool]:
    """Return a function that tells whether a line is the name, apart from punctuation at its end."""
    search = re.compile(rf"^{re.escape(name)}[.\-_]*$", re.MULTILINE).search
    return lambda lines: search(lines) is not None


def is_mention(entry: Entry, user: str, name: str) -> bool:
    """Tell whether another user says the user's name, given by its key, in a room, or replies to the user there."""
    if entry.kind not in SAID or entry.author == user or not is_room(entry.conversation):
        return False
    return _is_reply_to(entry, user) or mentions(text_of(entry), name)


def _is_reply_to(entry: Entry, user: str) -> bool:
    if entry.kind != REPLY:
        return False
    try:
        return decode_text(entry).of_author == user
    except ProtocolError:
        return False


def rings(entry: Entry, user: str, name: str) -> bool:
    """Tell whether the bell rings for the user: at a mention, and at a direct message of another user."""
    if is_room(entry.conversation):
        return is_mention(entry, user, name)
    return entry.kind in SAID and entry.author != user
