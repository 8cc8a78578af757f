"""Breaks what is drawn into rows before the terminal does, so that no text but our own begins at the left edge."""

from __future__ import annotations

from rich.text import Text

from ...protocol.text.rows import row_starts

INDENT = " " * len("12:34 ")
"""Before the further rows of a text: none of them can look like the start of a message."""


def wrapped(text: Text, columns: int) -> Text:
    """Return a text whose lines fit into the columns, with their further rows indented.

    A text that overflows by its own wish, such as a command to be copied, stays as it is.
    """
    if text.overflow == "ignore":
        return text
    indent = INDENT[: columns // 2]
    rows: list[Text] = []
    for line in text.split("\n", allow_blank=True):
        parts = line.divide(row_starts(line.plain, max(1, columns), max(1, columns - len(indent))))
        rows.append(Text(f"\n{indent}").join(parts))
    return Text("\n").join(rows)
