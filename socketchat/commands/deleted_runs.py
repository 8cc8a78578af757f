"""Runs of deleted lines: consecutive ones of one author are shown as one line."""

from __future__ import annotations

from typing import NamedTuple

from ..journal.bodies import is_blank
from ..protocol.events import Entry
from ..protocol.kinds import CHANGEABLE, DELETE, REFERS


class Line(NamedTuple):
    """An entry in an answer; if it starts a run, also the number of deleted lines and the seq of the last one."""

    entry: Entry
    deleted: int = 0
    last: int = 0


def put_before(lines: list[Line], entry: Entry) -> None:
    """Add an entry that is older than all in ``lines`` (newest first), and merge it into their run if it belongs to it.

    Edits and deletes of lines of the run are merged too.
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
    """Tell whether an entry is a deleted message."""
    return entry.kind in CHANGEABLE and is_blank(entry)


def _only_tells(entry: Entry) -> bool:
    return entry.kind == DELETE or (entry.kind in REFERS and is_blank(entry))
