"""The server's log: text from a peer, as in a traceback, cannot forge log lines or control a terminal."""

from __future__ import annotations

import logging

from ..protocol.text.hygiene import clean, clean_line

LINE_CHARACTERS = 500
"""Longest line: a sentence of ours with a path; more text from a peer explains nothing."""

LINES = 100
"""Most lines of a record: more than our deepest traceback, so that only text full of line ends is cut."""

BELOW = "  | "
"""The prefix of all lines of a record except the first, so that no line looks like a record."""


class SafeFormatter(logging.Formatter):
    """Writes a record as one line, and a traceback as marked lines below it; cleans and truncates all lines."""

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
    """Write warnings and errors of this process to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(SafeFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
