"""Truncates a long text: shows its beginning, and says how to see the rest."""

from __future__ import annotations

from itertools import accumulate

from rich.cells import cell_len

COLUMNS = 80
"""Columns that count as a row, for any width of the screen: a truncated text looks the same to all users."""

TAB_COLUMNS = 8
"""Columns between the tab stops of a terminal."""

WHOLE_ROWS = 25
"""Rows of the longest text that is shown whole: the screen of a small terminal."""

TRUNCATED_ROWS = 20
"""Rows shown of a longer text: enough to recognize it, and the saving is more than the note takes."""


def truncated(text: str, place: str) -> tuple[str, str]:
    """Return the shown part of a text, and a note about the rest: "" if the whole text is shown."""
    lines = text.split("\n")
    if sum(map(_rows, lines)) <= WHOLE_ROWS:
        return text, ""
    kept: list[str] = []
    left = TRUNCATED_ROWS
    for line in lines:
        if _rows(line) > left:
            break
        kept.append(line)
        left -= _rows(line)
    hidden = len(lines) - len(kept)
    if left and _rows(line) > left:  # of a line that is longer than the screen
        kept.append(_beginning(line, left * COLUMNS))
        hidden -= 1
    shown = "\n".join(kept)
    if hidden:
        many = f"{hidden:,} more {'line' if hidden == 1 else 'lines'}"
    else:
        many = f"{len(text) - len(shown):,} more characters"
    return shown, f"… {many}: /show {place}"


def _rows(line: str) -> int:
    return max(1, -(-_columns(line) // COLUMNS))


def _columns(line: str) -> int:
    return len(line) if line.isascii() and "\t" not in line else cell_len(line.expandtabs(TAB_COLUMNS))


def _beginning(line: str, columns: int) -> str:
    """Return the beginning of a line, in at most this many columns."""
    if line.isascii() and "\t" not in line:
        return line[:columns]
    used = accumulate(TAB_COLUMNS if each == "\t" else cell_len(each) for each in line)
    return line[: sum(width <= columns for width in used)]
