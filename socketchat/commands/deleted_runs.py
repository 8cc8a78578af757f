"""Runs of lines that were deleted: many in a row of one author read as one line."""

from __future__ import annotations

from typing import NamedTuple

from ..journal.bodies import is_blank
from ..protocol.events import Entry
from ..protocol.kinds import CHANGEABLE, DELETE, REFERS


class Line(NamedTuple):
    """An entry as it is told; where it is the first of a run, how many were deleted and the seq of the last of them."""

    entry: Entry
    deleted: int = 0
    last: int = 0


def put_before(lines: list[Line], entry: Entry) -> None:
    """Add the entry before those that are there, of which ``lines`` has the newest first, to their run if it is of it.

    What only says that lines of the run were edited or deleted goes with them.
    """
    if is_deleted(entry):
        at = len(lines)
        while at and _only_tells(lines[at - 1].entry):
            at -= 1
        if at and lines[at - 1].entry.author == entry.author and is_deleted(lines[at - 1].entry):
            newer = lines[at - 1]
            lines[at - 1 :] = [Line(entry, max(newer.deleted, 1) + 1, newer.last or newer.entry.seq)]
            return
    lines.append(Line(entry))


def is_deleted(entry: Entry) -> bool:
    """Tell whether an entry is what is left of a line that somebody said."""
    return entry.kind in CHANGEABLE and is_blank(entry)


def _only_tells(entry: Entry) -> bool:
    return entry.kind == DELETE or (entry.kind in REFERS and is_blank(entry))
