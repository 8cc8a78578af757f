"""The server with a deliberate bug, which the checker has to find.

python tests/faults/mutants.py NAME serve …
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import apsw

from socketchat.cli import main
from socketchat.hub.delivery import replay
from socketchat.hub.sessions import Session
from socketchat.journal import Outcome, Proposal
from socketchat.journal.sqlite import transaction, writer
from socketchat.journal.sqlite.ledger import COLUMNS, Ledger, Staged
from socketchat.journal.sqlite.writer import Writer

LATE = 10
"""Batches that are acknowledged before the first of them is written."""

EVERY = 20
"""One batch in this many is damaged."""


def acknowledges_before_it_commits() -> None:
    waiting: list[tuple[Ledger, Staged]] = []
    stop = Writer.stop

    def commit(db: apsw.Connection, stages: Ledger, proposals: Sequence[Proposal]) -> list[Outcome]:
        staged = Staged()
        stages.stage(staged, proposals)
        waiting.append((stages, staged))
        if len(waiting) == LATE:
            write(db)
        return staged.outcomes

    def write(db: apsw.Connection) -> None:
        with db:
            for stages, staged in waiting:
                stages.write(staged)
        waiting.clear()

    def write_and_stop(self: Writer) -> None:
        stop(self)
        write(self._db)

    writer.commit = commit
    Writer.stop = write_and_stop  # type: ignore[method-assign]


def looks_no_key_up() -> None:
    stage = Ledger.stage

    def stage_keyless(self: Ledger, staged: Staged, proposals: Sequence[Proposal]) -> None:
        for proposal in proposals:
            proposal.key = None
        stage(self, staged, proposals)

    Ledger.stage = stage_keyless  # type: ignore[method-assign]


def keeps_the_heads_of_what_it_undoes() -> None:
    undo = Ledger.undo
    commit = transaction._commit
    batches = 0

    def keep(self: Ledger, staged: Staged) -> None:
        heads = [(log, log.head) for log, _, _ in staged.touched]
        undo(self, staged)
        for log, head in heads:
            log.head = head

    def fail(db: apsw.Connection, stages: Ledger, staged: Sequence[Staged]) -> None:
        nonlocal batches
        batches += any(entry.kind == "message" for part in staged for entry in part.entries)
        if batches % EVERY == 1:
            batches += 1
            transaction._roll_back(db, stages, staged)
            raise apsw.FullError
        commit(db, stages, staged)

    Ledger.undo = keep  # type: ignore[method-assign]
    transaction._commit = fail


def mixes_up_what_one_says() -> None:
    stage = Ledger.stage

    def mix(self: Ledger, staged: Staged, proposals: Sequence[Proposal]) -> None:
        last: dict[tuple[str, str], Proposal] = {}
        for one in proposals:
            other = last.setdefault((one.author, one.conversation), one)
            if one.kind == other.kind == "message":
                one.body, other.body = other.body, one.body
        stage(self, staged, proposals)

    Ledger.stage = mix  # type: ignore[method-assign]


def forgets_to_write_one() -> None:
    write = Ledger.write
    batches = 0

    def write_all_but_one(self: Ledger, staged: Staged) -> None:
        nonlocal batches
        batches += 1
        if batches % EVERY == 0 and staged.entries and staged.entries[-1].kind == "message":
            del staged.values[-COLUMNS:]
            staged.entries.pop()
        write(self, staged)

    Ledger.write = write_all_but_one  # type: ignore[method-assign]


def skips_one_for_who_comes_back() -> None:
    advance = replay.Replay.advance
    seen: set[Session] = set()

    def skip(self: replay.Replay, session: Session) -> None:
        if session not in seen and session.places.lacks is not None:
            seen.add(session)
            for conversation, position in session.places.lacks.items():
                if 0 < position < conversation.head:
                    session.places.lacks[conversation] += 1
        advance(self, session)

    replay.Replay.advance = skip  # type: ignore[method-assign]


MUTANTS: list[Callable[[], None]] = [
    acknowledges_before_it_commits,
    looks_no_key_up,
    keeps_the_heads_of_what_it_undoes,
    mixes_up_what_one_says,
    forgets_to_write_one,
    skips_one_for_who_comes_back,
]

if __name__ == "__main__":
    {mutant.__name__: mutant for mutant in MUTANTS}[sys.argv.pop(1)]()
    main()
