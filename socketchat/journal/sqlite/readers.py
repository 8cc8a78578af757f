"""Reads entries in threads of their own, in short transactions, beside the writer."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue

import apsw

from ...exceptions import KeyReused, StorageProblem
from ...protocol.events import Entry
from ...protocol.kinds import DAMAGED
from .. import PASSED, Found, Query
from ..bodies import as_edited
from .checksum import damaged, entry_from
from .database import Database
from .outbox_index import signed
from .search_index import search
from .upkeep.redaction import newest_edits

READERS = 2
"""Reads at a time: reads are short, and each thread competes with the loop for the interpreter."""

DAMAGE_LOGGED = 1_000
"""Damaged entries that are logged, once each; with more the operator knows."""

_log = logging.getLogger(__name__)


class Readers:
    """A few query-only connections, opened when they are first needed."""

    def __init__(self, database: Database, name: str, *, niceness: int = 0) -> None:
        self._database = database
        self.threads = ThreadPoolExecutor(READERS, f"journal-{name}", lambda: _give_way(niceness))
        self._idle: SimpleQueue[apsw.Connection | None] = SimpleQueue()
        self._damage: set[tuple[str, int]] = set()
        for _ in range(READERS):
            self._idle.put(None)

    def read(self, conversation: str, after: int, before: int | None, upto: int | None, limit: int) -> list[Entry]:
        """Return the entries that ``Journal.read`` describes; to be called in one of ``threads``."""
        stop = _MAX if upto is None else min(upto + 1, _MAX)
        if before is not None:
            stop = min(stop, before)
        asked = (conversation, after, stop, limit)
        order = "ASC" if before is None else "DESC"
        with self._connection() as db:
            try:
                entries = [entry_from(row) for row in db.execute(_RANGE[order], asked)]
            except (apsw.CorruptError, UnicodeDecodeError):
                entries = [_entry_at(db, conversation, *place) for place in list(db.execute(_PLACES[order], asked))]
        self._log_damage(entries)
        return entries if before is None else entries[::-1]

    def read_current(
        self, conversation: str, after: int, before: int | None, upto: int | None, limit: int
    ) -> list[Entry]:
        """Return the same entries as they read now; what is deleted meanwhile has edits that are deleted too."""
        entries = self.read(conversation, after, before, upto, limit)
        if not entries:
            return entries
        with self._connection() as db:
            edits = newest_edits(db, conversation, entries[0].seq, entries[-1].seq)
        return [as_edited(entry, edits.get(entry.seq)) for entry in entries] if edits else entries

    def find(self, key: tuple[int, int]) -> Entry | None:
        """Return the entry stored under a key, None if there is none; raises KeyReused. To be called in a thread."""
        outbox, n = signed(key[0]), key[1]
        with self._connection() as db:
            row = db.execute(_KEYED, (outbox, n)).fetchone()
            if row is None and db.execute(_PASSED, (outbox, n)).fetchone():
                raise KeyReused(PASSED)
        return None if row is None else entry_from(row)

    def search(self, query: Query) -> Found:
        """Return what ``Journal.search`` describes; to be called in one of ``threads``."""
        with self._connection() as db:
            return search(db, query)

    @contextmanager
    def _connection(self) -> Iterator[apsw.Connection]:
        db = self._idle.get()
        try:
            if db is None:
                db = self._database.open_reader()
            yield db
        except apsw.Error as error:
            _log.warning("a read failed: %s", error)
            raise StorageProblem("The history cannot be read at the moment; try again later.") from error
        finally:
            self._idle.put(db)

    def _log_damage(self, entries: list[Entry]) -> None:
        for entry in entries:
            place = (entry.conversation, entry.seq)
            if entry.kind == DAMAGED and place not in self._damage and len(self._damage) < DAMAGE_LOGGED:
                self._damage.add(place)
                _log.error("entry %d of %s is damaged and shown as such; a backup may have it", entry.seq, place[0])

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Close all connections and let nobody read meanwhile."""
        taken = [self._idle.get() for _ in range(READERS)]
        try:
            for db in taken:
                if db is not None:
                    db.close(force=True)
            yield
        finally:
            for _ in taken:
                self._idle.put(None)

    def close(self) -> None:
        """Wait for the reads under way and close the connections; nothing can be read afterwards."""
        self.threads.shutdown()
        with self.suspended():
            pass


def _give_way(niceness: int) -> None:
    """Let other threads have the processor first, where a thread has a priority of its own."""
    if niceness and sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)


def _entry_at(db: apsw.Connection, conversation: str, seq: int, entry_id: int) -> Entry:
    """Return the entry of a place, damaged where its row cannot be read."""
    try:
        row = db.execute(_ROW, (conversation, seq, entry_id)).fetchone()
    except (apsw.CorruptError, UnicodeDecodeError):
        row = None
    return damaged(conversation, seq) if row is None else entry_from(row)


_UNFED = "SELECT id FROM entry WHERE id > (SELECT fed FROM meta) AND outbox = ?1"

_KEYED = f"""
    SELECT c.name, e.seq, e.ts, e.author, e.name, e.kind, e.body, e.checksum
    FROM entry e JOIN conversation c ON c.id = e.conversation
    WHERE e.id IN (SELECT entry FROM sent WHERE outbox = ?1 AND n = ?2 UNION ALL {_UNFED} AND n = ?2)
"""  # noqa: S608  constants

_PASSED = f"SELECT 1 FROM sent WHERE outbox = ?1 AND n >= ?2 UNION ALL {_UNFED} AND n >= ?2"  # noqa: S608  constants

_MAX = (1 << 63) - 1


def _range(columns: str, order: str) -> str:
    """Return the query for entries by their place, merged with those at the end of the log that have none yet.

    A place without a row stays, for there was an entry.
    """
    return f"""
        SELECT {columns.replace("e.seq", "p.seq")} FROM place p LEFT JOIN entry e ON e.id = p.entry
        WHERE p.conversation = (SELECT id FROM conversation WHERE name = ?1) AND p.seq > ?2 AND p.seq < ?3
        UNION ALL
        SELECT {columns.replace("p.entry", "e.id")} FROM entry e
        WHERE e.id > (SELECT fed FROM meta) AND e.conversation = (SELECT id FROM conversation WHERE name = ?1)
            AND e.seq > ?2 AND e.seq < ?3
        ORDER BY seq {order} LIMIT ?4
    """  # noqa: S608  constants


_COLUMNS = "?1, e.seq AS seq, e.ts, e.author, e.name, e.kind, e.body, e.checksum"

_RANGE = {order: _range(_COLUMNS, order) for order in ("ASC", "DESC")}

_PLACES = {order: _range("e.seq AS seq, p.entry", order) for order in ("ASC", "DESC")}

_ROW = "SELECT ?1, ?2, ts, author, name, kind, body, checksum FROM entry WHERE id = ?3"
