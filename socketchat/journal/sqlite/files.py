"""Copies of databases: complete and synced; partial copies are never visible."""

from __future__ import annotations

import os
from pathlib import Path

import apsw

from ... import files
from .. import Progress

STEPS = 20_000
"""SQLite's steps between two progress checks of a copy: a few milliseconds."""


def copy_whole(db: apsw.Connection, target: Path, progress: Progress | None = None) -> None:
    """Copy the database of a connection to ``target``, replacing any file there; raises OSError, apsw.Error.

    Call this for a data directory while holding its lock: the unfinished file of an earlier copy is removed.
    """
    new = Path(f"{target}.new")
    try:
        copy(db, new, progress)
        put_in_place(new, target)
    except BaseException:
        discard(new)
        raise


def copy(db: apsw.Connection, new: Path, progress: Progress | None = None) -> None:
    """Copy the database of a connection to a temporary file; raises OSError, apsw.Error.

    The copy is compact: it contains no deleted data.
    """
    discard(new)
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    db.pragma("query_only", 0)  # only the copy is written
    if progress is not None:
        pages = db.pragma("page_count") - db.pragma("freelist_count")
        _watch(db, new, int(str(pages * db.pragma("page_size"))), progress)
    try:
        db.execute("VACUUM INTO ?", (os.fspath(new),))
    finally:
        db.set_progress_handler(None)


def _watch(db: apsw.Connection, new: Path, size: int, progress: Progress) -> None:
    """Report the progress of a copy at the start, then at intervals."""
    progress(0, size)

    def look() -> bool:
        progress(min(new.stat().st_size, size), size)
        return False

    db.set_progress_handler(look, STEPS)


def discard(unfinished: Path) -> None:
    """Remove an unfinished database that a crash left behind.

    Also remove its journal: SQLite would roll it back into the next database of this name.
    """
    for path in (unfinished, Path(f"{unfinished}-journal")):
        path.unlink(missing_ok=True)


def put_in_place(new: Path, target: Path) -> None:
    """Sync a complete file and rename it into place, so that a crash leaves all of it or none."""
    files.sync(new)
    files.publish(new, target, over=True)
