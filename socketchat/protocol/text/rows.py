"""Rows of a screen: a long line is broken before the terminal breaks it, so that no text begins at the left edge.

Otherwise a message as long as the terminal is wide could continue in a row that looks like another user's message.
"""

from __future__ import annotations

import re
from itertools import accumulate

ROW_COLUMNS = 79
"""Columns of a row if the width of the screen is not known: most terminals have 80 or more."""

CONTINUED = "    "
"""Before the further rows of a line."""

TAB_COLUMNS = 8
"""Columns that a tab takes at most."""

_FILLER = "\0"
"""Follows a character for each of its further columns, so that lengths are widths; cleaned text has no NUL."""

_TAB = "\t" + _FILLER * (TAB_COLUMNS - 1)

_wide_runs = re.compile("[\u1100-\u1dff\u20d0-\U0010ffff]+").sub
"""Characters above the alphabets count as two columns: no table of widths is the same everywhere."""

_is_narrow = re.compile("[^\u1100-\u1dff\u20d0-\U0010ffff]*").fullmatch

_over_long = re.compile(rf"^.{{{ROW_COLUMNS + 1},}}$", re.MULTILINE).sub
"""Lines of a usual screen that need a break: a text of 32,768 short lines costs no call for each."""

_links = re.compile(
    r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?#][A-Za-z0-9\-._~/?#@!$&'()*+,;=%]*)?", re.IGNORECASE
).finditer
"""Links stay whole even if a terminal breaks them: unlike lines of the chat, they have no space, bracket or colon."""


def in_rows(lines: str, columns: int = ROW_COLUMNS) -> str:
    """Return lines, each with its end, with those broken and indented that have more columns; links stay whole."""
    wide = _wide(lines)
    sub = _over_long if columns == ROW_COLUMNS else re.compile(rf"^.{{{columns + 1},}}$", re.MULTILINE).sub
    broken = sub(lambda line: f"\n{CONTINUED}".join(_rows(line[0], columns, columns - len(CONTINUED))), wide)
    return lines if broken is wide else broken.replace(_FILLER, "")


def row_starts(line: str, first: int, others: int) -> list[int]:
    """Return the places in a line at which its further rows begin, behind a space if possible.

    The first row has ``first`` columns, and each of the others as many as that says. Characters are rather counted too
    wide than too narrow.
    """
    rows = _rows(_wide(line), first, others, keeps_links=False)
    return list(accumulate(len(row.replace(_FILLER, "")) for row in rows[:-1]))


def _wide(text: str) -> str:
    """Return a text in which each character is followed by a filler for each of its further columns."""
    text = text.replace("\t", _TAB)
    return text if text.isascii() or _is_narrow(text) else _wide_runs(_filled, text)


def _filled(run: re.Match[str]) -> str:
    return _FILLER.join(run[0]) + _FILLER


def _rows(line: str, first: int, others: int, *, keeps_links: bool = True) -> list[str]:
    """Return the rows of a line in which lengths are widths."""
    links = [link.span() for link in _links(line)][::-1] if keeps_links and "://" in line else []
    rows: list[str] = []
    begin, room = 0, first
    while len(line) - begin > room:
        end = line.rfind(" ", begin + room // 2, begin + room) + 1 or _hard_end(line, begin, begin + room)
        while links and links[-1][1] <= end:
            links.pop()
        if links and links[-1][0] < end:
            start, stop = links[-1]
            end = start if start > begin else stop
            if end == len(line):
                break
        rows.append(line[begin:end])
        begin, room = end, others
    return [*rows, line[begin:]]


def _hard_end(line: str, begin: int, end: int) -> int:
    """Return the last place up to ``end``, and after at least one character, that splits no character."""
    while line[end] == _FILLER and end > begin:
        end -= 1
    if end == begin:
        end += 1
        while end < len(line) and line[end] == _FILLER:
            end += 1
    return end
