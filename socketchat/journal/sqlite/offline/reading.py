"""Reads a store from another process, with or without a running server, also in a read-only directory.

SQLite allows any number of readers beside one writer. A reader here never writes to the log or checkpoints it.
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
    """Read the store in a data directory, with or without a running server; raises BadFile, StorageProblem.

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
        with suppress(StorageProblem):  # a running server has it
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
            if lock.held:  # no server is running, so closing must checkpoint the log
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
        if not is_still:  # a server is running, and sees this directory under another path that is writable
            yield from _connected(database.path, "mode=ro")
        elif not log.exists() or log.stat().st_size == 0:
            yield from _connected(database.path, "mode=ro&immutable=1")
        else:
            # To read a log, SQLite must write a file beside it, so let it read a copy.
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
