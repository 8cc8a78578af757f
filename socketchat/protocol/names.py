"""The rule for names of users and rooms, and the one key by which they are compared.

A name has 1 to 20 code points after NFC: letters, digits and marks of one script, and ``-``, ``_``, ``.``. It begins with
a letter or a digit, so that it never looks like an option, a command, a room or a conversation id. The scripts are the
recommended ones of UAX #31; those written together count as one (Japanese; Han with Hangul or Bopomofo), as in UTS #39,
but never together with Latin. Characters that show nothing, or that are another character in disguise, are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import category, decimal, decomposition, normalize
from unicodedata import name as unicode_name

from ..exceptions import BadName
from .limits import NAME_CHARACTERS

_DECOMPOSED = 4 * NAME_CHARACTERS
"""Code points that a name can have before NFC, as one decomposes into at most four; longer input is not normalised,
because sorting a flood of marks takes quadratic time."""

_MARKS = 4
"""Marks that one letter may carry: what Burmese needs."""

_NEAR_CANDIDATES = 1000
"""Names that are compared when looking for the nearest: a wrong name costs the server milliseconds at most."""

_PLAIN = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{NAME_CHARACTERS - 1}}}").fullmatch
_PUNCTUATION = "-_."

# By the first word of a character's Unicode name, which for these scripts tells the script.
_SCRIPTS = {
    word: word
    for word in (
        "ARABIC ARMENIAN BENGALI BOPOMOFO CJK CYRILLIC DEVANAGARI ETHIOPIC GEORGIAN GREEK GUJARATI GURMUKHI HANGUL HEBREW "
        "HIRAGANA KANNADA KATAKANA KATAKANA-HIRAGANA KHMER LAO LATIN MALAYALAM MYANMAR ORIYA SINHALA TAMIL TELUGU THAANA "
        "THAI TIBETAN"
    ).split()
} | {"ARABIC-INDIC": "ARABIC", "IDEOGRAPHIC": "CJK", "COMBINING": "", "DIGIT": ""}
_TOGETHER = (
    {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"},
    {"CJK", "HANGUL"},
    {"CJK", "BOPOMOFO"},
)
_WIDTHS = ("FULLWIDTH ", "HALFWIDTH ", "EXTENDED ")

# Letters and marks that show nothing (fillers, joiner, inherent vowels, tatweel), and phonetic ones that look like | ! a g.
_REFUSED = frozenset("\u034f\u0640\u115f\u1160\u17b4\u17b5\u3164\uffa0\u01c0\u01c1\u01c2\u01c3\u0251\u0261")
# Compatibility characters are other characters in disguise, but Thai and Lao write these two.
_WRITTEN = "\u0e33\u0eb3"


def check_name(name: str) -> str:
    """Return a user's name in its display form, NFC; raises BadName with the rule."""
    return name if _PLAIN(name) else _checked(name, "A name")


def check_room(name: str) -> str:
    """Return the display form "#ops" of a room's name, given with or without "#"; raises BadName with the rule."""
    name = name.removeprefix("#")
    return "#" + (name if _PLAIN(name) else _checked(name, "A room name"))


def name_key(name: str) -> str:
    """Return the key by which names are compared, of a room without its "#"; equal keys are the same name.

    Case, width and the digits of different scripts do not tell names apart. The key of a key is that key.
    """
    name = name.removeprefix("#")
    if name.isascii():
        return name.lower()
    if len(name) > _DECOMPOSED:
        return name
    folded = normalize("NFKC", normalize("NFKC", name.casefold()).casefold())
    return "".join(character if character.isascii() else _digit(character) for character in folded)


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that ``name`` was probably meant to be, or None."""
    from difflib import get_close_matches

    key = name_key(name)
    if len(key) > _DECOMPOSED:
        return None
    by_key: dict[str, str] = {}
    for candidate in candidates:
        by_key.setdefault(name_key(candidate), candidate)
        if len(by_key) == _NEAR_CANDIDATES:
            break
    near = get_close_matches(key, by_key, n=1)
    return by_key[near[0]] if near else None


def _digit(character: str) -> str:
    value = decimal(character, None)
    return character if value is None else str(value)


def _checked(name: str, what: str) -> str:
    if not name:
        raise _bad(what, "is missing")
    if len(name) <= _DECOMPOSED:
        name = normalize("NFC", name)
    if len(name) > NAME_CHARACTERS:
        raise _bad(what, "is too long")
    scripts = {_script(character, what) for character in name if character not in _PUNCTUATION} - {""}
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        raise _bad(what, "cannot mix scripts")
    _check_order(name, what)
    return name


def _script(character: str, what: str) -> str:
    """Return the script of a letter, digit or mark, "" where it goes with any; raises BadName for anything else."""
    words = unicode_name(character, "")
    for width in _WIDTHS:
        words = words.removeprefix(width)
    script = _SCRIPTS.get(words.partition(" ")[0])
    kind = category(character)
    disguise = decomposition(character).startswith("<") and decomposition(character)[1:5] not in {"wide", "narr"}
    if (
        script is None
        or character in _REFUSED
        or not (kind[0] == "L" or kind in {"Nd", "Mn", "Mc"})
        or (disguise and character not in _WRITTEN)
    ):
        shown = f"{character!r} (U+{ord(character):04X})" if character.isprintable() else f"U+{ord(character):04X}"
        raise _bad(what, f"cannot contain {shown}")
    return script


def _check_order(name: str, what: str) -> None:
    if not name[0].isalnum():
        raise _bad(what, f"cannot begin with {name[0]!r}")
    marks = 0
    for before, character in zip(name, name[1:], strict=False):
        marks = marks + 1 if category(character)[0] == "M" else 0
        if marks and (before in _PUNCTUATION or marks > _MARKS):
            raise _bad(what, "has a mark where no letter carries it")


def _bad(what: str, problem: str) -> BadName:
    return BadName(
        f"{what} {problem}: it has 1 to {NAME_CHARACTERS} letters and digits of one script, - _ and ., "
        "and begins with a letter or a digit."
    )
