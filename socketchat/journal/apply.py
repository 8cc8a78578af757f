"""The apply rule: decides, in the order of the log, what becomes of each proposal.

It is a pure function of what the log decided before, the proposals of a batch and the time. So every backend, every
replay of a log and every node decides alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Protocol

import msgspec

from ..protocol.events import Entry
from ..protocol.kinds import DELETE, EDIT
from . import Conflict, Duplicate, Outcome, Proposal, Stored, Unchangeable
from .bodies import is_changeable
from .entry_times import time_after

Key = tuple[int, int]


class Decided(Protocol):
    """What the log decided before a batch."""

    def head(self, conversation: str) -> tuple[int, int]:
        """Return the seq and the time of the newest entry of a conversation; (0, 0) if it has none."""

    def last(self, outbox: int) -> int | None:
        """Return the last stored number of an outbox, or None."""

    def first(self, key: Key) -> Entry | None:
        """Return the entry stored under a key, or None if it is not known any more."""

    def has_claim(self, claim: str) -> bool:
        """Tell whether an entry holds a claim."""

    def is_changeable(self, conversation: str, seq: int) -> bool:
        """Tell whether a message exists that can be edited, deleted or answered."""

    def edits(self, conversation: str, seq: int) -> Sequence[int]:
        """Return the seqs of the edits of an entry."""


class Applied:
    """What became of a batch: one outcome per proposal, and what that changes.

    ``entries`` are the stored ones, in order. ``heads`` and ``times`` hold the newest seq and time by conversation,
    and ``last`` the last number by outbox, if they changed. ``edits`` holds the seqs of the edits by the place of the
    edited entry, ``blanked`` the places that deletes blanked. ``position`` is the record's position in the log.
    """

    __slots__ = (
        "_by_conversation",
        "_indexed",
        "_keys",
        "blanked",
        "claims",
        "edits",
        "entries",
        "heads",
        "last",
        "now",
        "outcomes",
        "position",
        "times",
    )

    _indexing = Lock()

    def __init__(self, now: int) -> None:
        self.now = now
        self.position = 0
        self.outcomes: list[Outcome] = []
        self.entries: list[Stored] = []
        self.heads: dict[str, int] = {}
        self.times: dict[str, int] = {}
        self.last: dict[int, int] = {}
        self.claims: set[str] = set()
        self.edits: dict[tuple[str, int], list[int]] = {}
        self.blanked: set[tuple[str, int]] = set()
        self._indexed = 0
        self._by_conversation: dict[str, list[Stored]] = {}
        self._keys: dict[Key, Stored] = {}

    def entries_of(self, conversation: str) -> list[Stored]:
        """Return the entries of a conversation so far, in the order of seq; any thread may call this."""
        self._index()
        return self._by_conversation.get(conversation, [])

    def entry(self, conversation: str, seq: int) -> Entry | None:
        """Return an entry of this batch so far, or None."""
        found = self.entries_of(conversation)
        at = seq - found[0].entry.seq if found else -1
        return found[at].entry if 0 <= at < len(found) else None

    def keyed(self, key: Key) -> Entry | None:
        """Return the entry of this batch so far that was stored under a key, or None."""
        self._index()
        found = self._keys.get(key)
        return None if found is None else found.entry

    def _index(self) -> None:
        """Index the entries that were added since the last look-up: most batches are never looked into."""
        if self._indexed == len(self.entries):
            return
        with self._indexing:
            for stored in self.entries[self._indexed :]:
                self._by_conversation.setdefault(stored.entry.conversation, []).append(stored)
                if stored.proposal is not None and stored.proposal.key is not None:
                    self._keys[stored.proposal.key] = stored
            self._indexed = len(self.entries)

    def change(self, stored: Stored, of: int, decided: Decided) -> None:
        """Note the change by an edit or a delete; other kinds change nothing."""
        conversation, kind = stored.entry.conversation, stored.entry.kind
        place = (conversation, of)
        if kind == EDIT:
            self.edits.setdefault(place, []).append(stored.entry.seq)
        elif kind == DELETE:
            stored.changed = (of, *decided.edits(conversation, of), *self.edits.get(place, ()))
            self.blanked.update((conversation, seq) for seq in stored.changed)


def apply(decided: Decided, proposals: Sequence[Proposal], now: int) -> Applied:  # noqa: C901
    """Decide a batch: drop duplicates, and give each proposal its outcome, and each entry its seq and its time.

    ``now`` is in milliseconds. Changes nothing but the result.
    """
    applied = Applied(now)
    outcomes, entries, heads, times, last = (
        applied.outcomes, applied.entries, applied.heads, applied.times, applied.last,
    )  # fmt: skip
    for proposal in proposals:
        key, of, conversation = proposal.key, proposal.of, proposal.conversation
        if key is not None:
            before = last.get(key[0])
            if before is None:
                before = decided.last(key[0])
            if before is not None and key[1] <= before:
                outcomes.append(Duplicate(proposal, applied.keyed(key) or decided.first(key)))
                continue
        if of is not None and not _may_change(applied, decided, conversation, of):
            outcomes.append(Unchangeable(proposal))
            continue
        if proposal.claims:
            taken = next((c for c in proposal.claims if c in applied.claims or decided.has_claim(c)), None)
            if taken is not None:
                outcomes.append(Conflict(proposal, taken))
                continue
            applied.claims.update(proposal.claims)
        seq = heads.get(conversation)
        if seq is None:
            seq, ts = decided.head(conversation)
            times[conversation] = time_after(ts, now)
        heads[conversation] = seq = seq + 1
        entry = Entry(
            conversation=conversation,
            seq=seq,
            ts=times[conversation],
            author=proposal.author,
            name=proposal.name,
            kind=proposal.kind,
            body=msgspec.Raw(proposal.body),
        )
        stored = Stored(proposal, entry)
        entries.append(stored)
        outcomes.append(stored)
        if key is not None:
            last[key[0]] = key[1]
        if of is not None:
            applied.change(stored, of, decided)
    return applied


def _may_change(applied: Applied, decided: Decided, conversation: str, of: int) -> bool:
    if (conversation, of) in applied.blanked:
        return False
    entry = applied.entry(conversation, of)
    return decided.is_changeable(conversation, of) if entry is None else is_changeable(entry)
