"""The server's log: words of a peer, which a traceback may repeat, pass for no line of it and drive no terminal."""

from __future__ import annotations

import logging

from ..protocol.text.hygiene import clean, clean_line

LINE_CHARACTERS = 500
"""Longest line: a sentence of ours with a path in it. More of what a peer said explains nothing."""

LINES = 100
"""Most lines of a record: more than our deepest traceback has, so that only a text full of line ends is cut."""

BELOW = "  | "
"""What the lines of a record begin with but the first, so that none of them passes for a record."""


class HonestFormatter(logging.Formatter):
    """Writes a record as one line, and a traceback as marked lines below it, all of them cleaned and cut."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        """Return the first line."""
        return clean_line(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """Return all lines."""
        first, *below = clean(super().format(record)).replace("\t", " ").split("\n")
        more = len(below) - LINES
        if more > 0:
            below[LINES:] = [f"… and {more} more lines"]
        return "\n".join(line[:LINE_CHARACTERS] for line in (first, *(BELOW + line for line in below)))


def log_to_stderr() -> None:
    """Have warnings and errors of this process written to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(HonestFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
