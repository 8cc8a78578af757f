"""The formatting codes of IRC: bold, colors and so on; other clients get the text without them."""

from __future__ import annotations

import re

from .hygiene import clean

SPLIT = "\x1c"
"""Where a multiline message of IRC was cut within a line."""

CODES = "\x02\x03\x04\x0f\x11\x16\x1d\x1e\x1f" + SPLIT
"""Bold, color, hex color, reset, monospace, reverse, italics, strikethrough, underline."""

_FORMATTED = re.compile(
    "\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?|[\x02\x0f\x11\x16\x1c\x1d\x1e\x1f]"
)

_PICTURES = {ord(code): 0x2400 + ord(code) for code in CODES}
_CODES = {picture: code for code, picture in _PICTURES.items()}


def to_pictures(text: str) -> str:
    """Return a text cleaned like any other, in which Unicode's control pictures stand for the codes."""
    return clean(text.translate(_PICTURES))


def from_pictures(text: str) -> str:
    """Return a text with the codes for which its control pictures stand."""
    return text.translate(_CODES)


def stripped(text: str) -> str:
    """Return a text without formatting codes."""
    return text if text.isprintable() else _FORMATTED.sub("", text)
