"""The audit after each start: it checks that every index finds every row that belongs in it.

A read detects a seq that is missing from the index or leads to the wrong row. Only the audit detects a missing key,
which would let a message be stored twice, or a missing edit.
"""

from __future__ import annotations

import apsw

from ....protocol.kinds import DAMAGED, EDIT
from ..checksum import entry_from

ROWS = 1_000
"""Rows checked in a step, some milliseconds: the write-ahead log cannot restart while a reader is active."""


def indexes_agree(db: apsw.Connection, after: int) -> tuple[bool, int | None]:
    """Tell whether the indexes find the next rows, and where to go on, None at the end; raises apsw.Error."""
    last = after + ROWS
    try:
        rows = list(db.execute(_LOST, (after, last)))
        (fed,) = (int(str(value)) for value in next(db.execute("SELECT fed FROM meta")))
    except (apsw.CorruptError, UnicodeDecodeError):
        return False, None
    # A damaged row may claim to be anything.
    return all(entry_from(row).kind == DAMAGED for row in rows), last if last < fed else None


_LOST = f"""
    SELECT c.name, e.seq, e.ts, e.author, e.name, e.kind, e.body, e.checksum
    FROM entry e JOIN conversation c ON c.id = e.conversation
    LEFT JOIN place p ON p.conversation = e.conversation AND p.seq = e.seq
    LEFT JOIN sent s ON s.outbox = e.outbox AND s.n = e.n
    LEFT JOIN edit x ON e.kind = '{EDIT}' AND x.conversation = e.conversation AND x.seq = e.seq
        AND x.of = CASE WHEN json_valid(CAST(e.body AS TEXT)) THEN CAST(e.body AS TEXT) ->> '$.of' END
    WHERE e.id > ?1 AND e.id <= min(?2, (SELECT fed FROM meta)) AND e.seq >= c.floor AND (
        p.entry IS NOT e.id OR (e.outbox IS NOT NULL AND s.entry IS NOT e.id) OR (e.kind = '{EDIT}' AND x.seq IS NULL)
    )
"""  # noqa: S608  constants
