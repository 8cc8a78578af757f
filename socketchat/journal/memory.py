"""A journal that forgets: the same contract without a disk, for tests."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from ..protocol.events import Entry
from . import Conflict, Duplicate, Outcome, Proposal, State, StorageRefused, Stored
from .intake import Batch, Intake

if TYPE_CHECKING:
    import asyncio

ENTRIES = 1_000_000
"""Entries kept unless told otherwise: about half a gigabyte."""

FULL = "The journal's memory is full; try again later."


def _now() -> int:
    return time.time_ns() // 1_000_000


class MemoryJournal(Intake):
    """Keeps everything in dicts; a batch is committed in the turn of the loop after it was submitted.

    ``clock`` returns milliseconds. ``capacity`` is the number of entries that fit, and may be changed at any time: a
    batch that does not fit is refused as a full disk would have it.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, *, clock: Callable[[], int] = _now, capacity: int = ENTRIES
    ) -> None:
        super().__init__(loop, self._commit)
        self.capacity = capacity
        self._clock = clock
        self._epoch = secrets.token_hex(8)
        self._logs: dict[str, list[Entry]] = {}
        self._facts: list[Entry] = []
        self._claims: set[str] = set()
        self._sent: dict[tuple[int, int], Entry] = {}
        self._last: dict[int, int] = {}
        self._count = 0
        self._failed = -1

    async def open(self) -> State:
        """Return what the journal knows; what was stored before a ``close`` is still there."""
        self._stopped = False
        self._watch()
        heads = {name: len(log) for name, log in self._logs.items()}
        return State(epoch=self._epoch, heads=heads, floors=dict.fromkeys(heads, 1), facts=list(self._facts))

    async def read(
        self, conversation: str, *, after: int = 0, before: int | None = None, upto: int | None = None, limit: int
    ) -> list[Entry]:
        """Return entries with after < seq < before and seq <= upto; with ``before`` the newest, else the oldest."""
        log = self._logs.get(conversation, [])
        end = len(log) if upto is None else min(upto, len(log))
        if before is None:
            return log[after : min(end, after + limit)]
        end = min(end, before - 1)
        return log[max(after, end - limit) : end] if end > after else []

    async def close(self) -> None:
        """Commit what was submitted and report it."""
        self._stop()
        self._tell_refused()

    def _commit(self, batch: Batch) -> None:
        if batch.generation <= self._failed or self._count + len(batch.proposals) > self.capacity:
            self._failed = batch.generation
            self._report([StorageRefused(proposal, FULL, retry=True) for proposal in batch.proposals], FULL)
            return
        now = self._clock()
        self._report([self._store(proposal, now) for proposal in batch.proposals], None)

    def _store(self, proposal: Proposal, now: int) -> Outcome:
        outbox, n = proposal.key or (None, 0)
        if outbox is not None and n <= self._last.get(outbox, -1):
            return Duplicate(proposal, self._sent.get((outbox, n)))
        for claim in proposal.claims:
            if claim in self._claims:
                return Conflict(proposal, claim)
        log = self._logs.setdefault(proposal.conversation, [])
        entry = Entry(
            conversation=proposal.conversation,
            seq=len(log) + 1,
            ts=max(now, log[-1].ts) if log else now,
            author=proposal.author,
            name=proposal.name,
            kind=proposal.kind,
            body=msgspec.Raw(proposal.body),
        )
        log.append(entry)
        self._count += 1
        self._claims.update(proposal.claims)
        if outbox is not None:
            self._sent[outbox, n] = entry
            self._last[outbox] = n
        if proposal.fact:
            self._facts.append(entry)
        return Stored(proposal, entry)
