"""Wraps lines before the terminal does, so that only our own text begins at the left edge."""

from __future__ import annotations

from rich.text import Text

from ...protocol.text.rows import row_starts

INDENT = " " * len("12:34 ")
"""The indent of the further rows of a text, so that none looks like the start of a message."""


def wrapped(text: Text, columns: int) -> Text:
    """Return a text whose lines fit into the columns, with their further rows indented.

    A text that is marked to overflow, such as a command to copy, stays as it is.
    """
    if text.overflow == "ignore":
        return text
    indent = INDENT[: columns // 2]
    rows: list[Text] = []
    for line in text.split("\n", allow_blank=True):
        parts = line.divide(row_starts(line.plain, max(1, columns), max(1, columns - len(indent))))
        rows.append(Text(f"\n{indent}").join(parts))
    return Text("\n").join(rows)
