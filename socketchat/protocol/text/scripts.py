"""The script of a character, for names: a name has one script, or scripts that are written together."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cache

TOGETHER = (
    frozenset({"Hani", "Hira", "Kana"}),
    frozenset({"Hani", "Hang"}),
    frozenset({"Hani", "Bopo"}),
)
"""Scripts that are written together (UTS #39), but never together with Latin: Japanese, Korean, and Bopomofo."""

_ANY = "Any"


def scripts_of(character: str) -> frozenset[str]:
    """Return the scripts of a character; an empty set if names may not have it."""
    starts, ranges = _table()
    place = bisect_right(starts, ord(character)) - 1
    if place < 0:
        return frozenset()
    end, scripts = ranges[place]
    return scripts if ord(character) <= end else frozenset()


def are_mixed(characters: Iterable[str]) -> bool:
    """Tell whether no script, and no scripts that are written together, have all these characters."""
    each = [scripts for character in characters if _ANY not in (scripts := scripts_of(character))]
    if not each or frozenset.intersection(*each):
        return False
    return not any(all(scripts & together for scripts in each) for together in TOGETHER)


@cache
def _table() -> tuple[list[int], list[tuple[int, frozenset[str]]]]:
    """Return the starts of the ranges of characters, and their ends and scripts."""
    from .scripts_table import SCRIPTS

    found = []
    for line in SCRIPTS.split(";"):
        scripts, *ranges = line.split()
        for each in ranges:
            start, _, end = each.partition("-")
            found.append((int(start, 16), int(end or start, 16), frozenset(scripts.split("+"))))
    found.sort(key=lambda each: each[0])
    return [start for start, _, _ in found], [(end, scripts) for _, end, scripts in found]
