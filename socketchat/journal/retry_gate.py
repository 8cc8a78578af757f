"""Keeps a sender's later messages from overtaking one that was refused and will come again."""

from __future__ import annotations

from . import Proposal

OUTBOXES = 4096
"""Outboxes with refused messages that are remembered; more than connect in the time of a storage failure."""

REFUSED_PER_OUTBOX = 1024
"""Refused numbers remembered per outbox: many times the window of unacknowledged entries of a connection."""


class RetryGate:
    """The refused numbers by outbox: a later number is not let in before all of them have come again."""

    def __init__(self) -> None:
        self._refused: dict[int, set[int]] = {}

    def __bool__(self) -> bool:
        return bool(self._refused)

    def admits(self, proposal: Proposal) -> bool:
        """Tell whether a proposal may go on; one that was refused before is taken off the list."""
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
        """Take a number off the list."""
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
