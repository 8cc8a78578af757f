"""Recovers a store from the readable parts of a damaged one.

Everything is read row by row, around the pages that SQLite cannot read. An entry that is unreadable or altered is
replaced by a placeholder marked as damaged, so that the other entries keep their places. The new store has a new
epoch, and the damaged store is kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import msgspec

from .... import files
from ....exceptions import BadFile, Refused
from ....protocol.kinds import DAMAGED, EDIT
from ... import Progress
from ...bodies import said
from .. import schema
from ..checksum import entry_from
from ..database import Database
from ..files import discard, put_in_place
from ..indexes.lagging_index import FEED_ENTRIES, feed
from ..lock import DirectoryLock

RANGE = 4_096
"""Rows read at a time if nothing is damaged."""

UNREADABLE = (apsw.CorruptError, apsw.IOError, apsw.SQLError, UnicodeDecodeError)
"""Errors that SQLite raises for an invalid page, or for a damaged list of tables."""

Row = tuple[Any, ...]


class Report(msgspec.Struct):
    """The result of a recovery; ``facts`` counts the lost entries that are known to be facts."""

    kept: int = 0
    lost: int = 0
    facts: int = 0
    unread: list[str] = []

    def lines(self) -> list[str]:
        """Return the report, one sentence per line."""
        told = [f"Recovered {self.kept:,} entries; {self.lost:,} are lost and marked as damaged."]
        if self.facts:
            told.append(f"At least {self.facts:,} of these are about accounts, rooms or bans: check them.")
        if self.unread:
            told.append(f"These tables could not be read completely: {', '.join(self.unread)}.")
        return told


def recover(directory: Path, progress: Progress | None = None) -> Report:
    """Replace a damaged store by its readable parts, and keep the old file; raises BadFile, Refused, StorageProblem."""
    database = Database(directory)
    damaged = database.damaged
    with database.told():
        lock = DirectoryLock(directory)
        lock.acquire()
        try:
            if not database.path.exists() and damaged.exists():
                damaged.rename(database.path)  # an earlier recovery was cut short
                if (log := Path(f"{damaged}-wal")).exists():
                    log.rename(f"{database.path}-wal")
            if not database.path.exists():
                raise BadFile(f"No store to recover in {directory}.")
            if damaged.exists():
                raise Refused(f"{damaged} is from an earlier recovery. Move it away and start again.")
            return _replace(database, damaged, progress)
        finally:
            lock.release()


def _replace(database: Database, damaged: Path, progress: Progress | None) -> Report:
    new = Path(f"{database.path}.recovered")
    discard(new)
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    old = database.open_reader()
    old.pragma("writable_schema", 1)  # or SQLite refuses to read a truncated file
    db = apsw.Connection(os.fspath(new), apsw.SQLITE_OPEN_READWRITE)
    try:
        version = database.check_kind(old)
        if version != len(schema.MIGRATIONS):
            raise BadFile(f"{database.path} is damaged and has an older version. Put a backup in its place.")
        schema.migrate(db)
        with db:
            report = _Recovery(old, db, database.path.stat().st_size, progress or _tell_nobody).run()
        if not report.kept:
            raise BadFile(f"{database.path} cannot be read at all. Put a backup in its place.")
        feed(db)
        db.execute("UPDATE meta SET facts = (SELECT count(*) FROM entry WHERE fact = 1)")
    finally:
        db.close()
        old.close()
    files.sync(new)
    database.path.rename(damaged)
    if (log := Path(f"{database.path}-wal")).exists() and log.stat().st_size == 0:
        log.unlink()
    elif log.exists():
        log.rename(f"{damaged}-wal")
    Path(f"{database.path}-shm").unlink(missing_ok=True)
    put_in_place(new, database.path)
    return report


class _Recovery:
    """Copies rows from ``old`` to ``db``, whose tables are empty."""

    def __init__(self, old: apsw.Connection, db: apsw.Connection, size: int, progress: Progress) -> None:
        self._old = old
        self._db = db
        self._progress = progress
        self._most = size  # most entries: each takes more than a byte, so a larger number is damaged
        self._report = Report()
        self._heads: dict[int, int] = {}
        self._names: dict[int, str] = {}
        self._seen: dict[int, set[int]] = {}
        self._newest = 0

    def run(self) -> Report:
        """Copy the readable rows, and put placeholders in the places of the others."""
        floors: dict[int, int] = {}
        for number, name, floor in self._rows("conversation", "SELECT id, name, floor FROM conversation"):
            self._names[_int(number)] = str(name)
            floors[_int(number)] = _int(floor)
        for entry in self._entries():
            self._keep(entry)
        for table, count in (("claim", 2), ("erasure", 3), ("mark", 3)):
            for row in self._rows(table, f"SELECT * FROM {table}"):  # noqa: S608  constants
                self._db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({','.join('?' * count)})", row)  # noqa: S608
        heads = self._rows("place", "SELECT conversation, max(seq) FROM place GROUP BY conversation")
        for number, head in heads:
            self._heads[_int(number)] = max(self._heads.get(_int(number), 0), min(_int(head), self._most))
        for number, name in self._names.items():
            self._fill(number, name, floors[number])
        self._db.execute(_FORGET_KEYS)
        return self._report

    def _rows(self, table: str, query: str) -> list[Row]:
        """Return the rows of a small table, as far as they can be read."""
        rows: list[Row] = []
        try:
            rows.extend(self._old.execute(query))
        except UNREADABLE:
            self._report.unread.append(table)
        return rows

    def _entries(self) -> Iterator[Row]:
        for query in _NEWEST:
            for (found,) in self._rows(query.split()[-1], query):
                self._newest = max(self._newest, min(_int(found), self._most))
        for begin in range(1, self._newest + 1, RANGE):
            yield from self._between(begin, min(begin + RANGE, self._newest + 1))
            self._progress(begin, self._newest)

    def _between(self, begin: int, end: int) -> Iterator[Row]:
        """Yield the rows with these ids, except those that cannot be read.

        If rows are missing without an error, a damaged page may look like the end of the table, so search the halves.
        """
        # A range also reads the row after it, which may be on a damaged page, so read a single row by its id.
        condition = "id = ?" if end - begin == 1 else "id >= ? AND id < ?"
        bounds = (begin,) if end - begin == 1 else (begin, end)
        try:
            rows = list(self._old.execute(f"SELECT * FROM entry WHERE {condition}", bounds))  # noqa: S608  constants
        except UNREADABLE:
            rows = []
        if end - begin > 1 and len(rows) < end - begin:
            middle = (begin + end) // 2
            yield from self._between(begin, middle)
            yield from self._between(middle, end)
        else:
            yield from rows

    def _keep(self, row: Row) -> None:
        """Copy an entry if it is intact, and not a second copy whose id was changed by a flipped bit."""
        number = _int(row[1])
        name = self._names.get(number)
        entry = None if name is None else entry_from((name, *row[2:8], row[11]))
        seen = self._seen.setdefault(number, set())
        if entry is None or entry.kind == DAMAGED or entry.seq in seen:
            self._report.facts += bool(row[10])
            return
        self._db.execute(f"INSERT OR IGNORE INTO entry VALUES ({','.join('?' * len(row))})", row)  # noqa: S608
        if not self._db.changes():
            return
        if entry.kind == EDIT:
            self._db.execute("INSERT INTO edit VALUES (?, ?, ?)", (number, said(entry).of, entry.seq))
        seen.add(entry.seq)
        self._heads[number] = max(self._heads.get(number, 0), entry.seq)
        self._report.kept += 1

    def _fill(self, number: int, name: str, floor: int) -> None:
        """Insert a conversation, and put placeholders in the places of its lost entries."""
        seen, head = self._seen.get(number, set()), self._heads.get(number, 0)
        if not 1 <= floor <= head + 1:
            floor = min(seen, default=head + 1)
        self._db.execute("INSERT OR IGNORE INTO conversation VALUES (?, ?, ?)", (number, name, floor))
        for seq in range(floor, head + 1):
            if seq not in seen:
                self._newest += 1
                values = (self._newest, number, seq, 0, "", "", DAMAGED, b"", None, None, 0, b"")
                self._db.execute(f"INSERT INTO entry VALUES ({','.join('?' * len(values))})", values)  # noqa: S608
                self._report.lost += 1


_FORGET_KEYS = """
    UPDATE entry SET outbox = NULL, n = NULL WHERE outbox IS NOT NULL
        AND id NOT IN (SELECT min(id) FROM entry WHERE outbox IS NOT NULL GROUP BY outbox, n)
"""
"""The checksums do not cover the keys; if two entries have the same key, the first one keeps it."""

_NEWEST = (
    "SELECT max(id) FROM entry",
    "SELECT max(entry) FROM place",
    "SELECT max(entry) FROM sent",
    f"SELECT fed + {FEED_ENTRIES} FROM meta",  # noqa: S608  where the ends of all others cannot be read
)


def _tell_nobody(_done: int, _of: int) -> None:
    pass


def _int(value: object) -> int:
    """Return an integer unchanged, and 0 for any other value."""
    return value if isinstance(value, int) else 0
