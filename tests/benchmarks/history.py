"""A long history, made once by chatting; every run gets a copy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .load import Load, clients
from .processes import running, wait_until_quiet
from .servers import Socketchat

CHATTING = Load(200, rooms=100, in_flight=2000)
"""Creates rows in a hundred rooms in turn, as on a disk after years."""

SECONDS = 5.0
"""Seconds of chatting before the rows are counted again."""


class _InPlace(Socketchat):
    """A server whose data outlives it."""

    def __init__(self, data: Path) -> None:
        super().__init__()
        self._data = data

    def command(self, directory: Path) -> Sequence[str | Path]:  # noqa: ARG002 - only other servers use it
        return self.serve(self._data)


def make_history(rows: int, directory: Path) -> Path:
    """Create a data directory with at least this many messages, and return it."""
    data, made = directory / "history", 0.0
    with running(_InPlace(data), directory) as started:
        while made < rows:
            with clients(started, CHATTING, seconds=SECONDS) as entered:
                made += entered.talk().deliveries  # in rooms of two each message is delivered once
            wait_until_quiet()  # the names are free again
    return data
