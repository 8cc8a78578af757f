"""Redaction: an entry keeps its place, author, time and kind; its text is removed, also from the search index."""

from __future__ import annotations

import apsw

from ....protocol.events import Entry
from ....protocol.kinds import DAMAGED
from ...bodies import blanked, is_blank
from ..checksum import checksum, entry_from
from ..indexes.consistency import IndexDamaged
from ..indexes.search_index import unindex


def find(db: apsw.Connection, conversation: int, seq: int) -> tuple[int, Entry] | None:
    """Return the id and the entry of a place, or None if it has no entry; raises IndexDamaged."""
    row = db.execute(_FIND, (conversation, seq)).fetchone()
    if row is None:
        if (seq,) in db.execute(_KEPT, (conversation, seq)):
            raise IndexDamaged(f"it lacks entry {seq}")
        return None
    entry_id, number, *stored = row
    entry = entry_from(stored)
    if entry.kind != DAMAGED and (number, entry.seq) != (conversation, seq):
        raise IndexDamaged(f"for entry {seq} it leads to entry {entry.seq}")
    return int(str(entry_id)), entry


def blank_with_edits(db: apsw.Connection, conversation: int, seq: int) -> tuple[int, ...]:
    """Blank an entry and all its edits, in the current transaction; return their seqs."""
    edits = [number for (number,) in db.execute(_EDITS, (conversation, seq))]
    changed = []
    for place in [seq, *edits]:
        found = find(db, conversation, place)
        if found is not None and blank(db, *found):
            changed.append(place)
    return tuple(changed)


def newest_edits(db: apsw.Connection, conversation: str, first: int, last: int) -> dict[int, Entry]:
    """Return the newest edit of each of these entries that has one."""
    edits: dict[int, Entry] = {}
    for number, of, seq in list(db.execute(_NEWEST, (conversation, first, last))):
        found = find(db, number, seq)
        if found is not None:
            edits[of] = found[1]
    return edits


def blank(db: apsw.Connection, entry_id: int, entry: Entry) -> bool:
    """Blank one entry; return False if it is damaged or already blank.

    The row keeps its size, so that SQLite overwrites it in place. If it became shorter, SQLite could move neighboring
    rows to another page, and their old copies would outlive their deletion.
    """
    if entry.kind == DAMAGED or is_blank(entry):
        return False
    body = blanked(bytes(entry.body))
    unindex(db, "?", (entry_id,))
    proof = checksum(entry.conversation, entry.seq, entry.ts, entry.author, entry.name, entry.kind, body)
    db.execute("UPDATE entry SET body = ?, checksum = ? WHERE id = ?", (body, proof, entry_id))
    db.execute("UPDATE meta SET deleted = 1")
    return True


_KEPT = "SELECT ?2 FROM conversation WHERE id = ?1 AND floor <= ?2"

_EDITS = "SELECT seq FROM edit WHERE conversation = ? AND of = ?"

_NEWEST = """
    SELECT conversation, of, max(seq) FROM edit
    WHERE conversation = (SELECT id FROM conversation WHERE name = ?) AND of BETWEEN ? AND ? GROUP BY of
"""

_ROW = "e.id, e.conversation, c.name, e.seq, e.ts, e.author, e.name, e.kind, e.body, e.checksum"

_FIND = f"""
    SELECT {_ROW} FROM place p CROSS JOIN entry e ON e.id = p.entry JOIN conversation c ON c.id = e.conversation
    WHERE p.conversation = ?1 AND p.seq = ?2
    UNION ALL
    SELECT {_ROW} FROM entry e JOIN conversation c ON c.id = e.conversation
    WHERE e.id > (SELECT fed FROM meta) AND e.conversation = ?1 AND e.seq = ?2
"""  # noqa: S608  constants
