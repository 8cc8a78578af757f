"""Brings stored texts and search terms into the same form before they are compared."""

from __future__ import annotations

import re
import unicodedata

VERSION = unicodedata.unidata_version
"""The version of Unicode: if it changes, texts may fold differently and must be indexed again."""

_UNSEGMENTED = re.compile(
    "["
    "\u0e00-\u0fff"  # Thai, Lao, Tibetan
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Burmese
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # Korean, whose particles stand at the end of the words
    "\u1780-\u17ff"  # Khmer
    "\u1950-\u19df\u1a20-\u1aaf\uaa80-\uaadf"  # Tai
    "\u3005-\u3007\u3021-\u3029\u3031-\u303c\u3041-\u30ff\u31f0-\u31ff"  # Japanese
    "\u3105-\u312f\u31a0-\u31bf"  # Bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00016ff0-\U00018cff\U0001b000-\U0001b16f\U00020000-\U0003ffff"  # Chinese
    "]"
).sub
"""Characters of scripts that put no spaces between words."""


PIECE = 256
"""Characters folded at a time: each can become 18, and no other thread runs meanwhile."""

_PIECES = re.compile(f".{{1,{PIECE}}}", re.DOTALL).findall


def folded(text: str) -> str:
    """Return a text with case, width and composition normalized.

    In scripts without spaces, each character becomes a word, so that a search finds any sequence of them.
    """
    if text.isascii():
        return text.lower()
    return "".join(map(_folded, _PIECES(text)))


def folded_bytes(text: bytes | None) -> str | None:
    """Fold the text of a row, which may be damaged."""
    return None if text is None else folded(text.decode("utf-8", "replace"))


def _folded(piece: str) -> str:
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", piece).casefold())
    return _UNSEGMENTED(r" \g<0> ", plain)
