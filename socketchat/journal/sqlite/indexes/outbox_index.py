"""Finds the entry that was stored under a key (outbox, n).

The table of keys is fed behind the log, so the keys that are not fed yet are held in memory.
"""

from __future__ import annotations

import apsw

OUTBOXES = 16_384
"""Outboxes whose last number is remembered: some megabytes; others are looked up when they come."""

Key = tuple[int, int]


def signed(outbox: int) -> int:
    """Return 64 unsigned bits as the signed number that SQLite stores."""
    return outbox - (1 << 64) if outbox >= 1 << 63 else outbox


def unsigned(outbox: int) -> int:
    """Return the 64 bits of an outbox as a number that is not negative."""
    return outbox + (1 << 64) if outbox < 0 else outbox


class OutboxIndex:
    """The keys of one store, whose table holds all of them to begin with."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._unfed: dict[Key, int] = {}
        self._unfed_last: dict[int, int] = {}
        self._fed_last: dict[int, int | None] = {}

    def last(self, outbox: int) -> int | None:
        """Return the last number stored of an outbox, None where there is none."""
        last: int | None = self._unfed_last.get(outbox)
        if last is not None:
            return last
        if outbox in self._fed_last:
            return self._fed_last[outbox]
        (last,) = next(self._db.execute("SELECT max(n) FROM sent WHERE outbox = ?", (signed(outbox),)))
        self._remember(outbox, last)
        return last

    def find(self, key: Key) -> int | None:
        """Return the id of the entry stored under a key, None where there is none."""
        entry = self._unfed.get(key)
        if entry is not None:
            return entry
        found = self._db.execute("SELECT entry FROM sent WHERE outbox = ? AND n = ?", (signed(key[0]), key[1]))
        return next((entry for (entry,) in found), None)

    def add(self, key: Key, entry: int) -> int | None:
        """Note that an entry is to be stored under a key; returns what ``undo`` wants back."""
        outbox, n = key
        before = self._unfed_last.get(outbox)
        self._unfed[key] = entry
        self._unfed_last[outbox] = n
        return before

    def undo(self, key: Key, before: int | None) -> None:
        """Forget the key that was added last."""
        del self._unfed[key]
        if before is None:
            del self._unfed_last[key[0]]
        else:
            self._unfed_last[key[0]] = before

    def fed(self) -> None:
        """Let go of the keys in memory: the table has them."""
        for outbox, last in self._unfed_last.items():
            self._remember(outbox, last)
        self._unfed.clear()
        self._unfed_last.clear()

    def _remember(self, outbox: int, last: int | None) -> None:
        self._fed_last.pop(outbox, None)
        self._fed_last[outbox] = last
        if len(self._fed_last) > OUTBOXES:
            del self._fed_last[next(iter(self._fed_last))]
