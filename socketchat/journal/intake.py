"""The event loop's side of a journal: proposals submitted in one turn of the loop become one batch.

If the storage fails, a sender's later message must not overtake an earlier one. So batches carry a generation. If a
batch fails, the later batches of its generation are refused, and new proposals are refused immediately. The
generation ends when all of its proposals have been answered. From then on, the retry gate holds back later messages.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from . import Outcome, Proposal, StorageRefused
from .retry_gate import RetryGate

if TYPE_CHECKING:
    import asyncio

TROUBLE = "The server cannot write to its disk at the moment; try again later."
STOPPED = "The server is shutting down; try again when it is back."
OVERTAKING = "An earlier message of yours was not stored. Send that one again first."


class Batch:
    """Proposals in the order of submission, and the generation that they belong to."""

    __slots__ = ("generation", "proposals")

    def __init__(self, generation: int, proposals: list[Proposal]) -> None:
        self.generation = generation
        self.proposals = proposals


class Intake:
    """Takes proposals for a backend, and reports their outcomes.

    The backend gets a batch through ``hand_over`` and returns its outcomes through ``report``.
    """

    committed: Callable[[Sequence[Outcome]], None]

    def __init__(self, loop: asyncio.AbstractEventLoop, hand_over: Callable[[Batch], None]) -> None:
        self._loop = loop
        self._hand_over = hand_over
        self._pending: list[Proposal] = []
        self._refused: list[Outcome] = []
        self._gate = RetryGate()
        self._generation = 0
        self._under_way = 0
        self._answered = 0
        self._settling: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._trouble: str | None = None
        self._stopped = False
        self._guarded = False

    def submit(self, proposal: Proposal) -> None:
        """Take a proposal; never blocks. Its outcome comes through ``committed``, never before this returns."""
        if self._guarded and not self._admits(proposal):
            return
        if not self._pending:
            self._loop.call_soon(self._flush)
        self._pending.append(proposal)

    def give_up(self, key: tuple[int, int]) -> None:
        """Stop waiting for a refused message to come again, because its sender was told not to retry."""
        self._gate.release(key)
        self._watch()

    async def settled(self) -> None:
        """Wait until everything submitted before the call has its outcome."""
        if ahead := self._under_way + len(self._pending):
            settled = self._loop.create_future()
            self._settling.append((self._answered + ahead, settled))
            await settled

    def _flush(self) -> None:
        if self._pending:
            proposals, self._pending = self._pending, []
            self._under_way += len(proposals)
            self._hand_over(Batch(self._generation, proposals))

    def report(self, outcomes: Sequence[Outcome], failure: str | None) -> None:
        """Report outcomes to the hub; with ``failure``, the generation has failed."""
        self._under_way -= len(outcomes)
        self._answered += len(outcomes)
        if failure is not None:
            self.begin_trouble(failure)
            for outcome in outcomes:
                if isinstance(outcome, StorageRefused) and outcome.retry:
                    self._gate.note(outcome.proposal)
        try:
            self.committed(outcomes)
        finally:
            if self._trouble is not None:
                self._end_trouble()
            if self._settling:
                self._tell_settled()

    def _tell_settled(self) -> None:
        while self._settling and self._settling[0][0] <= self._answered:
            _, settled = self._settling.popleft()
            if not settled.done():  # the waiter may have been cancelled
                settled.set_result(None)

    def begin_trouble(self, reason: str) -> None:
        """Refuse new proposals until all of this generation have been answered."""
        self._trouble = reason
        self._watch()

    def _end_trouble(self) -> None:
        self._flush()  # proposals submitted before the report belong to the failed generation
        if not self._under_way:
            self._generation += 1
            self._trouble = None
            self._watch()

    def _admits(self, proposal: Proposal) -> bool:
        if self._stopped:
            reason = STOPPED
        elif self._trouble is not None:
            reason = self._trouble
        elif not self._gate.admits(proposal):
            reason = OVERTAKING
        else:
            self._watch()
            return True
        self._gate.note(proposal)
        if not self._refused:
            self._loop.call_soon(self.tell_refused)
        self._refused.append(StorageRefused(proposal, reason, retry=True))
        return False

    def tell_refused(self) -> None:
        """Report the refusals that were not reported yet."""
        refused, self._refused = self._refused, []
        if refused:
            self.committed(refused)

    def stop(self) -> None:
        """Hand over the submitted proposals, and refuse new ones."""
        self._flush()
        self._stopped = True
        self._watch()

    def restart(self) -> None:
        """Take proposals again after a ``stop``."""
        self._stopped = False
        self._watch()

    def _watch(self) -> None:
        self._guarded = self._stopped or self._trouble is not None or bool(self._gate)
