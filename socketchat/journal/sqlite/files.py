"""Making the files of a store: for the owner alone, synced, and never seen half made."""

from __future__ import annotations

import os
from pathlib import Path

import apsw


def make_directory(directory: Path) -> None:
    """Make a directory and those above it where they are missing, for the owner alone."""
    for folder in [*reversed(directory.parents), directory]:
        if not folder.exists():
            folder.mkdir(0o700)
            sync(folder.parent)  # or a power cut takes the directory, and with it the store that is synced in it


def copy_whole(db: apsw.Connection, target: Path) -> None:
    """Put a copy of what a connection sees at ``target``, over what is there; raises OSError, apsw.Error.

    The copy is compact: what was deleted is not in it.
    """
    new = Path(f"{target}.new")
    try:
        copy(db, new)
        put_in_place(new, target)
    except BaseException:
        discard(new)
        raise


def copy(db: apsw.Connection, new: Path) -> None:
    """Copy what a connection sees to a file that nobody takes for whole; raises OSError, apsw.Error."""
    discard(new)
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    db.pragma("query_only", 0)  # what is written is the copy
    db.execute("VACUUM INTO ?", (os.fspath(new),))


def discard(unfinished: Path) -> None:
    """Remove what is left of a database that a crash kept from being finished.

    With its journal: that would be taken for the journal of the next one of this name, and rolled back into it.
    """
    for path in (unfinished, Path(f"{unfinished}-journal")):
        path.unlink(missing_ok=True)


def put_in_place(new: Path, target: Path) -> None:
    """Sync a file that is whole and give it its name, so that a crash leaves none or all of it."""
    sync(new)
    new.rename(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Make a file or a directory durable."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
