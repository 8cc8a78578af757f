"""The rule for reactions: short texts without spaces, such as an emoji, and the key by which they are compared."""

from __future__ import annotations

import re
from unicodedata import normalize

from ...exceptions import BadText, TooLong
from .hygiene import clean_line

REACTION_CHARACTERS = 20
"""Longest reaction in code points after NFC: the longest emoji have ten, and many reactions fit into a row."""

_DECOMPOSED = 4 * REACTION_CHARACTERS
"""Longest reaction before NFC, as a code point decomposes into at most four."""

_STYLES = re.compile("[\ufe0e\ufe0f]").sub
"""Variation selectors: a heart as text and one in color are the same reaction."""


def check_reaction(text: str) -> str:
    """Return a reaction, cleaned; raises BadText if it is empty or has spaces, TooLong if it is over the limit."""
    text = text.strip()
    if len(text) <= _DECOMPOSED:
        text = clean_line(normalize("NFC", text))
    if len(text) > REACTION_CHARACTERS:
        raise TooLong(f"Too long: {len(text):,} characters; the limit for a reaction is {REACTION_CHARACTERS}.")
    if not reaction_key(text) or any(map(str.isspace, text)):
        raise BadText("A reaction is an emoji or a word without spaces.")
    return text


def reaction_key(text: str) -> str:
    """Return the key by which reactions are compared."""
    return _STYLES("", text)
