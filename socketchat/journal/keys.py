"""Finds the entry that was stored under a key, with an index that is not in the commit path.

Keys are (outbox, n). What was committed lately is in memory; ``feed`` moves it to the table ``sent`` in a transaction of its
own, in the order of the table, which costs a fraction of inserting random keys one by one. What a crash leaves unfed
is read again at the start.
"""

from __future__ import annotations

import apsw

FEED_KEYS = 4_096
"""Keys held in memory until they are fed: about a megabyte, and some milliseconds of feeding."""

FEED_ENTRIES = 65_536
"""Entries, with or without a key, after which ``meta.fed`` moves on, so that a start never has to read more."""

OUTBOXES = 16_384
"""Outboxes whose last number is remembered after feeding; others are looked up again."""

Key = tuple[int, int]


def signed(outbox: int) -> int:
    """Return 64 unsigned bits as the signed number that SQLite stores."""
    return outbox - (1 << 64) if outbox >= 1 << 63 else outbox


class Keys:
    """The keys of one store."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._unfed: dict[Key, int] = {}
        self._unfed_last: dict[int, int] = {}
        self._last: dict[int, int | None] = {}
        self._fed = 0

    def load(self) -> None:
        """Read the keys of the entries that were not fed."""
        self._fed = self._db.execute("SELECT fed FROM meta").get
        tail = self._db.execute("SELECT id, outbox, n FROM entry WHERE id > ? AND outbox IS NOT NULL", (self._fed,))
        for entry, outbox, n in tail:
            self.add((outbox % (1 << 64), n), entry)

    def last(self, outbox: int) -> int | None:
        """Return the last number stored of an outbox, None where there is none."""
        last = self._unfed_last.get(outbox)
        if last is not None:
            return last
        if outbox in self._last:
            return self._last[outbox]
        last = self._db.execute("SELECT max(n) FROM sent WHERE outbox = ?", (signed(outbox),)).get
        self._remember(outbox, last)
        return last

    def find(self, key: Key) -> int | None:
        """Return the id of the entry stored under a key, None where there is none."""
        entry = self._unfed.get(key)
        if entry is not None:
            return entry
        found: int | None = self._db.execute(
            "SELECT entry FROM sent WHERE outbox = ? AND n = ?", (signed(key[0]), key[1])
        ).get
        return found

    def add(self, key: Key, entry: int) -> int | None:
        """Note that an entry is stored under a key; returns what ``undo`` wants back."""
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

    def is_due(self, newest: int) -> bool:
        """Tell whether it is time to feed, though there is other work; ``newest`` is the id of the newest entry."""
        return len(self._unfed) >= FEED_KEYS or newest - self._fed >= FEED_ENTRIES

    def feed(self, newest: int) -> None:
        """Move the unfed keys to the table; raises apsw.Error, and then nothing is moved."""
        if not self._unfed and newest - self._fed < FEED_KEYS:
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            rows = sorted((signed(outbox), n, entry) for (outbox, n), entry in self._unfed.items())
            self._db.executemany("INSERT OR IGNORE INTO sent VALUES (?, ?, ?)", rows)
            self._db.execute("UPDATE meta SET fed = ?", (newest,))
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        for outbox, last in self._unfed_last.items():
            self._remember(outbox, last)
        self._unfed.clear()
        self._unfed_last.clear()
        self._fed = newest

    def _remember(self, outbox: int, last: int | None) -> None:
        self._last.pop(outbox, None)
        self._last[outbox] = last
        if len(self._last) > OUTBOXES:
            del self._last[next(iter(self._last))]
