"""Reads entries in threads of their own, in short transactions, beside the writer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue

import apsw

from ..exceptions import StorageProblem
from ..protocol.events import Entry
from .schema import entry_from
from .store import Store

READERS = 2
"""Reads at a time: reads are short, and each thread competes with the loop for the interpreter."""

_log = logging.getLogger(__name__)


class Readers:
    """A few query-only connections, opened when they are first needed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.threads = ThreadPoolExecutor(READERS, thread_name_prefix="journal-reader")
        self._idle: SimpleQueue[apsw.Connection | None] = SimpleQueue()
        for _ in range(READERS):
            self._idle.put(None)

    def read(self, conversation: str, after: int, before: int | None, upto: int | None, limit: int) -> list[Entry]:
        """Return the entries that ``Journal.read`` describes; to be called in one of ``threads``."""
        stop = _MAX if upto is None else min(upto + 1, _MAX)
        if before is not None:
            stop = min(stop, before)
        db = self._idle.get()
        try:
            if db is None:
                db = self._store.open_reader()
            order = "ASC" if before is None else "DESC"
            entries = [entry_from(row) for row in db.execute(_RANGE[order], (conversation, after, stop, limit))]
        except apsw.Error as error:
            _log.warning("a read of %s failed: %s", conversation, error)
            raise StorageProblem("The history cannot be read at the moment; try again later.") from error
        finally:
            self._idle.put(db)
        return entries if before is None else entries[::-1]

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


_MAX = (1 << 63) - 1

_RANGE = {
    order: f"""
        SELECT ?1, p.seq, e.ts, e.author, e.name, e.kind, e.body FROM place p CROSS JOIN entry e ON e.id = p.entry
        WHERE p.conversation = (SELECT id FROM conversation WHERE name = ?1) AND p.seq > ?2 AND p.seq < ?3
        UNION ALL
        SELECT ?1, e.seq, e.ts, e.author, e.name, e.kind, e.body FROM entry e
        WHERE e.id > (SELECT fed FROM meta) AND e.conversation = (SELECT id FROM conversation WHERE name = ?1)
            AND e.seq > ?2 AND e.seq < ?3
        ORDER BY 2 {order} LIMIT ?4
    """  # noqa: S608  constants
    for order in ("ASC", "DESC")
}
"""Entries by their place, merged with those at the end of the log that have not got one yet."""
