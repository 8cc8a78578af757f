"""Helpers for the tests of the journal: make proposals, and wait for their outcomes without sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from socketchat.journal import Journal, Outcome, Proposal, State
from socketchat.protocol.events import Entry


def say(
    text: str = "hi",
    conversation: str = "#lobby",
    *,
    key: tuple[int, int] | None = None,
    claims: tuple[str, ...] = (),
    fact: bool = False,
) -> Proposal:
    body = f'{{"text":"{text}"}}'.encode()
    return Proposal(conversation, "u1", "alice", "topic" if fact else "message", body, key=key, claims=claims)


def text_of(entry: Entry) -> str:
    return bytes(entry.body)[len(b'{"text":"') : -len(b'"}')].decode()


class Desk:
    """Submits to a journal and keeps its reports; ``reports`` are the batches."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.reports: list[list[Outcome]] = []
        self.on_report: Callable[[Sequence[Outcome]], None] | None = None
        self.state: State
        self._news = asyncio.Event()
        journal.committed = self._committed

    async def store(self, *proposals: Proposal) -> list[Outcome]:
        """Submit proposals in one turn of the loop, and return their outcomes in the order of submission."""
        since = len(self.reports)
        for proposal in proposals:
            self.journal.submit(proposal)
        return [await self.outcome(proposal, since) for proposal in proposals]

    async def outcome(self, proposal: Proposal, since: int = 0) -> Outcome:
        """Wait for the outcome of a proposal in one of the reports from that number on."""
        while (found := self.told(proposal, since)) is None:
            self._news.clear()
            await self._news.wait()
        return found

    def told(self, proposal: Proposal, since: int = 0) -> Outcome | None:
        """Return the outcome of a proposal, or None if it has none yet."""
        return next((o for report in self.reports[since:] for o in report if o.proposal is proposal), None)

    def outcomes(self) -> list[Outcome]:
        """Return all outcomes in the order of the reports."""
        return [outcome for report in self.reports for outcome in report]

    def _committed(self, outcomes: Sequence[Outcome]) -> None:
        self.reports.append(list(outcomes))
        self._news.set()
        if self.on_report is not None:
            self.on_report(outcomes)


@asynccontextmanager
async def opened(journal: Journal) -> AsyncIterator[Desk]:
    """Open a journal, and close it at the end."""
    desk = Desk(journal)
    desk.state = await journal.open()
    try:
        yield desk
    finally:
        await journal.close()
