r"""Text hygiene: makes text from other users safe to show, so that it cannot control a terminal.

One rule holds for every field of every command, at the server and again before drawing. Line ends become ``\n``, and
tabs stay. Characters that a terminal could obey, or that hide or reorder text, become visible: C0 and DEL as ``^[``, C1
as ``\x9b``, Unicode's invisible format characters (bidi controls, tags, line separators) as ``\u202e``. The joiners ZWJ
and ZWNJ stay, for emoji and for Persian and Indic scripts.
"""

from __future__ import annotations

import re
from functools import cache
from unicodedata import category

from ...exceptions import BadText, TooLong
from ..limits import TEXT_BYTES

MARKS = 8
"""Marks and joiners on one character: more than any script needs; floods of them crash terminals."""

_JOINERS = "\u200c\u200d"

# Spelled out, so that a server and a client with different versions of Python agree.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]+"
)

# Marks are neither ASCII nor word characters, so a flood of them is such a run; rows of emoji are, too.
_RUN = re.compile(rf"[^\w\x00-\x7f]{{{MARKS + 1},}}")


def clean(text: str) -> str:
    """Return ``text`` without anything that controls a terminal; newlines and tabs stay.

    Cleaning twice changes nothing. The result has at most three times as many bytes of UTF-8.
    """
    # All unsafe characters are unprintable, and this check is fast.
    if not (text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable()):
        text = _UNSAFE.sub(_shown, text.replace("\r\n", "\n"))
    return text if text.isascii() else _RUN.sub(_thinned, text)


def clean_line(text: str) -> str:
    """Return ``text`` cleaned for a field of one line: newlines and tabs become spaces."""
    text = clean(text)
    return text if text.isprintable() else text.replace("\n", " ").replace("\t", " ")


def check_text(text: str) -> str:
    """Return the text of a message, cleaned; raises BadText if it is blank, and TooLong if it is over the limit.

    The limit counts the bytes of UTF-8 before cleaning, so that a client can count before it sends. The cleaned text
    has at most three times the limit.
    """
    if not text or text.isspace():
        raise BadText("The message is empty. Type some text.")
    # A code point has at most four bytes, so a short text needs no count.
    if len(text) * 4 > TEXT_BYTES and (size := _size(text)) > TEXT_BYTES:
        raise TooLong(f"Too long: {size:,} bytes; the limit is {TEXT_BYTES:,}. Send it as a file or split it.")
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
    """Return a run of characters with at most MARKS marks and joiners on each character."""
    different = set(found[0])
    floating = {each for each in different if each in _JOINERS or category(each)[0] == "M"}
    if not floating:
        return found[0]
    kept = []
    marks = 0
    for character in found[0]:
        marks = marks + 1 if character in floating else 0
        if marks <= MARKS:
            kept.append(character)
    return "".join(kept)
