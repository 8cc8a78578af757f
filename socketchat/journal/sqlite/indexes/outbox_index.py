"""Finds the entry that was stored under a key (outbox, n).

The table of keys is updated after the commit, so the newest keys are held in memory.
"""

from __future__ import annotations

import apsw

OUTBOXES = 16_384
"""Outboxes whose last number is cached, a few megabytes; others are looked up."""

Key = tuple[int, int]


def signed(outbox: int) -> int:
    """Return 64 unsigned bits as the signed number that SQLite stores."""
    return outbox - (1 << 64) if outbox >= 1 << 63 else outbox


def unsigned(outbox: int) -> int:
    """Return the 64 bits of an outbox as an unsigned number."""
    return outbox + (1 << 64) if outbox < 0 else outbox


class OutboxIndex:
    """The keys of one store; at the start, the table must hold all of them."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._unfed: dict[Key, int] = {}
        self._unfed_last: dict[int, int] = {}
        self._fed_last: dict[int, int | None] = {}

    def last(self, outbox: int) -> int | None:
        """Return the last stored number of an outbox, or None."""
        last: int | None = self._unfed_last.get(outbox)
        if last is not None:
            return last
        if outbox in self._fed_last:
            return self._fed_last[outbox]
        (last,) = next(self._db.execute("SELECT max(n) FROM sent WHERE outbox = ?", (signed(outbox),)))
        self._remember(outbox, last)
        return last

    def find(self, key: Key) -> int | None:
        """Return the id of the entry stored under a key, or None."""
        entry = self._unfed.get(key)
        if entry is not None:
            return entry
        found = self._db.execute("SELECT entry FROM sent WHERE outbox = ? AND n = ?", (signed(key[0]), key[1]))
        return next((entry for (entry,) in found), None)

    def add(self, key: Key, entry: int) -> int | None:
        """Add the key of an entry that is about to be stored; return the argument for ``undo``."""
        outbox, n = key
        before = self._unfed_last.get(outbox)
        self._unfed[key] = entry
        self._unfed_last[outbox] = n
        return before

    def undo(self, key: Key, before: int | None) -> None:
        """Remove the key that was added last."""
        del self._unfed[key]
        if before is None:
            del self._unfed_last[key[0]]
        else:
            self._unfed_last[key[0]] = before

    def fed(self) -> None:
        """Drop the keys in memory, because the table has them now."""
        for outbox, last in self._unfed_last.items():
            self._remember(outbox, last)
        self._unfed.clear()
        self._unfed_last.clear()

    def _remember(self, outbox: int, last: int | None) -> None:
        self._fed_last.pop(outbox, None)
        self._fed_last[outbox] = last
        if len(self._fed_last) > OUTBOXES:
            del self._fed_last[next(iter(self._fed_last))]
