"""Gives each proposal its place: seq, time, who was first; and writes the entries.

The writer stages a batch inside a transaction, writes it, and commits. Where that fails it undoes what was staged, and the
ledger is as it was before. A ledger belongs to one connection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import apsw
import msgspec

from ..protocol.events import Entry
from . import Conflict, Duplicate, Outcome, Proposal, State, Stored
from .keys import Key, Keys, signed

ROWS = 128
"""Rows in one INSERT: each execution gives up the interpreter lock and has to win it back, so there should be few."""

COLUMNS = 11


class Log:
    """Where a conversation stands."""

    __slots__ = ("head", "id", "staged", "ts")

    def __init__(self, log_id: int, head: int, ts: int) -> None:
        self.id = log_id
        self.head = head
        self.ts = ts
        self.staged: Staged | None = None


class Staged:
    """What one or more proposals come to, and what has to be undone where they are not committed."""

    __slots__ = ("claims", "entries", "first", "keys", "opened", "outcomes", "touched", "values")

    def __init__(self) -> None:
        self.first = 0
        self.outcomes: list[Outcome] = []
        self.entries: list[Entry] = []
        self.values: list[object] = []
        self.opened: list[tuple[int, str]] = []
        self.claims: dict[str, int] = {}
        self.keys: list[tuple[Key, int | None]] = []
        self.touched: list[tuple[Log, int, int]] = []


class Ledger:
    """The heads of all conversations, the keys and the claims of one store; ``clock`` returns milliseconds."""

    def __init__(self, db: apsw.Connection, clock: Callable[[], int]) -> None:
        self._db = db
        self._clock = clock
        self._logs: dict[str, Log] = {}
        self._next = 1
        self.keys = Keys(db)

    @property
    def newest(self) -> int:
        """The id of the newest entry, 0 where there is none."""
        return self._next - 1

    def load(self) -> State:
        """Read where everything stands."""
        floors = {}
        for log_id, name, floor, head, ts in self._db.execute(_LOGS):
            self._logs[name] = Log(log_id, head or 0, ts or 0)
            floors[name] = floor or 1
        self._next = self._db.execute("SELECT ifnull(max(id), 0) + 1 FROM entry").get
        self.keys.load()
        return State(
            epoch=self._db.execute("SELECT epoch FROM meta").get,
            heads={name: log.head for name, log in self._logs.items()},
            floors=floors,
            facts=[_entry(*row) for row in self._db.execute(_ENTRIES + "WHERE fact = 1 ORDER BY e.id")],
        )

    def stage(self, staged: Staged, proposals: Sequence[Proposal]) -> None:
        """Give the proposals their places, in their order; where it raises, ``undo`` is to be called as well."""
        staged.first = self._next
        now = self._clock()
        logs, keys = self._logs, self.keys
        outcomes, entries, values = staged.outcomes, staged.entries, staged.values
        entry_id = self._next
        for proposal in proposals:
            key = proposal.key
            outbox = n = None
            if key is not None:
                outbox, n = key
                last = keys.last(outbox)
                if last is not None and n <= last:
                    outcomes.append(Duplicate(proposal, self._first_of(key, staged)))
                    continue
            if proposal.claims:
                taken = self._taken(proposal, staged)
                if taken is not None:
                    outcomes.append(Conflict(proposal, taken))
                    continue
                staged.claims.update(dict.fromkeys(proposal.claims, entry_id))
            log = logs.get(proposal.conversation)
            if log is None:
                log = self._open(proposal.conversation, staged)
            if log.staged is not staged:
                log.staged = staged
                staged.touched.append((log, log.head, log.ts))
                if now > log.ts:
                    log.ts = now
            log.head = seq = log.head + 1
            entry = Entry(
                conversation=proposal.conversation,
                seq=seq,
                ts=log.ts,
                author=proposal.author,
                name=proposal.name,
                kind=proposal.kind,
                body=msgspec.Raw(proposal.body),
            )
            entries.append(entry)
            outcomes.append(Stored(proposal, entry))
            if outbox is not None and n is not None and key is not None:
                staged.keys.append((key, keys.add(key, entry_id)))
                outbox = signed(outbox)
            values += (
                entry_id, log.id, seq, log.ts, proposal.author, proposal.name, proposal.kind, proposal.body, outbox, n,
                proposal.fact,
            )  # fmt: skip
            entry_id += 1
        self._next = entry_id

    def write(self, staged: Staged) -> None:
        """Insert what was staged; raises apsw.Error, TypeError, ValueError, OverflowError."""
        execute = self._db.execute
        for row in staged.opened:
            execute("INSERT INTO conversation VALUES (?, ?)", row)
        for claim in staged.claims.items():
            execute("INSERT INTO claim VALUES (?, ?)", claim)
        values, left, at = staged.values, len(staged.entries), 0
        while left:
            rows = min(left, ROWS)
            end = at + rows * COLUMNS
            execute(_insert(rows), values[at:end])
            left -= rows
            at = end

    def undo(self, staged: Staged) -> None:
        """Be as before the proposals were staged; what was staged later has to be undone before."""
        for log, head, ts in staged.touched:
            log.head = head
            log.ts = ts
            log.staged = None
        for _, name in staged.opened:
            del self._logs[name]
        for key, before in reversed(staged.keys):
            self.keys.undo(key, before)
        self._next = staged.first

    def has(self, staged: Staged) -> bool:
        """Tell whether the store has exactly the entries that were staged."""
        last = staged.first + len(staged.entries) - 1
        rows = self._db.execute(_ENTRIES + "WHERE e.id BETWEEN ? AND ? ORDER BY e.id", (staged.first, last))
        return [_entry(*row) for row in rows] == staged.entries

    def _open(self, name: str, staged: Staged) -> Log:
        log = self._logs[name] = Log(len(self._logs) + 1, 0, 0)
        staged.opened.append((log.id, name))
        return log

    def _taken(self, proposal: Proposal, staged: Staged) -> str | None:
        for claim in proposal.claims:
            if claim in staged.claims:
                return claim
            if self._db.execute("SELECT entry FROM claim WHERE name = ?", (claim,)).get is not None:
                return claim
        return None

    def _first_of(self, key: Key, staged: Staged) -> Entry | None:
        entry_id = self.keys.find(key)
        if entry_id is None:
            return None
        if entry_id >= staged.first:
            return staged.entries[entry_id - staged.first]
        row = self._db.execute(_ENTRIES + "WHERE e.id = ?", (entry_id,)).fetchone()
        return None if row is None else _entry(*row)


@cache
def _insert(rows: int) -> str:
    row = f"({','.join('?' * COLUMNS)})"
    return f"INSERT INTO entry VALUES {','.join([row] * rows)}"


def _entry(conversation: str, seq: int, ts: int, author: str, name: str, kind: str, body: bytes) -> Entry:
    return Entry(
        conversation=conversation, seq=seq, ts=ts, author=author, name=name, kind=kind, body=msgspec.Raw(body)
    )


_ENTRIES = """
    SELECT c.name, e.seq, e.ts, e.author, e.name, e.kind, e.body
    FROM entry e JOIN conversation c ON c.id = e.conversation
"""

_LOGS = """
    SELECT id, name, floor, head, (SELECT ts FROM entry WHERE conversation = found.id AND seq = head)
    FROM (
        SELECT id, name,
            (SELECT min(seq) FROM entry WHERE conversation = c.id) AS floor,
            (SELECT max(seq) FROM entry WHERE conversation = c.id) AS head
        FROM conversation c
    ) AS found
"""
