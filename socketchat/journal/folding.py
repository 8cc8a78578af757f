"""The form of a text in which it is searched, the same for what is stored and for what is looked for."""

from __future__ import annotations

import re
import unicodedata

VERSION = unicodedata.unidata_version
"""What was indexed under another version of Unicode may have another form here, and has to be indexed again."""

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
"""Characters that are folded at a time: one may become 18, and all that while no other thread runs."""

_PIECES = re.compile(f".{{1,{PIECE}}}", re.DOTALL).findall


def folded(text: str) -> str:
    """Return a text without differences of case, width and composition; where words run together, each letter is one.

    So what is looked for there is found inside a sentence as well: letters in a row are as good as a word.
    """
    if text.isascii():
        return text.lower()
    return "".join(map(_folded, _PIECES(text)))


def folded_bytes(text: bytes | None) -> str | None:
    """Do the same for what a row holds, which may be damaged."""
    return None if text is None else folded(text.decode("utf-8", "replace"))


def _folded(piece: str) -> str:
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", piece).casefold())
    return _UNSEGMENTED(r" \g<0> ", plain)
