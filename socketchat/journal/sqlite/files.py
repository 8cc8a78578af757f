"""Copies of databases: whole, synced, and never seen half made."""

from __future__ import annotations

import os
from pathlib import Path

import apsw

from ... import files
from .. import Progress

STEPS = 20_000
"""SQLite's steps between two looks at how far a copy is: some milliseconds."""


def copy_whole(db: apsw.Connection, target: Path, progress: Progress | None = None) -> None:
    """Put a copy of what a connection sees at ``target``, over what is there; raises OSError, apsw.Error.

    To be called in the data directory, with its lock: what an earlier one has left unfinished is removed.
    """
    new = Path(f"{target}.new")
    try:
        copy(db, new, progress)
        put_in_place(new, target)
    except BaseException:
        discard(new)
        raise


def copy(db: apsw.Connection, new: Path, progress: Progress | None = None) -> None:
    """Copy what a connection sees to a file that nobody takes for whole; raises OSError, apsw.Error.

    The copy is compact: what was deleted is not in it.
    """
    discard(new)
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    db.pragma("query_only", 0)  # what is written is the copy
    if progress is not None:
        pages = db.pragma("page_count") - db.pragma("freelist_count")
        _watch(db, new, int(str(pages * db.pragma("page_size"))), progress)
    try:
        db.execute("VACUUM INTO ?", (os.fspath(new),))
    finally:
        db.set_progress_handler(None)


def _watch(db: apsw.Connection, new: Path, size: int, progress: Progress) -> None:
    """Tell at first, and then from time to time, how much of a copy is written."""
    progress(0, size)

    def look() -> bool:
        progress(min(new.stat().st_size, size), size)
        return False

    db.set_progress_handler(look, STEPS)


def discard(unfinished: Path) -> None:
    """Remove what is left of a database that a crash kept from being finished.

    With its journal: that would be taken for the journal of the next one of this name, and rolled back into it.
    """
    for path in (unfinished, Path(f"{unfinished}-journal")):
        path.unlink(missing_ok=True)


def put_in_place(new: Path, target: Path) -> None:
    """Sync a file that is whole and give it its name, so that a crash leaves none or all of it."""
    files.sync(new)
    files.publish(new, target, over=True)
