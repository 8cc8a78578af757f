"""Reading a store from another process, whether a server runs on it or not, and where nothing can be written.

SQLite lets any number read beside the one that writes, and a reader here never writes into the log or folds it.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

import apsw

from ....exceptions import BadFile, StorageProblem
from ..database import Database
from ..lock import DirectoryLock

_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
"""Errors of a read-only directory, such as a snapshot or a volume that is mounted read-only."""


@contextmanager
def reading(directory: Path) -> Iterator[apsw.Connection]:
    """Read the store in a data directory, whether a server runs on it or not; raises BadFile, StorageProblem.

    An OSError of the caller, for example from an output stream, is passed on unchanged.
    """
    database = Database(directory)
    if not database.path.exists():
        raise BadFile(f"No store in {directory}. Give the data directory of a server with --data.")
    theirs: OSError | None = None
    with database.told(), _opened(database) as db:
        database.check_kind(db)
        try:
            yield db
        except OSError as problem:
            theirs = problem
    if theirs is not None:
        raise theirs


@contextmanager
def _opened(database: Database) -> Iterator[apsw.Connection]:
    lock = DirectoryLock(database.directory)
    try:
        with suppress(StorageProblem):  # the server that runs has it
            lock.acquire()
    except OSError as problem:
        if problem.errno not in _READ_ONLY:
            raise
        with _opened_read_only(database, lock) as db:
            yield db
        return
    try:
        db = database.open_reader()
        try:
            if lock.held:  # else the log would stay, and no server runs to checkpoint it
                db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
            yield db
        finally:
            db.close()
    finally:
        lock.release()


@contextmanager
def _opened_read_only(database: Database, lock: DirectoryLock) -> Iterator[apsw.Connection]:
    is_still = lock.acquire_read_only()
    log = Path(f"{database.path}-wal")
    try:
        if not is_still:  # a server runs, and sees this directory elsewhere as one in which it can write
            yield from _connected(database.path, "mode=ro")
        elif not log.exists() or log.stat().st_size == 0:
            yield from _connected(database.path, "mode=ro&immutable=1")
        else:
            # SQLite has to write beside a log that it reads, so it reads a copy.
            with TemporaryDirectory() as copied:
                for path in (database.path, log):
                    copyfile(path, Path(copied) / path.name)
                yield from _connected(Path(copied) / database.path.name, "mode=rw")
    finally:
        lock.release()


def _connected(path: Path, how: str) -> Iterator[apsw.Connection]:
    flags = apsw.SQLITE_OPEN_READWRITE if how == "mode=rw" else apsw.SQLITE_OPEN_READONLY
    db = apsw.Connection(f"{path.absolute().as_uri()}?{how}", flags | apsw.SQLITE_OPEN_URI)
    try:
        db.pragma("query_only", 1)
        yield db
    finally:
        db.close()
