"""Commits a batch: all of it, or all but the entries that cannot be stored, or nothing.

Three things can go wrong. An entry that cannot be stored is refused alone. If the storage fails before COMMIT, nothing
was stored. If COMMIT raises, the outcome is unknown: a failed fsync can leave the commit in the log, where the next
recovery finds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

import apsw

from .. import Outcome, Proposal, StorageRefused
from .ledger import Ledger, Staged

BAD_ENTRY = "The server cannot store this message."

STORAGE_ERRORS = (
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.FullError,
    apsw.IOError,
    apsw.LockedError,
    apsw.NoMemError,
    apsw.NotADBError,
    apsw.PermissionsError,
    apsw.ProtocolError,
    apsw.ReadOnlyError,
)
"""Errors that mean that the storage fails, and not that an entry is bad."""

_BAD_ENTRY_ERRORS = (apsw.Error, TypeError, ValueError, OverflowError)


class Unknown(Exception):  # noqa: N818  the commit may have succeeded
    """The batch may or may not be stored; ``staged`` holds its entries."""

    def __init__(self, staged: Sequence[Staged]) -> None:
        super().__init__("COMMIT failed")
        self.staged = staged


def commit(db: apsw.Connection, ledger: Ledger, proposals: Sequence[Proposal]) -> list[Outcome]:
    """Store proposals in one transaction; raises Unknown, or one of STORAGE_ERRORS if nothing was stored."""
    try:
        staged = _together(db, ledger, proposals)
    except STORAGE_ERRORS:
        raise
    except _BAD_ENTRY_ERRORS:
        staged = _one_by_one(db, ledger, proposals)
    if any(part.entries for part in staged):
        _commit(db, ledger, staged)
    else:
        _roll_back(db, ledger, staged)
    return outcomes(staged)


def outcomes(staged: Sequence[Staged]) -> list[Outcome]:
    """Return the outcomes of the staged proposals, in order."""
    return staged[0].outcomes if len(staged) == 1 else list(chain.from_iterable(part.outcomes for part in staged))


def _together(db: apsw.Connection, ledger: Ledger, proposals: Sequence[Proposal]) -> list[Staged]:
    staged = Staged()
    with _begun(db, ledger, [staged]):
        ledger.stage(staged, proposals)
        ledger.write(staged)
    return [staged]


def _one_by_one(db: apsw.Connection, ledger: Ledger, proposals: Sequence[Proposal]) -> list[Staged]:
    staged: list[Staged] = []
    with _begun(db, ledger, staged):
        for proposal in proposals:
            staged.append(Staged())
            db.execute("SAVEPOINT entry")
            try:
                ledger.stage(staged[-1], [proposal])
                ledger.write(staged[-1])
            except STORAGE_ERRORS:
                raise
            except _BAD_ENTRY_ERRORS:
                ledger.undo(staged[-1])
                staged[-1] = Staged()
                staged[-1].outcomes.append(StorageRefused(proposal, BAD_ENTRY, retry=False))
                db.execute("ROLLBACK TO entry")
            db.execute("RELEASE entry")
    return staged


@contextmanager
def _begun(db: apsw.Connection, ledger: Ledger, staged: Sequence[Staged]) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        _roll_back(db, ledger, staged)
        raise


def _roll_back(db: apsw.Connection, ledger: Ledger, staged: Sequence[Staged]) -> None:
    for part in reversed(staged):
        ledger.undo(part)
    if db.in_transaction:  # SQLite rolls back by itself after some errors
        try:
            db.execute("ROLLBACK")
        except apsw.Error as error:
            raise Unknown([]) from error


def _commit(db: apsw.Connection, ledger: Ledger, staged: Sequence[Staged]) -> None:
    try:
        db.execute("COMMIT")
        for part in staged:
            ledger.note_committed(part)
    except apsw.FullError:
        # The commit frame is written last, before the fsync: it did not fit, so nothing was stored.
        _roll_back(db, ledger, staged)
        raise
    except apsw.Error as error:
        raise Unknown(staged) from error
