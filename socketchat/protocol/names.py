"""The rule for names of users and rooms, and the key by which they are compared.

A name has 1 to 20 code points after NFC: letters, digits and marks of one script, and ``-``, ``_``, ``.``. It begins
with a letter or a digit, so that it never looks like an option, a command, a room or a conversation id. The scripts are
those that UAX #31 recommends. Scripts that are written together count as one (Japanese; Han with Hangul or Bopomofo),
as in UTS #39, but never with Latin. Invisible characters and compatibility characters are refused. The
server also refuses a new name that looks like another one (``text.confusables``).
"""

from __future__ import annotations

import re
from itertools import pairwise
from unicodedata import category, decimal, normalize

from ..exceptions import BadName
from .limits import NAME_CHARACTERS, ROOM_CHARACTERS

LONGEST_DECOMPOSED = 4 * ROOM_CHARACTERS
"""Longest name before NFC, as a code point decomposes into at most four. Longer input is not normalized, because
sorting a flood of marks takes quadratic time."""

_PLAIN_ROOM = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{ROOM_CHARACTERS - 1}}}").fullmatch

_MARKS = 4
"""Marks on one letter; Burmese needs four."""

_PLAIN = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{NAME_CHARACTERS - 1}}}").fullmatch
_PUNCTUATION = frozenset("-_.")
# A dot above these letters is invisible; case folding adds one to the Turkish İ.
_DOTS = re.compile("(?<=[ij])\u0307+").sub
_DIGIT = re.compile(r"(?![0-9])\d").sub


RESERVED = frozenset({"operator", "server", "system"})
"""Names with which a user would look like the server itself to a plain client."""


def check_name(name: str) -> str:
    """Return a user's name in its display form, NFC; raises BadName if it breaks the rule."""
    name = name if _PLAIN(name) else _checked(name, "A name", NAME_CHARACTERS)
    if name_key(name) in RESERVED:
        raise BadName(f"The name {name} is reserved for the server; choose another name.")
    return name


def check_room(name: str) -> str:
    """Return the display form "#ops" of a room's name, given with or without "#"; raises BadName."""
    name = name.removeprefix("#")
    return "#" + (name if _PLAIN_ROOM(name) else _checked(name, "A room name", ROOM_CHARACTERS))


def name_key(name: str) -> str:
    """Return the key by which names are compared; that of a room has no "#". Names with equal keys are the same.

    Case, width, the script of a digit, and the dot of an i make no difference. The key of a key is that key.
    """
    name = name.removeprefix("#")
    if name.isascii():
        return name.lower()
    return name if len(name) > LONGEST_DECOMPOSED else fold(name)


def fold(text: str) -> str:
    """Return the key of a text, whose words must be short; words on lines of their own are folded like names."""
    folded = normalize("NFKC", text.casefold()).casefold().replace("ı", "i")
    return fold_digits(normalize("NFKC", _DOTS("", folded)))


def fold_digits(text: str) -> str:
    """Return a text in which the digits of every script are those of ASCII."""
    return text if text.isascii() else _DIGIT(lambda digit: str(decimal(digit[0])), text)


def _checked(name: str, what: str, most: int) -> str:
    if not name:
        raise _bad(what, "is missing", most)
    if len(name) <= LONGEST_DECOMPOSED:
        name = normalize("NFC", name)
    if len(name) > most:
        raise _bad(what, "is too long", most)
    letters = [character for character in name if character not in _PUNCTUATION]
    _check_letters(letters, what)
    _check_order(name, what)
    return name


def _check_letters(letters: list[str], what: str) -> None:
    from .text.scripts import are_mixed, scripts_of  # most names are ASCII, and need no table

    for character in letters:
        if not scripts_of(character):
            code = f"U+{ord(character):04X}"
            shown = f"{character!r} ({code})" if character.isprintable() else code
            raise _bad(what, f"cannot contain {shown}")
    if are_mixed(letters):
        raise _bad(what, "cannot mix scripts")


def _check_order(name: str, what: str) -> None:
    if not name[0].isalnum():
        raise _bad(what, f"cannot begin with {name[0]!r}")
    marks = 0
    for before, character in pairwise(name):
        marks = marks + 1 if category(character)[0] == "M" else 0
        if marks > _MARKS or (marks and before in _PUNCTUATION):
            raise _bad(what, "has too many marks, or a mark without a letter")


def _bad(what: str, problem: str, most: int = NAME_CHARACTERS) -> BadName:
    return BadName(
        f"{what} {problem}. Use 1 to {most} letters and digits of one script, - _ and ., "
        "beginning with a letter or a digit."
    )
