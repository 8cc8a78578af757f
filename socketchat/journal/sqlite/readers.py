"""Reads entries in separate threads, in short transactions, concurrently with the writer."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Protocol

import apsw

from ...exceptions import KeyReused, StorageProblem
from ...protocol.events import Entry
from ...protocol.kinds import DAMAGED
from .. import PASSED, Found, Query
from ..bodies import as_edited
from .checksum import damaged, entry_from
from .database import Database
from .indexes.outbox_index import signed
from .indexes.search_index import search
from .rows import edits_of, number_of, sound_entries
from .upkeep.audit import indexes_agree
from .upkeep.redaction import newest_edits

READERS = 2
"""Reader threads: reads are short, and each thread competes with the loop for the interpreter."""

AUDIT_REST_SECONDS = 0.005
"""Pause between two steps of the audit, to leave the processor to others: a few seconds for a million rows."""

DAMAGE_LOGGED = 1_000
"""Most damaged entries to log, once each; more would tell the operator nothing new."""

DAMAGE_KNOWN = 100_000
"""Most known damaged entries, so that they do not make an index look damaged again."""

_log = logging.getLogger(__name__)


class OnDamage(Protocol):
    """Called in a reader's thread if an index, or the search index, disagrees with the rows."""

    def __call__(self, *, of_words: bool = ...) -> object:
        """Request a rebuild."""


class Readers:
    """A few query-only connections, opened when they are first needed.

    ``heads`` are the newest committed seqs.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        heads: Mapping[str, int],
        on_damage: OnDamage,
        *,
        niceness: int = 0,
    ) -> None:
        self._database = database
        self._heads = heads
        self._on_damage = on_damage
        self.threads = ThreadPoolExecutor(READERS, f"journal-{name}", lambda: _give_way(niceness))
        self._idle: SimpleQueue[apsw.Connection | None] = SimpleQueue()
        self._damage: set[tuple[str, int]] = set()
        for _ in range(READERS):
            self._idle.put(None)

    def read(self, conversation: str, after: int, before: int | None, upto: int | None, limit: int) -> list[Entry]:
        """Return the entries that ``Journal.read`` describes; call this in one of ``threads``."""
        head = self._heads.get(conversation, 0)  # committed, so the following snapshot includes it
        stop = min(head if upto is None else min(upto, head), head if before is None else before - 1) + 1
        with self._connection() as db, _snapshot(db):
            place = self._place_of(db, conversation)
            if place is None:
                return []
            number, floor = place
            after = max(after, floor - 1)
            try:
                asked = (number, after, stop, limit, conversation)
                entries = [entry_from(row) for row in db.execute(_RANGE[before is None], asked)]
            except (apsw.CorruptError, UnicodeDecodeError):
                entries = []
            count = max(0, min(limit, stop - 1 - after))
            expected = range(after + 1, after + 1 + count) if before is None else range(stop - count, stop)
            return self._held_against_rows(db, number, conversation, entries, expected)

    def _place_of(self, db: apsw.Connection, conversation: str) -> tuple[int, int] | None:
        """Return the number and the floor of a conversation, or None if it has no entries."""
        with suppress(apsw.CorruptError):
            found = db.execute(_CONVERSATION, (conversation,)).fetchone()
            if found is not None:
                number, floor, name = found
                if name == conversation:
                    return int(str(number)), int(str(floor))
        place = number_of(db, conversation)
        if place is not None:
            self._on_damage()
        return place

    def _held_against_rows(
        self, db: apsw.Connection, number: int, conversation: str, entries: list[Entry], expected: range
    ) -> list[Entry]:
        """Return the entries with the expected seqs; search the rows for those that the index hides or confuses."""
        if len(entries) == len(expected) and all(
            entry.seq == seq and entry.kind != DAMAGED for entry, seq in zip(entries, expected, strict=True)
        ):
            return entries
        there = {entry.seq: entry for entry in entries if entry.kind != DAMAGED}
        lost = [seq for seq in expected if seq not in there]
        if any((conversation, seq) not in self._damage for seq in lost):
            found = sound_entries(db, number, conversation, lost[0], lost[-1])
            if any(seq in found for seq in lost):
                self._on_damage()
            there |= found
            self._log_damage(conversation, [seq for seq in lost if seq not in found])
        return [there.get(seq) or damaged(conversation, seq) for seq in expected]

    def read_current(
        self, conversation: str, after: int, before: int | None, upto: int | None, limit: int
    ) -> list[Entry]:
        """Return the same entries in their current text; the edits of a deleted entry are deleted, too."""
        entries = self.read(conversation, after, before, upto, limit)
        if not entries:
            return entries
        first, last = entries[0].seq, entries[-1].seq
        with self._connection() as db, _snapshot(db):
            try:
                edits = newest_edits(db, conversation, first, last)
            except apsw.CorruptError:
                self._on_damage()
                place = number_of(db, conversation)
                edits = edits_of(db, place[0], conversation, first, last) if place is not None else {}
        return [as_edited(entry, edits.get(entry.seq)) for entry in entries] if edits else entries

    def find(self, key: tuple[int, int]) -> Entry | None:
        """Return the entry stored under a key, or None; raises KeyReused. Call this in a thread."""
        outbox, n = signed(key[0]), key[1]
        with self._connection() as db:
            row = db.execute(_KEYED, (outbox, n)).fetchone()
            if row is None and db.execute(_PASSED, (outbox, n)).fetchone():
                raise KeyReused(PASSED)
        if row is None:
            return None
        *stored, outbox_of, n_of = row
        if (outbox_of, n_of) != (outbox, n):
            self._on_damage()
            raise StorageProblem("The server cannot look this up at the moment; try again later.")
        return entry_from(stored)

    def search(self, query: Query) -> Found:
        """Return the result that ``Journal.search`` describes; call this in one of ``threads``."""
        with self._connection() as db:
            try:
                return search(db, query)
            except apsw.CorruptError:  # the index is being rebuilt, and the result says that it is incomplete
                self._on_damage(of_words=True)
                return Found([], complete=False)

    def audit(self, stop: threading.Event) -> None:
        """Check the indexes against all rows until told to stop; call this in one of ``threads``."""
        last: int | None = 0
        with suppress(StorageProblem):
            while last is not None and not stop.wait(AUDIT_REST_SECONDS if last else 0):
                with self._connection() as db, _snapshot(db):
                    agree, last = indexes_agree(db, last)
                if not agree:
                    self._on_damage()
                    return

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

    def _log_damage(self, conversation: str, seqs: list[int]) -> None:
        for seq in seqs:
            place = (conversation, seq)
            if place not in self._damage and len(self._damage) < DAMAGE_KNOWN:
                self._damage.add(place)
                if len(self._damage) <= DAMAGE_LOGGED:
                    _log.error("entry %d of %s is damaged and marked as such; a backup may have it", seq, conversation)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Close all connections, and block reads meanwhile."""
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
        """Wait for the current reads, and close the connections permanently."""
        self.threads.shutdown()
        with self.suspended():
            pass


def _give_way(niceness: int) -> None:
    """Lower the priority of this thread, if threads have a priority of their own."""
    if niceness and sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)


@contextmanager
def _snapshot(db: apsw.Connection) -> Iterator[None]:
    """Read from one snapshot."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("ROLLBACK")


_UNFED = "SELECT id FROM entry WHERE id > (SELECT fed FROM meta) AND outbox = ?1"

_KEYED = f"""
    SELECT c.name, e.seq, e.ts, e.author, e.name, e.kind, e.body, e.checksum, e.outbox, e.n
    FROM entry e JOIN conversation c ON c.id = e.conversation
    WHERE e.id IN (SELECT entry FROM sent WHERE outbox = ?1 AND n = ?2 UNION ALL {_UNFED} AND n = ?2)
"""  # noqa: S608  constants

_PASSED = f"SELECT 1 FROM sent WHERE outbox = ?1 AND n >= ?2 UNION ALL {_UNFED} AND n >= ?2"  # noqa: S608  constants


def _range(order: str) -> str:
    """Return the query for entries by their place, merged with the newest entries, which have none yet.

    A place without a row is kept, because it had an entry. The result is in the order of seq.
    """
    return f"""
        SELECT * FROM (
            SELECT ?5, p.seq AS seq, e.ts, e.author, e.name, e.kind, e.body, e.checksum
            FROM place p LEFT JOIN entry e ON e.id = p.entry
            WHERE p.conversation = ?1 AND p.seq > ?2 AND p.seq < ?3
            UNION ALL
            SELECT ?5, e.seq, e.ts, e.author, e.name, e.kind, e.body, e.checksum FROM entry e
            WHERE e.id > (SELECT fed FROM meta) AND e.conversation = ?1 AND e.seq > ?2 AND e.seq < ?3
            ORDER BY seq {order} LIMIT ?4
        ) ORDER BY seq
    """  # noqa: S608  constants


_RANGE = {True: _range("ASC"), False: _range("DESC")}

_CONVERSATION = "SELECT id, floor, name FROM conversation WHERE name = ?"
