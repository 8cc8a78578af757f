"""Rows of a screen: a long line is broken before the terminal breaks it, so that no text begins at the left edge.

Otherwise a message as long as the terminal is wide could continue in a row that looks like another user's message.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import accumulate, pairwise

ROW_COLUMNS = 79
"""Columns of a row if the width of the screen is not known: most terminals have 80 or more."""

CONTINUED = "    "
"""Before the further rows of a line."""

TAB_COLUMNS = 8
"""Columns that a tab takes at most."""


_is_narrow = re.compile("[^\t\u1100-\u1dff\u20d0-\U0010ffff]*").fullmatch
"""Tells whether each character of a line takes one column."""


def in_rows(lines: str, columns: int = ROW_COLUMNS) -> str:
    """Return lines, each with its end, with those broken and indented that have more columns."""
    return _doubtful(columns)(lambda line: _broken(line[0], columns), lines)


@cache
def _doubtful(columns: int) -> Callable[[Callable[[re.Match[str]], str], str], str]:
    """Return what replaces the lines that may need a break; a text of 32,768 lines costs no call for each."""
    return re.compile(rf"^(?:.{{{columns // 2 + 1},}}|.*\t.*)$", re.MULTILINE).sub


def fits(line: str, columns: int = ROW_COLUMNS) -> bool:
    """Tell quickly whether a line without tabs fits; False if this is uncertain."""
    return len(line) <= (columns if line.isascii() else columns // 2)


def row_starts(line: str, first: int, others: int) -> list[int]:
    """Return the places in a line at which its further rows begin, behind a space if possible.

    The first row has ``first`` columns, and each of the others as many as that says. Characters are rather counted too
    wide than too narrow.
    """
    if _is_narrow(line):
        return _starts_in_narrow(line, first, others)
    ends = [0, *accumulate(map(_columns, line))]  # the columns before each character
    starts: list[int] = []
    begin, room = 0, first
    while ends[-1] - ends[begin] > room and begin + 1 < len(line):
        end = max(bisect_right(ends, ends[begin] + room) - 1, begin + 1)
        word = line.rfind(" ", begin, end) + 1
        fits_there = word > begin and ends[word] - ends[begin] > room // 2 and ends[end + 1] - ends[word] <= others
        begin = word if fits_there else end
        starts.append(begin)
        room = others
    return starts


def _broken(line: str, columns: int) -> str:
    if fits(line, columns) and "\t" not in line:
        return line
    starts = [0, *row_starts(line, columns, columns - len(CONTINUED)), len(line)]
    return f"\n{CONTINUED}".join(line[start:end] for start, end in pairwise(starts))


def _starts_in_narrow(line: str, first: int, others: int) -> list[int]:
    starts: list[int] = []
    begin, room = 0, first
    while len(line) - begin > room:
        end = begin + room
        begin = line.rfind(" ", begin + room // 2, end) + 1 or end
        starts.append(begin)
        room = others
    return starts


@lru_cache(4096)
def _columns(character: str) -> int:
    """Return how many columns a character takes at most; above the alphabets, two: no table of widths is everywhere."""
    if character < "\u1100" or "\u1e00" <= character < "\u20d0":
        return TAB_COLUMNS if character == "\t" else 1
    return 2
