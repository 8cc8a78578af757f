"""Copies of a whole store: made as one file, synced, and never seen half made.

Whoever runs the server may take them while it runs, from a process of their own: SQLite lets any number read beside the
one that writes, and a reader here never writes into the log or folds it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from ....exceptions import BadFile, Refused, StorageProblem
from .. import schema
from ..database import Database
from ..files import copy, copy_whole, discard, make_directory, put_in_place
from ..lock import DirectoryLock


@contextmanager
def reading(directory: Path) -> Iterator[apsw.Connection]:
    """Read the store in a data directory, whether a server runs on it or not; raises BadFile, StorageProblem.

    An OSError of who reads, as from the stream that is written to, is none of the directory and passes as it is.
    """
    database = Database(directory)
    if not database.path.exists():
        raise BadFile(f"There is no store in {directory}; name the data directory of a server with --data.")
    lock = DirectoryLock(directory)
    theirs: OSError | None = None
    with database.told():
        with suppress(StorageProblem):  # the server that runs has it
            lock.acquire()
        try:
            db = database.open_reader()
            try:
                database.check_kind(db)
                if lock.held:  # else the log would stay behind, and nobody else is here to fold it
                    db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
                try:
                    yield db
                except OSError as problem:
                    theirs = problem
            finally:
                db.close()
        finally:
            lock.release()
    if theirs is not None:
        raise theirs


def back_up(directory: Path, target: Path) -> None:
    """Copy the store in a data directory to a new file; raises BadFile, Refused, StorageProblem."""
    if target.exists():
        raise Refused(f"{target} is there already; name a new file.")
    with reading(directory) as db:
        try:
            copy_whole(db, target)
        except OSError as problem:
            if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise _no_room(target) from problem
            raise BadFile(f"Cannot write {target} ({problem.strerror}); name a file elsewhere.") from problem
        except apsw.FullError as error:
            raise _no_room(target) from error


def _no_room(target: Path) -> StorageProblem:
    return StorageProblem(f"The disk of {target} is full; name a file elsewhere, or make room.")


def restore(source: Path, directory: Path) -> None:
    """Make the store of a data directory from a copy, of an epoch of its own; raises BadFile, Refused, StorageProblem.

    What was stored after the copy was made is not in it. The epoch tells clients that were there. Where it fails, the
    directories that it made are gone again.
    """
    database = Database(directory)
    with database.told():
        if not source.is_file():
            raise BadFile(f"There is no file {source}.")
        made = [folder for folder in (directory, *directory.parents) if not folder.exists()]
        make_directory(directory)
        lock = DirectoryLock(directory)
        lock.acquire()
        try:
            _copy_in(database, source)
        except BaseException:
            if made:
                _remove(made, database, lock)
            raise
        finally:
            lock.release()


def _remove(made: list[Path], database: Database, lock: DirectoryLock) -> None:
    """Remove directories that were made for a store that could not be; whatever else is in them by now stays."""
    with suppress(OSError):
        discard(database.unfinished)
        lock.path.unlink(missing_ok=True)
        for folder in made:
            folder.rmdir()


def _copy_in(database: Database, source: Path) -> None:
    if database.path.exists() or Path(f"{database.path}-wal").exists():
        raise Refused(f"There is a store in {database.directory} already; name another directory, or move it away.")
    new = database.unfinished
    try:
        # SQLite is told that nobody writes, or it would leave two files beside the backup.
        still = "" if Path(f"{source}-wal").exists() else "&immutable=1"
        db = apsw.Connection(
            f"{source.absolute().as_uri()}?mode=ro{still}", apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        )
        try:
            database.check_kind(db, source)
            if (found := db.pragma("quick_check")) != "ok":
                raise apsw.CorruptError(str(found).partition("\n")[0])
            copy(db, new)
        finally:
            db.close()
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise BadFile(f"{source} is damaged ({error}); choose another backup.") from error
    db = apsw.Connection(os.fspath(new), apsw.SQLITE_OPEN_READWRITE)
    try:
        schema.begin_epoch(db)
    finally:
        db.close()
    put_in_place(new, database.path)
