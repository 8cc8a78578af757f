"""The rule for names of users and rooms, and the one key by which they are compared.

A name has 1 to 20 code points after NFC: letters, digits and marks of one script, and ``-``, ``_``, ``.``. It begins
with a letter or a digit, so that it never looks like an option, a command, a room or a conversation id. The scripts are
those that UAX #31 recommends; scripts that are written together count as one (Japanese; Han with Hangul or Bopomofo),
as in UTS #39, but never together with Latin. Refused are characters that show nothing, and those that are another
character in disguise. The server also refuses a new name that reads like another one (``text.confusables``).
"""

from __future__ import annotations

import re
from itertools import pairwise
from unicodedata import category, decimal, normalize

from ..exceptions import BadName
from .limits import NAME_CHARACTERS

_DECOMPOSED = 4 * NAME_CHARACTERS
"""Longest name before NFC, as a code point decomposes into at most four. Longer input is never normalised: that would
sort a flood of marks, in quadratic time."""

_MARKS = 4
"""Marks that one letter may carry: what Burmese needs."""

_PLAIN = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{NAME_CHARACTERS - 1}}}").fullmatch
_PUNCTUATION = frozenset("-_.")
# What spaces and punctuation leave, but for the punctuation that names may have.
_WORD = re.compile(
    r"[^\s!-,/:-@\[-^`{-~\u00a1-\u00bf\u2010-\u2027\u2030-\u205e\u3001-\u3004\u3008-\u3020\uff01-\uff0f\uff1a-\uff20]+"
).findall

# A dot above changes nothing in these letters, and is what case folding makes of the Turkish İ.
_DOTS = re.compile("(?<=[ij])\u0307+").sub


RESERVED = frozenset({"operator", "server", "system"})
"""Names, by their keys, under which the server itself seems to speak to a plain client."""


def check_name(name: str) -> str:
    """Return a user's name in its display form, NFC; raises BadName with the rule."""
    name = name if _PLAIN(name) else _checked(name, "A name")
    if name_key(name) in RESERVED:
        raise BadName(f"The name {name} is reserved for the server; choose another name.")
    return name


def check_room(name: str) -> str:
    """Return the display form "#ops" of a room's name, given with or without "#"; raises BadName with the rule."""
    name = name.removeprefix("#")
    return "#" + (name if _PLAIN(name) else _checked(name, "A room name"))


def name_key(name: str) -> str:
    """Return the key by which names are compared, of a room without its "#": equal keys are the same name.

    Case, width, the script of a digit and the dot of an i do not tell names apart. The key of a key is that key.
    """
    name = name.removeprefix("#")
    if name.isascii():
        return name.lower()
    if len(name) > _DECOMPOSED:
        return name
    folded = normalize("NFKC", name.casefold()).casefold().replace("ı", "i")
    folded = normalize("NFKC", _DOTS("", folded))
    return fold_digits(folded)


def mentions(text: str, key: str) -> bool:
    """Tell whether a text has the name with this key as a word of its own, with "@" before it or not."""
    if text.isascii() and (not key.isascii() or key not in text.lower()):
        return False
    return any(key in (name_key(word), name_key(word.rstrip(".-_"))) for word in _WORD(text))


def fold_digits(name: str) -> str:
    """Return a name in which the digits of every script are those of ASCII."""
    return name if name.isascii() else "".join(map(_digit_folded, name))


def _digit_folded(character: str) -> str:
    value = None if character.isascii() else decimal(character, None)
    return character if value is None else str(value)


def _checked(name: str, what: str) -> str:
    if not name:
        raise _bad(what, "is missing")
    if len(name) <= _DECOMPOSED:
        name = normalize("NFC", name)
    if len(name) > NAME_CHARACTERS:
        raise _bad(what, "is too long")
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
            raise _bad(what, "has a mark that no letter carries")


def _bad(what: str, problem: str) -> BadName:
    return BadName(
        f"{what} {problem}: it has 1 to {NAME_CHARACTERS} letters and digits of one script, - _ and ., "
        "and begins with a letter or a digit."
    )
