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
from ..protocol.kinds import DELETE, EDIT, FACTS, INDEXED, PERSONAL
from . import (
    PASSED,
    Conflict,
    Duplicate,
    Found,
    Keep,
    Outcome,
    Progress,
    Proposal,
    Query,
    Revision,
    State,
    StorageRefused,
    Stored,
    Unchangeable,
)
from .bodies import as_edited, blanked, is_blank, is_changeable, served, terms_of
from .entry_times import time_after
from .folding import folded
from .intake import Batch, Intake

if TYPE_CHECKING:
    import asyncio

ENTRIES = 1_000_000
"""Most entries by default: about half a gigabyte."""

FULL = "The journal's memory is full; try again later."


def _now() -> int:
    return time.time_ns() // 1_000_000


class MemoryLog:
    """The stored entries; the journals of several nodes may share one log, and each hears what the others store."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(8)
        self.logs: dict[str, list[Entry]] = {}
        self.facts: list[Entry] = []
        self.marks: dict[str, dict[str, int]] = {}
        self.claims: set[str] = set()
        self.sent: dict[tuple[int, int], tuple[str, int]] = {}
        self.last: dict[int, int] = {}
        self.floors: dict[str, int] = {}
        self.edits: dict[tuple[str, int], list[int]] = {}
        self.count = 0
        self.journals: list[MemoryJournal] = []


class MemoryJournal:
    """Keeps everything in dicts; commits a batch in the next turn of the loop.

    ``clock`` returns milliseconds. ``capacity`` is the most entries that fit, and may change at any time: a batch that
    does not fit is refused, as if the disk were full. Entries that another journal of the same ``log`` stored are
    reported in a later turn, in log order, without their proposals.
    """

    revised: Callable[[Revision], None] = staticmethod(lambda _: None)

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        clock: Callable[[], int] = _now,
        capacity: int = ENTRIES,
        log: MemoryLog | None = None,
    ) -> None:
        self._loop = loop
        self._intake = Intake(loop, self._commit)
        self.submit = self._intake.submit
        self.give_up = self._intake.give_up
        self.capacity = capacity
        self._clock = clock
        self._log = log = log or MemoryLog()
        self._logs = log.logs
        self._facts = log.facts
        self._marks = log.marks
        self._claims = log.claims
        self._sent = log.sent
        self._last = log.last
        self._floors = log.floors
        self._edits = log.edits
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
        if self not in self._log.journals:
            self._log.journals.append(self)
        heads = {name: len(log) for name, log in self._logs.items()}
        return State(
            epoch=self._log.epoch,
            heads=heads,
            floors=dict.fromkeys(heads, 1) | self._floors,
            facts=list(self._facts),
            marks=deepcopy(self._marks),
        )

    async def find(self, key: tuple[int, int]) -> Entry | None:
        """Return the entry that was stored under a key, or None; raises KeyReused."""
        await self._intake.settled()
        outbox, n = key
        if n > self._last.get(outbox, -1):
            return None
        if (entry := self._first_of(key)) is None:
            raise KeyReused(PASSED)
        return entry

    def mark(self, user: str, conversation: str, seq: int) -> None:
        """Store a read marker."""
        marks = self._marks.setdefault(user, {})
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
        log = self._logs.get(conversation, [])
        after = max(after, self._floors.get(conversation, 1) - 1)
        end = len(log) if upto is None else min(upto, len(log))
        if before is None:
            entries = log[after : min(end, after + limit)]
        else:
            end = min(end, before - 1)
            entries = log[max(after, end - limit) : end] if end > after else []
        return [self._current(entry, log) for entry in entries] if current else entries

    async def search(self, query: Query) -> Found:
        """Return the newest entries that match; raises BadText."""
        terms = [(_WORD.findall(folded(term.text)), term.is_begun) for term in terms_of(query.words)]
        entries = [
            entry
            for name in query.conversations
            for entry in self._logs.get(name, [])[max(self._floors.get(name, 1), query.floors.get(name, 1)) - 1 :]
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
        for name, log in self._logs.items():
            for entry in list(log):
                if entry.author == author and entry.kind in PERSONAL and self._blank(log, entry):
                    blanked.setdefault(name, []).append(entry.seq)
        self._marks.pop(author, None)
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
        for name, log in self._logs.items():
            if (kept_for := keep.of(name)) is not None:
                since = self._clock() - kept_for
                floor = next((entry.seq for entry in log if entry.ts >= since), len(log) + 1)
                if floor > self._floors.get(name, 1):
                    floors[name] = floor
        self._floors.update(floors)
        self._revise(Revision(floors=floors))

    async def close(self) -> None:
        """Commit and report all submitted proposals."""
        self._intake.stop()
        self._intake.tell_refused()
        if self in self._log.journals:
            self._log.journals.remove(self)

    def _commit(self, batch: Batch) -> None:
        if batch.generation <= self._failed or self._log.count + len(batch.proposals) > self.capacity:
            self._failed = batch.generation
            self._intake.report([StorageRefused(proposal, FULL, retry=True) for proposal in batch.proposals], FULL)
            return
        now = self._clock()
        outcomes = [self._store(proposal, now) for proposal in batch.proposals]
        stored = [Stored(None, each.entry, each.changed) for each in outcomes if isinstance(each, Stored)]
        for other in self._log.journals:
            if other is not self:
                other.hear(stored)
        self._tell_heard()  # entries that were stored before
        self._intake.report(outcomes, None)

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
        for journal in self._log.journals:
            journal.revised(revision)

    def _store(self, proposal: Proposal, now: int) -> Outcome:
        outbox, n = proposal.key or (None, 0)
        if outbox is not None and n <= self._last.get(outbox, -1):
            return Duplicate(proposal, self._first_of((outbox, n)))
        if proposal.of is not None and not self._may_change(proposal.conversation, proposal.of):
            return Unchangeable(proposal)
        for claim in proposal.claims:
            if claim in self._claims:
                return Conflict(proposal, claim)
        log = self._logs.setdefault(proposal.conversation, [])
        entry = Entry(
            conversation=proposal.conversation,
            seq=len(log) + 1,
            ts=time_after(log[-1].ts, now) if log else now,
            author=proposal.author,
            name=proposal.name,
            kind=proposal.kind,
            body=msgspec.Raw(proposal.body),
        )
        log.append(entry)
        self._log.count += 1
        self._claims.update(proposal.claims)
        if outbox is not None:
            self._sent[outbox, n] = entry.conversation, entry.seq
            self._last[outbox] = n
        if proposal.kind in FACTS:
            self._facts.append(entry)
        return Stored(proposal, entry, () if proposal.of is None else self._change(log, entry, proposal.of))

    def _current(self, entry: Entry, log: list[Entry]) -> Entry:
        edits = self._edits.get((entry.conversation, entry.seq))
        return as_edited(entry, log[edits[-1] - 1]) if edits else entry

    def _first_of(self, key: tuple[int, int]) -> Entry | None:
        conversation, seq = self._sent.get(key, ("", 0))
        return self._logs[conversation][seq - 1] if seq >= self._floors.get(conversation, 1) else None

    def _may_change(self, conversation: str, of: int) -> bool:
        log = self._logs.get(conversation, [])
        return self._floors.get(conversation, 1) <= of <= len(log) and is_changeable(log[of - 1])

    def _change(self, log: list[Entry], entry: Entry, of: int) -> tuple[int, ...]:
        """Apply an edit or a delete, and ignore other kinds; return the seqs that were blanked."""
        edits = self._edits.setdefault((entry.conversation, of), [])
        if entry.kind == EDIT:
            edits.append(entry.seq)
        if entry.kind != DELETE:
            return ()
        return tuple(seq for seq in (of, *edits) if self._blank(log, log[seq - 1]))

    @staticmethod
    def _blank(log: list[Entry], entry: Entry) -> bool:
        if is_blank(entry):
            return False
        body = msgspec.Raw(served(blanked(bytes(entry.body))))
        log[entry.seq - 1] = msgspec.structs.replace(entry, body=body)
        return True


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
