"""Rows of a screen: a long line is broken before the terminal breaks it, so that no text begins at the left edge.

Otherwise a message as long as the terminal is wide could continue in a row that looks like another user's message.
"""

from __future__ import annotations

from itertools import pairwise

ROW_COLUMNS = 79
"""Columns of a row if the width of the screen is not known: most terminals have 80 or more."""

CONTINUED = "    "
"""Before the further rows of a line."""

TAB_COLUMNS = 8
"""Columns that a tab takes at most."""


def in_rows(lines: str, columns: int = ROW_COLUMNS) -> str:
    """Return lines, each with its end, with those broken and indented that have more columns."""
    if len(lines) <= columns // 2 and "\t" not in lines:
        return lines
    return "".join(f"{_broken(line, columns)}\n" for line in lines[:-1].split("\n"))


def fits(line: str, columns: int = ROW_COLUMNS) -> bool:
    """Tell quickly whether a line without tabs fits; False if this is uncertain."""
    return len(line) <= (columns if line.isascii() else columns // 2)


def row_starts(line: str, first: int, others: int) -> list[int]:
    """Return the places in a line at which its further rows begin, behind a space if possible.

    The first row has ``first`` columns, and each of the others as many as that says. Characters are rather counted too
    wide than too narrow.
    """
    if line.isascii() and "\t" not in line:
        return _starts_in_ascii(line, first, others)
    starts: list[int] = []
    begin, room, used = 0, first, 0
    word, in_word = 0, 0  # the start of the last word of the row, and its columns
    for at, character in enumerate(line):
        width = _columns(character)
        if used + width > room and at > begin:
            begin, used = (word, in_word) if word > begin else (at, 0)
            if used + width > others:
                begin, used = at, 0
            starts.append(begin)
            room = others
        used += width
        in_word += width
        if character == " " and used > room // 2:
            word, in_word = at + 1, 0
    return starts


def _broken(line: str, columns: int) -> str:
    if fits(line, columns) and "\t" not in line:
        return line
    starts = [0, *row_starts(line, columns, columns - len(CONTINUED)), len(line)]
    return f"\n{CONTINUED}".join(line[start:end] for start, end in pairwise(starts))


def _starts_in_ascii(line: str, first: int, others: int) -> list[int]:
    starts: list[int] = []
    begin, room = 0, first
    while len(line) - begin > room:
        end = begin + room
        begin = line.rfind(" ", begin + room // 2, end) + 1 or end
        starts.append(begin)
        room = others
    return starts


def _columns(character: str) -> int:
    """Return how many columns a character takes at most; above the alphabets, two: no table of widths is everywhere."""
    if character < "\u1100" or "\u1e00" <= character < "\u20d0":
        return TAB_COLUMNS if character == "\t" else 1
    return 2
