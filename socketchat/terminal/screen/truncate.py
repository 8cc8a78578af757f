"""Keeps a long text from filling the screen: its beginning is shown, and where the rest is to be had."""

from __future__ import annotations

COLUMNS = 80
"""Characters that count as a row of the screen, however wide that is: what is folded looks the same to everybody."""

WHOLE_ROWS = 25
"""Rows of the longest text that is shown whole: a screen of a small terminal."""

FOLDED_ROWS = 20
"""Rows that are shown of a longer one: enough to tell what it is, and what is hidden is worth the words about it."""


def folded(text: str, place: str) -> tuple[str, str]:
    """Return what is shown of a text, and the words for what is not: "" where it is shown whole."""
    lines = text.split("\n")
    if sum(map(_rows, lines)) <= WHOLE_ROWS:
        return text, ""
    kept: list[str] = []
    left = FOLDED_ROWS
    for line in lines:
        if _rows(line) > left:
            break
        kept.append(line)
        left -= _rows(line)
    hidden = len(lines) - len(kept)
    if left and len(line) > left * COLUMNS:  # of a line that is longer than the screen
        kept.append(line[: left * COLUMNS])
        hidden -= 1
    shown = "\n".join(kept)
    if hidden:
        many = f"{hidden:,} more {'line' if hidden == 1 else 'lines'}"
    else:
        many = f"{len(text) - len(shown):,} more characters"
    return shown, f"… {many}: /show {place}"


def _rows(line: str) -> int:
    return max(1, -(-len(line) // COLUMNS))
