"""What a name looks like, so that nobody takes one that reads like another's (UTS #39 skeletons).

Only the server asks, when a name is taken. Names that mix scripts are refused before; this tells Cyrillic from Latin as
a whole, and l, I and 1.
"""

from __future__ import annotations

from functools import cache
from unicodedata import normalize

from ..names import name_key


def looks(name: str) -> frozenset[str]:
    """Return what a name looks like, in lower case and as it is written; who shares one of them looks the same."""
    return frozenset({skeleton(name_key(name)), name_key(skeleton(name))})


def skeleton(text: str) -> str:
    """Return a text with each character replaced by what it looks like; equal skeletons look the same."""
    table = _table()
    return normalize("NFD", normalize("NFD", normalize("NFKC", text)).translate(table))


@cache
def _table() -> dict[int, str]:
    from .confusable_characters import CLASSES

    table: dict[int, str] = {}
    for each in CLASSES.split(";"):
        look, *others = each.split()
        text = "".join(chr(int(point, 16)) for point in look.split("+"))
        table.update((int(point, 16), text) for point in others)
    return table
