"""Retention in bounded steps: erases the messages of a user, and drops entries past their retention.

Each step is a separate transaction, so that commits wait for one step at most, and a crash undoes no finished step.
"""

from __future__ import annotations

import apsw

from ....protocol.kinds import PERSONAL
from ... import Keep, Revision
from ..checksum import entry_from
from ..indexes.search_index import transaction, unindex
from ..schema import sql_list
from .redaction import blank

SCANNED = 5_000
"""Entries checked in a step of erasing; most are by other users, and skipping them takes a millisecond."""

BLANKED = 100
"""Entries blanked or dropped in a step; removing one from the index takes about ten microseconds per word."""


def begin_erasing(db: apsw.Connection, author: str) -> None:
    """Record that all earlier messages of a user are to be erased; raises apsw.Error."""
    with transaction(db):
        db.execute("INSERT OR REPLACE INTO erasure SELECT ?, 1, ifnull(max(id), 0) FROM entry", (author,))


def erasures(db: apsw.Connection) -> list[str]:
    """Return the users with an unfinished erasure."""
    return [author for (author,) in db.execute("SELECT author FROM erasure")]


def erase_some(db: apsw.Connection, author: str) -> tuple[Revision, int, int]:
    """Do one step; return the changes, the number of entries checked so far, and the total; raises apsw.Error."""
    revision = Revision()
    begin, last = next(db.execute("SELECT next, last FROM erasure WHERE author = ?", (author,)))
    stop = min(begin + SCANNED, last + 1)
    with transaction(db):
        rows = list(db.execute(_SAID_BY, (begin, stop, author, BLANKED)))
        if len(rows) == BLANKED:
            stop = rows[-1][0] + 1
        for entry_id, *row in rows:
            entry = entry_from(row)
            if blank(db, entry_id, entry):
                revision.blanked.setdefault(entry.conversation, []).append(entry.seq)
        if stop > last:
            db.execute("DELETE FROM mark WHERE user = ?", (author,))
            db.execute("DELETE FROM erasure WHERE author = ?", (author,))
            db.execute("UPDATE meta SET deleted = 1")
        else:
            db.execute("UPDATE erasure SET next = ? WHERE author = ?", (stop, author))
    return revision, stop - 1, last


def expired(db: apsw.Connection, keep: Keep, now: int) -> list[tuple[int, str, int]]:
    """Return the conversations whose oldest entry is past retention: number, name, oldest time to keep."""
    found = []
    for number, name, oldest in db.execute(_OLDEST):
        kept_for = keep.of(name)
        if kept_for is not None and oldest < now - kept_for:
            found.append((number, name, now - kept_for))
    return found


def drop_some(db: apsw.Connection, number: int, since: int) -> tuple[int, bool]:
    """Drop the oldest entries of a conversation; return its new floor, and whether there is more to drop."""
    rows = list(db.execute(_FIRST, (number, BLANKED + 1)))
    newer = [seq for seq, ts in rows if ts is not None and ts >= since]
    more = not newer and len(rows) > BLANKED
    floor = newer[0] if newer else rows[-1][0] + (not more)
    with transaction(db):
        unindex(db, _DROPPED, (number, floor))
        for statement in _DROP:
            db.execute(statement, (number, floor))
        db.execute("DELETE FROM place WHERE conversation = ? AND seq < ?", (number, floor))
        db.execute("UPDATE meta SET deleted = 1, placed = placed - ?", (db.changes(),))
    return floor, more


_SAID_BY = f"""
    SELECT e.id, c.name, e.seq, e.ts, e.author, e.name, e.kind, e.body, e.checksum
    FROM entry e JOIN conversation c ON c.id = e.conversation
    WHERE e.id >= ? AND e.id < ? AND e.author = ? AND e.kind IN ({sql_list(PERSONAL)}) ORDER BY e.id LIMIT ?
"""  # noqa: S608  constants

_OLDEST = """
    SELECT c.id, c.name, e.ts FROM conversation c
    CROSS JOIN place p ON p.conversation = c.id AND p.seq = (SELECT min(seq) FROM place WHERE conversation = c.id)
    CROSS JOIN entry e ON e.id = p.entry
"""

_FIRST = """
    SELECT p.seq, e.ts FROM place p LEFT JOIN entry e ON e.id = p.entry WHERE p.conversation = ? ORDER BY p.seq LIMIT ?
"""

_DROPPED = "SELECT entry FROM place WHERE conversation = ? AND seq < ?"

_DROP = (
    f"""
    DELETE FROM sent WHERE (outbox, n) IN (
        SELECT outbox, n FROM entry WHERE outbox IS NOT NULL AND id IN ({_DROPPED})
    )
    """,  # noqa: S608  constants
    f"DELETE FROM entry WHERE fact = 0 AND id IN ({_DROPPED})",  # noqa: S608  constants
    "DELETE FROM edit WHERE conversation = ? AND of < ?",
    "UPDATE conversation SET floor = ?2 WHERE id = ?1",
)
