"""A journal in memory: the same contract without a disk, for tests."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING

import msgspec

from ..exceptions import KeyReused
from ..protocol.events import Entry
from ..protocol.kinds import FACTS, INDEXED, PERSONAL
from . import PASSED, Found, Keep, Outcome, Progress, Query, Revision, State, StorageRefused, Stored
from .apply import Applied, Key, apply
from .bodies import as_edited, blanked, is_blank, is_changeable, served, terms_of
from .folding import folded
from .intake import Batch, Intake

if TYPE_CHECKING:
    import asyncio

ENTRIES = 1_000_000
"""Most entries by default: about half a gigabyte."""

FULL = "The journal's memory is full; try again later."


def _now() -> int:
    return time.time_ns() // 1_000_000


class MemoryStore:
    """The stored entries; the journals of several nodes may share one store, and each hears what the others store."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(8)
        self.logs: dict[str, list[Entry]] = {}
        self.facts: list[Entry] = []
        self.marks: dict[str, dict[str, int]] = {}
        self.floors: dict[str, int] = {}
        self.count = 0
        self.journals: list[MemoryJournal] = []
        self._claims: set[str] = set()
        self._sent: dict[Key, tuple[str, int]] = {}
        self._last: dict[int, int] = {}
        self._edits: dict[tuple[str, int], list[int]] = {}

    def head(self, conversation: str) -> tuple[int, int]:
        """Return the seq and the time of the newest entry."""
        log = self.logs.get(conversation)
        return (len(log), log[-1].ts) if log else (0, 0)

    def last(self, outbox: int) -> int | None:
        """Return the last stored number of an outbox, or None."""
        return self._last.get(outbox)

    def first(self, key: Key) -> Entry | None:
        """Return the entry stored under a key, or None if it is gone."""
        conversation, seq = self._sent.get(key, ("", 0))
        return self.logs[conversation][seq - 1] if seq >= self.floors.get(conversation, 1) else None

    def has_claim(self, claim: str) -> bool:
        """Tell whether an entry holds a claim."""
        return claim in self._claims

    def is_changeable(self, conversation: str, seq: int) -> bool:
        """Tell whether a message exists that can be changed or answered."""
        log = self.logs.get(conversation, [])
        return self.floors.get(conversation, 1) <= seq <= len(log) and is_changeable(log[seq - 1])

    def edits(self, conversation: str, seq: int) -> list[int]:
        """Return the seqs of the edits of an entry."""
        return self._edits.get((conversation, seq), [])

    def current(self, entry: Entry) -> Entry:
        """Return an entry in its current text."""
        edits = self._edits.get((entry.conversation, entry.seq))
        return as_edited(entry, self.logs[entry.conversation][edits[-1] - 1]) if edits else entry

    def take(self, applied: Applied) -> None:
        """Store what was applied."""
        for stored in applied.entries:
            entry, key = stored.entry, None if stored.proposal is None else stored.proposal.key
            self.logs.setdefault(entry.conversation, []).append(entry)
            if key is not None:
                self._sent[key] = entry.conversation, entry.seq
            if entry.kind in FACTS:
                self.facts.append(entry)
        self.count += len(applied.entries)
        self._claims |= applied.claims
        self._last |= applied.last
        for place, edits in applied.edits.items():
            self._edits.setdefault(place, []).extend(edits)
        for conversation, seq in applied.blanked:
            self.blank(conversation, seq)

    def blank(self, conversation: str, seq: int) -> bool:
        """Blank an entry; return False if it was blank already."""
        log = self.logs[conversation]
        entry = log[seq - 1]
        if is_blank(entry):
            return False
        log[seq - 1] = msgspec.structs.replace(entry, body=msgspec.Raw(served(blanked(bytes(entry.body)))))
        return True


class MemoryJournal:
    """Keeps everything in dicts; commits a batch in the next turn of the loop.

    ``clock`` returns milliseconds. ``capacity`` is the most entries that fit, and may change at any time: a batch that
    does not fit is refused, as if the disk were full. Entries that another journal of the same ``store`` stored are
    reported in a later turn, in log order, without their proposals.
    """

    revised: Callable[[Revision], None] = staticmethod(lambda _: None)

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        clock: Callable[[], int] = _now,
        capacity: int = ENTRIES,
        store: MemoryStore | None = None,
    ) -> None:
        self._loop = loop
        self._intake = Intake(loop, self._commit)
        self.submit = self._intake.submit
        self.give_up = self._intake.give_up
        self.capacity = capacity
        self._clock = self.now = clock
        self._store = store or MemoryStore()
        self._untold: list[Stored] = []  # by other journals
        self._failed = -1
        self._keep = Keep()

    @property
    def committed(self) -> Callable[[Sequence[Outcome]], None]:
        """The function that receives the outcomes."""
        return self._intake.committed

    @committed.setter
    def committed(self, committed: Callable[[Sequence[Outcome]], None]) -> None:
        self._intake.committed = committed

    async def open(self) -> State:
        """Return the journal's state; entries from before a ``close`` are still there."""
        self._intake.restart()
        self._untold.clear()
        if self not in self._store.journals:
            self._store.journals.append(self)
        heads = {name: len(log) for name, log in self._store.logs.items()}
        return State(
            epoch=self._store.epoch,
            heads=heads,
            floors=dict.fromkeys(heads, 1) | self._store.floors,
            facts=list(self._store.facts),
            marks=deepcopy(self._store.marks),
        )

    async def find(self, key: tuple[int, int]) -> Entry | None:
        """Return the entry that was stored under a key, or None; raises KeyReused."""
        await self._intake.settled()
        outbox, n = key
        last = self._store.last(outbox)
        if last is None or n > last:
            return None
        if (entry := self._store.first(key)) is None:
            raise KeyReused(PASSED)
        return entry

    def mark(self, user: str, conversation: str, seq: int) -> None:
        """Store a read marker."""
        marks = self._store.marks.setdefault(user, {})
        marks[conversation] = max(seq, marks.get(conversation, 0))

    async def read(
        self,
        conversation: str,
        *,
        after: int = 0,
        before: int | None = None,
        upto: int | None = None,
        limit: int,
        current: bool = False,
    ) -> list[Entry]:
        """Return entries with after < seq < before and seq <= upto; with ``before`` the newest, else the oldest."""
        log = self._store.logs.get(conversation, [])
        after = max(after, self._store.floors.get(conversation, 1) - 1)
        end = len(log) if upto is None else min(upto, len(log))
        if before is None:
            entries = log[after : min(end, after + limit)]
        else:
            end = min(end, before - 1)
            entries = log[max(after, end - limit) : end] if end > after else []
        return [self._store.current(entry) for entry in entries] if current else entries

    async def search(self, query: Query) -> Found:
        """Return the newest entries that match; raises BadText."""
        floors = self._store.floors
        terms = [(_WORD.findall(folded(term.text)), term.is_begun) for term in terms_of(query.words)]
        entries = [
            entry
            for name in query.conversations
            for entry in self._store.logs.get(name, [])[max(floors.get(name, 1), query.floors.get(name, 1)) - 1 :]
            if entry.kind in INDEXED
            and query.author in {None, entry.author}
            and (query.since or 0) <= entry.ts < (query.before or entry.ts + 1)
            and _holds(_WORD.findall(folded(msgspec.json.decode(entry.body)["text"])), terms)
        ]
        entries.sort(key=lambda entry: (entry.ts, entry.seq), reverse=True)
        return Found(entries[: query.limit], complete=True)

    async def erase(self, author: str, progress: Progress | None = None) -> int:  # noqa: ARG002 - it is done at once
        """Blank all messages of a user; return their number."""
        blanked: dict[str, list[int]] = {}
        for name, log in self._store.logs.items():
            for entry in list(log):
                if entry.author == author and entry.kind in PERSONAL and self._store.blank(name, entry.seq):
                    blanked.setdefault(name, []).append(entry.seq)
        self._store.marks.pop(author, None)
        self._revise(Revision(blanked=blanked))
        return sum(map(len, blanked.values()))

    @property
    def keep(self) -> Keep:
        """How long messages are kept."""
        return self._keep

    @keep.setter
    def keep(self, keep: Keep) -> None:
        self._keep = keep
        floors: dict[str, int] = {}
        for name, log in self._store.logs.items():
            if (kept_for := keep.of(name)) is not None:
                since = self._clock() - kept_for
                floor = next((entry.seq for entry in log if entry.ts >= since), len(log) + 1)
                if floor > self._store.floors.get(name, 1):
                    floors[name] = floor
        self._store.floors.update(floors)
        self._revise(Revision(floors=floors))

    async def close(self) -> None:
        """Commit and report all submitted proposals."""
        self._intake.stop()
        self._intake.tell_refused()
        if self in self._store.journals:
            self._store.journals.remove(self)

    def _commit(self, batch: Batch) -> None:
        if batch.generation <= self._failed or self._store.count + len(batch.proposals) > self.capacity:
            self._failed = batch.generation
            self._intake.report([StorageRefused(proposal, FULL, retry=True) for proposal in batch.proposals], FULL)
            return
        applied = apply(self._store, batch.proposals, self._clock())
        self._store.take(applied)
        stored = [Stored(None, each.entry, each.changed) for each in applied.entries]
        for other in self._store.journals:
            if other is not self:
                other.hear(stored)
        self._tell_heard()  # entries that were stored before
        self._intake.report(applied.outcomes, None)

    def hear(self, stored: list[Stored]) -> None:
        """Take entries that another journal stored, and report them soon."""
        if stored and not self._untold:
            self._loop.call_soon(self._tell_heard)
        self._untold += stored

    def _tell_heard(self) -> None:
        untold, self._untold = self._untold, []
        if untold:
            self.committed(untold)

    def _revise(self, revision: Revision) -> None:
        for journal in self._store.journals:
            journal.revised(revision)


def _holds(words: list[str], terms: list[tuple[list[str], bool]]) -> bool:
    """Tell whether each term's words occur in sequence among the words."""
    asked = [(term, is_begun) for term, is_begun in terms if term]
    return bool(asked or not terms) and all(
        any(_begins(words[at : at + len(term)], term, is_begun=is_begun) for at in range(len(words)))
        for term, is_begun in asked
    )


def _begins(words: list[str], term: list[str], *, is_begun: bool) -> bool:
    """Tell whether words match a term; if ``is_begun``, the last word of the term is a prefix."""
    same = words[:-1] == term[:-1] and len(words) == len(term)
    return same and (words[-1].startswith(term[-1]) if is_begun else words[-1] == term[-1])


_WORD = re.compile(r"\w+")
