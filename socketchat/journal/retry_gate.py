"""Keeps a sender's later messages from overtaking a refused one that will be sent again."""

from __future__ import annotations

from . import Proposal

OUTBOXES = 4096
"""Most outboxes with refused messages; more than connect during a storage failure."""

REFUSED_PER_OUTBOX = 1024
"""Most refused numbers per outbox: many times a connection's limit of unacknowledged entries."""


class RetryGate:
    """The refused numbers by outbox: a later number has to wait until all of them have come again."""

    def __init__(self) -> None:
        self._refused: dict[int, set[int]] = {}

    def __bool__(self) -> bool:
        return bool(self._refused)

    def admits(self, proposal: Proposal) -> bool:
        """Tell whether a proposal may pass; remove it from the list if it was refused before."""
        if proposal.key is None:
            return True
        outbox, n = proposal.key
        refused = self._refused.get(outbox)
        if refused is None:
            return True
        if min(refused) < n:
            return False
        self.release(proposal.key)
        return True

    def release(self, key: tuple[int, int]) -> None:
        """Remove a number from the list."""
        outbox, n = key
        refused = self._refused.get(outbox)
        if refused is not None:
            refused.discard(n)
            if not refused:
                del self._refused[outbox]

    def note(self, proposal: Proposal) -> None:
        """Remember that a proposal was refused and may come again."""
        if proposal.key is None:
            return
        outbox, n = proposal.key
        refused = self._refused.setdefault(outbox, set())
        if len(refused) < REFUSED_PER_OUTBOX:
            refused.add(n)
        if len(self._refused) > OUTBOXES:
            del self._refused[next(iter(self._refused))]
