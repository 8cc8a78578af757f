"""The tables of users and of rooms."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import zip_longest

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from ...protocol.events import Room
from ...protocol.text.hygiene import clean_line
from ...protocol.wording import room_marks
from .lines import Lines

TOPIC_COLUMNS = 50
"""Width of the terminal below which the table of rooms leaves out the topics; /topic shows one."""

LONGEST_COLUMN = 12
"""Names in one column of the table of users before a second column begins."""

NARROWEST_COLUMN = 4
"""Least width of a column of names, with its borders."""

MOST_ROWS = 1_000
"""Names or rooms in a table, which takes a second to draw: users do not read more, and its title has the total."""


class Tables:
    """Draws tables; names get their color from ``lines``."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def users(
        self,
        names: Sequence[str],
        away: Mapping[str, str],
        guests: Collection[str],
        *,
        me: str,
        room: str | None,
        width: int,
    ) -> Table:
        """Return the table of the users who are online; ``me``, guests and users who are away are marked."""
        place = f" in {clean_line(room)}" if room else ""
        table = framed(f"Online users{place} ({_counted(names)})")
        table.show_header = False
        cells = [self._user(name, away.get(name), me, is_guest=name in guests) for name in names[:MOST_ROWS]]
        columns = in_columns(cells, width - 1)
        for _ in columns:
            table.add_column(no_wrap=True, overflow="ellipsis")
        for row in zip_longest(*columns, fillvalue=Text()):
            table.add_row(*row)
        return table

    def _user(self, name: str, away: str | None, me: str, *, is_guest: bool) -> Text:
        reason = (f" ({clean_line(away)})", "time") if away else ""
        marks = (" (guest)" if is_guest else "") + (" (you)" if name == me else "")
        return Text.assemble(self._lines.name(name), marks, reason)

    @staticmethod
    def rooms(rooms: Sequence[Room], *, current: str, unread: Mapping[str, int], width: int) -> Table:
        """Return the table of rooms; ``current`` is marked, ``unread`` counts by name."""
        table = framed(f"Rooms ({_counted(rooms)})")
        table.add_column("room", no_wrap=True, overflow="ellipsis")
        table.add_column("online", justify="right")
        table.add_column("new", justify="right")
        if width >= TOPIC_COLUMNS:
            table.add_column("topic")
        for room in rooms[:MOST_ROWS]:
            name = Text(("» " if room.name == current else "  ") + clean_line(room.name), "room" if room.member else "")
            new = unread.get(room.name)
            marks = "".join(f"[{mark}] " for mark in room_marks(room.announce, room.slow))
            topic = Text(clean_line(f"{marks}{room.topic}"))
            cells = [name, Text(f"{room.online:,}"), Text(f"{new:,}" if new else ""), topic]
            table.add_row(*cells[: len(table.columns)])
        return table


def _counted(rows: Sequence[object]) -> str:
    return str(len(rows)) if len(rows) <= MOST_ROWS else f"{len(rows):,}, the first {MOST_ROWS:,} shown"


def framed(title: str) -> Table:
    """Return an empty table with a title, wide enough for it."""
    style = "rule"
    return Table(
        title=title,
        box=box.ROUNDED,
        min_width=cell_len(title) + 1,
        title_style=style,
        border_style=style,
        title_justify="left",
    )


def in_columns(cells: Sequence[Text], width: int) -> list[Sequence[Text]]:
    """Return cells in as many columns as fit beside each other, if one column would be long."""
    for count in range(min(-(-len(cells) // LONGEST_COLUMN), width // NARROWEST_COLUMN), 1, -1):
        rows = -(-len(cells) // count)
        columns = [cells[start : start + rows] for start in range(0, len(cells), rows)]
        if 1 + sum(max(cell.cell_len for cell in column) + len("│  ") for column in columns) <= width:
            return columns
    return [cells]
