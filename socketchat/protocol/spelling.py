"""Finds the command, user or room that a misspelled word probably means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from string import ascii_lowercase, digits
from typing import TypeVar

from .limits import NAME_CHARACTERS
from .names import name_key

Found = TypeVar("Found")

_SIMILAR = 0.65
"""Least similarity of two commands, from 0 to 1: "hlep" is "help", and "nope" is not "ignore"."""

_LONGEST = NAME_CHARACTERS + 1
"""Longest name that may be one typing mistake away from a real one."""

_SHORTEST = 3
"""Shorter names are one mistake away from many."""

_ALPHABET = ascii_lowercase + digits + "-_."

_SCRIPT = 32
"""Characters next to each other that count as the alphabet of one that is not ASCII: enough for Greek or Cyrillic."""

CORRECTIONS = 1_000
"""Most corrections that are tried, for any number of users or rooms: all of 12 characters, in under a millisecond."""


def nearest(word: str, choices: Sequence[str]) -> str | None:
    """Return the probable meaning of a word among a few choices, such as commands; None if no choice is similar."""
    from difflib import get_close_matches  # needed only after a mistake

    near = get_close_matches(word[:_LONGEST].lower(), choices, n=1, cutoff=_SIMILAR)
    return near[0] if near else None


def nearest_name(name: str, find: Callable[[str], Found | None]) -> Found | None:
    """Return the result of ``find`` for a key that is one typing mistake away from a name, or None.

    The work depends on the length of the name, and not on how many names exist.
    """
    for count, key in enumerate(_corrections(name_key(name))):
        if count >= CORRECTIONS:
            break
        found = find(key)
        if found is not None:
            return found
    return None


def _corrections(key: str) -> Iterator[str]:
    """Yield the keys that become this one by one mistake: two characters swapped, one added, changed or lost."""
    if not _SHORTEST <= len(key) <= _LONGEST:
        return
    places = range(len(key))
    yield from (key[:place] + two + one + key[place + 2 :] for place, (one, two) in enumerate(pairwise(key)))
    yield from (key[:place] + key[place + 1 :] for place in places)
    alphabet = _alphabet(key)
    yield from (key[:place] + each + key[place + 1 :] for place in places for each in alphabet)
    yield from (key[:place] + each + key[place:] for place in range(len(key) + 1) for each in alphabet)


def _alphabet(key: str) -> str:
    if key.isascii():
        return _ALPHABET
    starts = sorted({ord(character) // _SCRIPT * _SCRIPT for character in key if not character.isascii()})
    return "".join(chr(point) for start in starts[:2] for point in range(start, start + _SCRIPT))
