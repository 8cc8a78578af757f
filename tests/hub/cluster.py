"""Two hubs over one log in memory, each with its own sessions, as two nodes of a cluster would be."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from socketchat.hub import Hub
from socketchat.hub.state.apply import load
from socketchat.hub.state.projection import Projection
from socketchat.journal import Outcome, Stored
from socketchat.journal.memory import MemoryJournal, MemoryStore
from tests.hub.stage import CountingJournal, Stage, finished


class Cluster:
    """Two nodes; after each batch, their states of the same log are compared."""

    def __init__(self) -> None:
        self.log = MemoryStore()
        self.first = Stage(partial(CountingJournal, store=self.log))
        self.second = Stage(partial(CountingJournal, store=self.log), beside=self.first)
        self.nodes = (self.first, self.second)
        self.order: list[tuple[str, int]] = []
        self.states: dict[int, object] = {}
        for node in self.nodes:
            self._watch(node.hub)

    def settle(self) -> None:
        """Let both nodes apply all that is in the log."""
        self.first.settle()

    def replayed(self) -> Projection:
        """Return the projection of a third node that only replays the log."""
        state = Projection()
        load(state, finished(MemoryJournal(self.first.turns, store=self.log).open()))
        self.log.journals.pop()
        return state

    def _watch(self, hub: Hub) -> None:
        """Check that both hubs apply the same entries, and are in the same state wherever both finish a batch."""
        apply, applied = hub.committed, [0]

        def committed(outcomes: Sequence[Outcome]) -> None:
            for outcome in outcomes:
                if isinstance(outcome, Stored):
                    place = (outcome.entry.conversation, outcome.entry.seq)
                    if applied[0] == len(self.order):
                        self.order.append(place)
                    assert self.order[applied[0]] == place
                    applied[0] += 1
            apply(outcomes)
            state = hub.state.snapshot()
            assert self.states.setdefault(applied[0], state) == state

        hub.journal.committed = committed
