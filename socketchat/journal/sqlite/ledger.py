"""Assigns each proposal its place (seq, time, and who was first), and writes the entries.

The writer stages a batch in a transaction, writes it and commits. If that fails, it undoes the staging, and the ledger
is as before. A ledger belongs to one connection.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import cache

import apsw
import msgspec

from ...protocol.events import Entry
from ...protocol.kinds import DAMAGED, DELETE, EDIT, FACTS
from .. import SERVER_LOG, Conflict, Duplicate, Outcome, Proposal, State, Stored, Unchangeable
from ..bodies import is_changeable
from ..entry_times import time_after
from . import read_markers as marks
from .checksum import checksum, entry_from
from .indexes import consistency as indexes
from .indexes.lagging_index import FEED_ENTRIES, feed
from .indexes.outbox_index import Key, OutboxIndex, signed, unsigned
from .upkeep.redaction import blank_with_edits, find

ROWS = 128
"""Rows in one INSERT: each execution releases the interpreter and has to get it back, so few are better."""

COLUMNS = 12

_log = logging.getLogger(__name__)


class Log:
    """The head of a conversation, and the number of the batch that was last staged in it.

    It does not refer to the batch itself, which would keep the last batch of each conversation in memory.
    """

    __slots__ = ("batch", "head", "id", "name", "ts")

    def __init__(self, number: int, name: str, head: int, ts: int) -> None:
        self.id = number
        self.name = name
        self.head = head
        self.ts = ts
        self.batch = 0


class Staged:
    """The results of staged proposals, and the changes to undo if they are not committed."""

    __slots__ = (
        "claims",
        "deletes",
        "edits",
        "entries",
        "facts",
        "first",
        "keys",
        "opened",
        "outcomes",
        "touched",
        "values",
    )

    def __init__(self) -> None:
        self.first = 0
        self.facts = 0
        self.outcomes: list[Outcome] = []
        self.entries: list[Entry] = []
        self.values: list[apsw.SQLiteValue] = []
        self.opened: list[tuple[int, str]] = []
        self.claims: dict[str, int] = {}
        self.keys: list[tuple[Key, int | None]] = []
        self.touched: list[tuple[Log, int, int]] = []
        self.edits: list[tuple[int, int, int]] = []
        self.deletes: dict[tuple[int, int], Stored] = {}

    def change(self, conversation: int, of: int, outcome: Stored) -> None:
        """Note the changes of an edit or a delete; other kinds change nothing."""
        kind = outcome.entry.kind
        if kind == DELETE:
            self.deletes[conversation, of] = outcome
        elif kind == EDIT:
            self.edits.append((conversation, of, outcome.entry.seq))


class Ledger:
    """The heads of all conversations, the keys and the claims of one store; ``clock`` returns milliseconds.

    ``heads`` are the committed heads, for the readers. ``deleted`` says whether the last written batch deleted
    anything.
    """

    def __init__(self, db: apsw.Connection, clock: Callable[[], int], heads: dict[str, int]) -> None:
        self._db = db
        self._heads = heads
        self._clock = clock
        self._logs: dict[str, Log] = {}
        self._next = 1
        self._next_log = 1
        self._batches = 0
        self._fed = 0
        self.deleted = False
        self._outbox_index = OutboxIndex(db)

    def load(self, *, feeds: bool) -> State:
        """Update the indexes, if ``feeds`` is set, and load the state; raises apsw.Error.

        Check the indexes against their known counts and the rows.
        """
        try:
            if feeds:
                feed(self._db)
            indexes.check(self._db)
        except (apsw.CorruptError, apsw.ConstraintError) as error:
            self.mend(error)
        facts = self._facts()
        floors = {}
        for number, name, floor, head, ts in self._db.execute(_LOGS):
            self._logs[name] = Log(number, name, head, ts or 0)
            self._next_log = number + 1
            floors[name] = floor
        self._fed, epoch = next(self._db.execute("SELECT fed, epoch FROM meta"))
        self._next = self._fed + 1
        self._take_unfed()
        self._heads.update({name: log.head for name, log in self._logs.items()})
        return State(
            epoch=epoch,
            heads={name: log.head for name, log in self._logs.items()},
            floors=floors,
            marks=marks.load(self._db),
            facts=facts,
        )

    def _take_unfed(self) -> None:
        """Load the entries that the indexes lack, if the disk had no room to update them."""
        for entry_id, name, seq, ts, outbox, n in self._db.execute(_UNFED):
            log = self._logs[str(name)]
            log.head, log.ts = int(str(seq)), int(str(ts))
            if outbox is not None:
                self._outbox_index.add((unsigned(int(str(outbox))), int(str(n))), int(str(entry_id)))
            self._next = int(str(entry_id)) + 1

    def mend(self, why: object) -> None:
        """Rebuild the indexes from the rows, because one is damaged; raises apsw.Error."""
        _log.error("an index is damaged (%s); all indexes are being rebuilt, and no message is affected", why)
        indexes.make_anew(self._db)
        self._outbox_index = OutboxIndex(self._db)
        self._fed = self._next - 1

    def _facts(self) -> list[Entry]:
        """Return all facts, or raise apsw.CorruptError: a lost one could be about a name's owner or a ban."""
        (expected,) = next(self._db.execute("SELECT facts FROM meta"))
        try:
            facts = self._indexed_facts()
            if len(facts) != expected or not all(entry.kind in FACTS for entry in facts):
                raise indexes.IndexDamaged(
                    f"it lists {len(facts):,} accounts, rooms, bans and the like instead of {expected:,}"
                )
        except apsw.CorruptError as error:
            self.mend(error)
            facts = self._indexed_facts()
        for entry in facts:
            if entry.kind == DAMAGED:
                log = "the server log" if entry.conversation == SERVER_LOG else entry.conversation
                raise apsw.CorruptError(f"the checksum of entry {entry.seq} of {log} does not match")
        if len(facts) != expected:
            raise apsw.CorruptError(
                f"{expected - len(facts):,} of {expected:,} accounts, rooms, bans and the like are missing"
            )
        return facts

    def _indexed_facts(self) -> list[Entry]:
        facts, last = [], 0
        try:
            for entry_id, *row in self._db.execute(_FACTS):
                if int(str(entry_id)) <= last:
                    raise indexes.IndexDamaged("it lists accounts, rooms, bans and the like in the wrong order")
                last = int(str(entry_id))
                facts.append(entry_from(row))
        except UnicodeDecodeError as error:
            raise apsw.CorruptError(f"the row after row {last} contains invalid text") from error
        return facts

    def stage(self, staged: Staged, proposals: Sequence[Proposal]) -> None:  # noqa: C901
        """Assign places to the proposals, in order; call ``undo`` even if this raises."""
        entry_id = staged.first = self._next
        self._batches = batch = self._batches + 1
        now = self._clock()
        logs, keys = self._logs, self._outbox_index
        outcomes, entries, values = staged.outcomes, staged.entries, staged.values
        for proposal in proposals:
            conversation, author, name, kind, body = (
                proposal.conversation, proposal.author, proposal.name, proposal.kind, proposal.body,
            )  # fmt: skip
            key = proposal.key
            outbox = n = None
            if key is not None:
                last = keys.last(key[0])
                if last is not None and key[1] <= last:
                    outcomes.append(Duplicate(proposal, self._first_of(key, staged)))
                    continue
            of = proposal.of
            if of is not None and not self._may_change(conversation, of, staged):
                outcomes.append(Unchangeable(proposal))
                continue
            if proposal.claims:
                taken = self._taken(proposal, staged)
                if taken is not None:
                    outcomes.append(Conflict(proposal, taken))
                    continue
                staged.claims.update(dict.fromkeys(proposal.claims, entry_id))
            log = logs.get(conversation)
            if log is None:
                log = self._open(conversation, staged)
            if log.batch != batch:
                log.batch = batch
                staged.touched.append((log, log.head, log.ts))
                log.ts = time_after(log.ts, now)
            log.head = seq = log.head + 1
            ts = log.ts
            proof = checksum(conversation, seq, ts, author, name, kind, body)
            entry = Entry(
                conversation=conversation,
                seq=seq,
                ts=ts,
                author=author,
                name=name,
                kind=kind,
                body=msgspec.Raw(body),
            )
            entries.append(entry)
            outcome = Stored(proposal, entry)
            outcomes.append(outcome)
            if of is not None:
                staged.change(log.id, of, outcome)
            if kind in FACTS:
                staged.facts += 1
            if key is not None:
                staged.keys.append((key, keys.add(key, entry_id)))
                outbox, n = signed(key[0]), key[1]
            values += (entry_id, log.id, seq, ts, author, name, kind, body, outbox, n, kind in FACTS, proof)
            entry_id += 1
        self._next = entry_id

    def write(self, staged: Staged) -> None:
        """Insert the staged entries; raises apsw.Error, TypeError, ValueError, OverflowError."""
        execute = self._db.execute
        self.deleted = bool(staged.deletes)
        for row in staged.opened:
            execute("INSERT INTO conversation (id, name) VALUES (?, ?)", row)
        for claim in staged.claims.items():
            execute("INSERT INTO claim VALUES (?, ?)", claim)
        values, left, at = staged.values, len(staged.entries), 0
        while left:
            rows = min(left, ROWS)
            end = at + rows * COLUMNS
            execute(_insert(rows), values[at:end])
            left -= rows
            at = end
        if staged.facts:
            execute("UPDATE meta SET facts = facts + ?", (staged.facts,))
        for edit in staged.edits:
            execute("INSERT INTO edit VALUES (?, ?, ?)", edit)
        for place, outcome in staged.deletes.items():
            outcome.changed = blank_with_edits(self._db, *place)

    def undo(self, staged: Staged) -> None:
        """Restore the state before the staging; undo later stagings first."""
        for log, head, ts in staged.touched:
            log.head = head
            log.ts = ts
            log.batch = 0
        for _, name in staged.opened:
            del self._logs[name]
        for key, before in reversed(staged.keys):
            self._outbox_index.undo(key, before)
        if staged.first:
            self._next = staged.first

    def note_committed(self, staged: Staged) -> None:
        """Let readers see the staged entries, which are committed."""
        for log, _, _ in staged.touched:
            self._heads[log.name] = log.head

    def has(self, staged: Staged) -> bool:
        """Tell whether the store has exactly the entries that were staged."""
        last = staged.first + len(staged.entries) - 1
        rows = self._db.execute(_ENTRIES + "WHERE e.id BETWEEN ? AND ? ORDER BY e.id", (staged.first, last))
        return [entry_from(row) for row in rows] == staged.entries

    def feed(self, *, idle: bool) -> None:
        """Update the indexes if they are due, or if the writer is idle; raises apsw.Error."""
        unfed = self._next - 1 - self._fed
        if unfed >= FEED_ENTRIES or (idle and unfed):
            feed(self._db)
            self._outbox_index.fed()
            self._fed = self._next - 1

    def _open(self, name: str, staged: Staged) -> Log:
        log = self._logs[name] = Log(self._next_log, name, 0, 0)
        self._next_log += 1
        staged.opened.append((log.id, name))
        return log

    def _may_change(self, conversation: str, of: int, staged: Staged) -> bool:
        """Tell whether a message exists that can be edited, deleted or answered."""
        log = self._logs.get(conversation)
        if log is None or (log.id, of) in staged.deletes:
            return False
        if of > log.head:
            return False
        recent = (e for e in reversed(staged.entries) if e.seq == of and e.conversation == conversation)
        entry = next(recent, None)
        if entry is None:
            found = find(self._db, log.id, of)
            entry = None if found is None else found[1]
        return entry is not None and is_changeable(entry)

    def _taken(self, proposal: Proposal, staged: Staged) -> str | None:
        for claim in proposal.claims:
            if claim in staged.claims:
                return claim
            if self._db.execute("SELECT 1 FROM claim WHERE name = ?", (claim,)).fetchone():
                return claim
        return None

    def _first_of(self, key: Key, staged: Staged) -> Entry | None:
        entry_id = self._outbox_index.find(key)
        if entry_id is None:
            return None
        if entry_id >= staged.first:
            return staged.entries[entry_id - staged.first]
        row = self._db.execute(_ENTRIES + "WHERE e.id = ?", (entry_id,)).fetchone()
        if row is None:
            return None
        if not self._db.execute(_HAS_KEY, (entry_id, signed(key[0]), key[1])).fetchone():
            raise indexes.IndexDamaged(f"it leads to the wrong entry: {row[1]} of {row[0]}")
        return entry_from(row)


@cache
def _insert(rows: int) -> str:
    row = f"({','.join('?' * COLUMNS)})"
    return f"INSERT INTO entry VALUES {','.join([row] * rows)}"  # noqa: S608  nothing but question marks


_ENTRIES = """
    SELECT c.name, e.seq, e.ts, e.author, e.name, e.kind, e.body, e.checksum
    FROM entry e JOIN conversation c ON c.id = e.conversation
"""

_FACTS = """
    SELECT e.id, c.name, e.seq, e.ts, e.author, e.name, e.kind, e.body, e.checksum
    FROM entry e JOIN conversation c ON c.id = e.conversation WHERE e.fact = 1 ORDER BY e.id
"""

_UNFED = """
    SELECT e.id, c.name, e.seq, e.ts, e.outbox, e.n FROM entry e JOIN conversation c ON c.id = e.conversation
    WHERE e.id > (SELECT fed FROM meta) ORDER BY e.id
"""

_HAS_KEY = "SELECT 1 FROM entry WHERE id = ? AND outbox = ? AND n = ?"

_LOGS = """
    SELECT id, name, floor, head, (
        SELECT e.ts FROM place p JOIN entry e ON e.id = p.entry WHERE p.conversation = log.id AND p.seq = log.head
    ) FROM (
        SELECT id, name, floor,
            ifnull((SELECT max(seq) FROM place WHERE conversation = c.id), floor - 1) AS head
        FROM conversation c
    ) AS log ORDER BY id
"""
