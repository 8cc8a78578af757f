r"""Text hygiene: whatever others write is shown, and never drives a terminal.

One rule for every field of every command, at the server and again before drawing: a line end is ``\n``, a tab stays a
tab, and what a terminal could obey, or what hides or reorders text, becomes visible: C0 and DEL as ``^[``, C1 as
``\x9b``, Unicode's invisible format characters (bidi controls, tags, line separators) as ``\u202e``. The joiners ZWJ
and ZWNJ stay, for emoji and for Persian and Indic scripts.
"""

from __future__ import annotations

import re
from functools import cache
from unicodedata import category

from ...exceptions import BadText, TooLong
from ..limits import TEXT_BYTES

MARKS = 8
"""Marks and joiners that one character may carry: more than any script needs, and floods of them crash terminals."""

_JOINERS = "\u200c\u200d"

# Spelled out instead of asking unicodedata, so that two ends with different Pythons agree on what is shown.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]+"
)

# Marks are neither ASCII nor word characters, so a flood of them lies within such a run; so do rows of emoji.
_RUN = re.compile(rf"[^\w\x00-\x7f]{{{MARKS + 1},}}")


def clean(text: str) -> str:
    """Return ``text`` with nothing in it that drives a terminal; newlines and tabs stay.

    Cleaning twice changes nothing. The result has at most three times as many bytes of UTF-8.
    """
    # All that is unsafe is unprintable, and this answers at the speed of C.
    if not (text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable()):
        text = _UNSAFE.sub(_shown, text.replace("\r\n", "\n"))
    return text if text.isascii() else _RUN.sub(_thinned, text)


def clean_line(text: str) -> str:
    """Return ``text`` cleaned for a field of one line: a newline or a tab becomes a space."""
    text = clean(text)
    return text if text.isprintable() else text.replace("\n", " ").replace("\t", " ")


def check_text(text: str) -> str:
    """Return the text of a message, cleaned; raises BadText for a blank one and TooLong for one over the limit.

    The limit counts the bytes of UTF-8 that were sent, so that whoever counts before sending is never surprised. A
    client therefore sends what was typed, and what is stored has at most three times the limit.
    """
    if not text or text.isspace():
        raise BadText("A message needs a text.")
    # A code point has at most four bytes, so a short text needs no count.
    if len(text) * 4 > TEXT_BYTES and (size := _size(text)) > TEXT_BYTES:
        raise TooLong(f"A message has at most {TEXT_BYTES:,} bytes; this one has {size:,}.")
    return clean(text)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _shown(found: re.Match[str]) -> str:
    return "".join(map(_visible, found[0]))


@cache
def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        return "^" + chr(code ^ 0x40)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _thinned(found: re.Match[str]) -> str:
    """Return a run of characters without the marks that are too many for the character that carries them."""
    kept = []
    marks = 0
    for character in found[0]:
        marks = marks + 1 if character in _JOINERS or category(character)[0] == "M" else 0
        if marks <= MARKS:
            kept.append(character)
    return "".join(kept)
