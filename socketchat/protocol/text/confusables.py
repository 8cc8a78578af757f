"""The looks of names, so that no user takes a name that looks like another one (after UTS #39).

Only the server uses it, for new names and rooms. A single name never mixes scripts. This module finds what remains:
a name that is Cyrillic as a whole, l for I and 1, rn for m, accents, and punctuation that is easily overlooked.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from unicodedata import normalize

from ...exceptions import BadName
from ..names import LONGEST_DECOMPOSED, RESERVED, fold_digits, name_key

ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")
"""Marks that belong to no script. Readers overlook them, so they do not tell names apart; vowel signs do."""

_PUNCTUATION = re.compile("[-_.]+")

_DIGITS = str.maketrans("23456789", "zeasbtbg")
"""Letters that digits stand for in reserved names, besides the 0 and 1 of the table."""

_REMEMBERED = 1_000
"""Looks that are cached, because each login needs those of its name several times."""


def looks(name: str) -> frozenset[str]:
    """Return the looks of a name, as it is written and in small letters; names that share a look are confusable.

    Accents, the kind of punctuation, and punctuation at the end make no difference. A look is its own only look. A text
    that is too long for a name looks only like itself.
    """
    if len(name) > LONGEST_DECOMPOSED:
        return frozenset({name})
    return frozenset({_look(name), _look(name_key(name))})


def check_not_reserved(name: str) -> None:
    """Raise BadName if a new name looks like one that is reserved for the server.

    Accounts that have such a name from an earlier version keep it.
    """
    if not _reserved(name).isdisjoint(_all_reserved()):
        raise BadName(f"{name!r} looks like a name that is reserved for the server; choose another name.")


def skeleton(text: str) -> str:
    """Return a text in which the look of every character replaces it, in small letters."""
    table = _table()
    if text.isascii():
        return text.translate(table).casefold().translate(table)
    text = normalize("NFD", normalize("NFKC", text))
    return normalize("NFD", text.translate(table).casefold().translate(table))


@lru_cache(maxsize=_REMEMBERED)
def _look(name: str) -> str:
    look = _looked(fold_digits(name.removeprefix("#")))
    if name.isascii():
        return look  # the table has no further look for these
    while (further := _looked(look)) != look:  # a few letters turn into accented ones, such as ð
        look = further
    return look


def _looked(name: str) -> str:
    look = ACCENTS.sub("", skeleton(name)).replace("vv", "w")
    return _PUNCTUATION.sub("-", look).rstrip("-")


def _reserved(name: str) -> frozenset[str]:
    """Return the looks of a name with its digits read as letters, and its small letters as capitals."""
    found = looks(name) | looks(name.upper())
    return frozenset(_look(look.translate(_DIGITS).replace("-", "")) for look in found)


@cache
def _all_reserved() -> frozenset[str]:
    return frozenset().union(*map(_reserved, RESERVED))


@cache
def _table() -> dict[int, str]:
    from .confusables_table import CLASSES

    table: dict[int, str] = {}
    for each in CLASSES.split(";"):
        look, *others = each.split()
        text = "".join(chr(int(point, 16)) for point in look.split("+"))
        table.update((int(point, 16), text) for point in others)
    return table
