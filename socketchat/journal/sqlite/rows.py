"""Reads entries row by row, without indexes and around damaged pages: slow, but as reliable as the rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import apsw

from ...protocol.events import Entry
from ...protocol.kinds import DAMAGED, EDIT
from ..bodies import said
from .checksum import entry_from


def sound_entries(db: apsw.Connection, number: int, name: str, first: int, last: int) -> dict[int, Entry]:
    """Return the sound entries of a conversation with these seqs, by seq; scans all rows."""
    return {entry.seq: entry for entry in _entries(db, number, name) if first <= entry.seq <= last}


def edits_of(db: apsw.Connection, number: int, name: str, first: int, last: int) -> dict[int, Entry]:
    """Return the newest edit of each of these entries that has one."""
    edits: dict[int, Entry] = {}
    for entry in sorted(_entries(db, number, name), key=lambda entry: entry.seq):
        if entry.kind == EDIT and first <= (said(entry).of or 0) <= last:
            edits[said(entry).of or 0] = entry
    return edits


def number_of(db: apsw.Connection, conversation: str) -> tuple[int, int] | None:
    """Return the number and the floor of a conversation, or None if it does not exist."""
    return db.execute(_NUMBER, (conversation,)).fetchone()


def _entries(db: apsw.Connection, number: int, name: str) -> Iterator[Entry]:
    for order in ("ASC", "DESC"):  # from both ends, up to the first unreadable page
        with suppress(apsw.CorruptError):
            for row in db.execute(f"{_ROWS} ORDER BY id {order}", (number,)):
                entry = entry_from((name, *_decoded(row)))
                if entry.kind != DAMAGED:
                    yield entry
            return


def _decoded(row: apsw.SQLiteValues) -> Iterator[apsw.SQLiteValue]:
    """Yield the columns; a text that is not UTF-8 stays bytes, and so fails its checksum."""
    for index, value in enumerate(row):
        if index in _TEXTS and isinstance(value, bytes):
            try:
                yield value.decode()
            except UnicodeDecodeError:
                yield value
        else:
            yield value


_TEXTS = (2, 3, 4)
"""Columns to cast, because invalid UTF-8 would end the scan."""

_ROWS = """
    SELECT seq, ts, CAST(author AS BLOB), CAST(name AS BLOB), CAST(kind AS BLOB), body, checksum
    FROM entry NOT INDEXED WHERE +conversation = ?
"""

_NUMBER = "SELECT id, floor FROM conversation NOT INDEXED WHERE name = ?"
