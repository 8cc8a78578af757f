"""Reads entries in threads of their own, in short transactions, beside the writer."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue

import apsw
import msgspec

from ..exceptions import StorageProblem
from ..protocol.events import Entry
from .store import Store

READERS = 2
"""Reads at a time: reads are short, and each thread competes with the loop for the interpreter."""


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
            rows = db.execute(_RANGE + order + " LIMIT ?", (conversation, after, stop, limit)).fetchall()
        except apsw.Error as error:
            raise StorageProblem(f"the history cannot be read at the moment ({error}); try again later") from error
        finally:
            self._idle.put(db)
        entries = [
            Entry(conversation=conversation, seq=seq, ts=ts, author=author, name=name, kind=kind, body=msgspec.Raw(body))
            for seq, ts, author, name, kind, body in rows
        ]
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

_RANGE = """
    SELECT seq, ts, author, name, kind, body FROM entry
    WHERE conversation = (SELECT id FROM conversation WHERE name = ?) AND seq > ? AND seq < ?
    ORDER BY seq
"""
