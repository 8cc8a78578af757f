"""Backup and restore of a store: one file, complete and synced.

A backup can be made from another process while the server runs.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import apsw

from .... import files
from ....exceptions import BadFile, Refused, StorageProblem, reason
from ... import Progress
from .. import schema
from ..database import Database
from ..files import copy, discard, put_in_place
from ..lock import DirectoryLock
from .reading import reading


def back_up(directory: Path, target: Path, progress: Progress | None = None) -> None:
    """Copy the store in a data directory to a new file; raises BadFile, Refused, StorageProblem."""
    if os.path.lexists(target):
        raise _there_already(target)
    new = Path(files.unfinished(target))
    with reading(directory) as db:
        try:
            copy(db, new, progress)
            files.sync(new)
            if not files.publish(new, target, over=False):
                raise _there_already(target)
        except OSError as problem:
            if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise _no_room(target) from problem
            raise BadFile(f"Cannot write {target}: {reason(problem)}. Write it elsewhere.") from problem
        except apsw.FullError as error:
            raise _no_room(target) from error
        finally:
            discard(new)


def _there_already(target: Path) -> Refused:
    return Refused(f"{target} already exists. Give a new file name.")


def _no_room(target: Path) -> StorageProblem:
    return StorageProblem(f"The disk of {target} is full. Free some space, or write the file elsewhere.")


def restore(source: Path, directory: Path, progress: Progress | None = None) -> None:
    """Create the store of a data directory from a backup, with a new epoch; raises BadFile, Refused, StorageProblem.

    The new epoch tells returning clients that entries newer than the backup are lost. If this fails, it removes the
    directories that it created.
    """
    database = Database(directory)
    with database.told():
        if not source.is_file():
            raise BadFile(f"No such file: {source}. Check the path.")
        made = [folder for folder in (directory, *directory.parents) if not folder.exists()]
        files.make_directory(directory)
        lock = DirectoryLock(directory)
        lock.acquire()
        try:
            _copy_in(database, source, progress)
        except BaseException:
            if made:
                _remove(made, database, lock)
            raise
        finally:
            lock.release()


def _remove(made: list[Path], database: Database, lock: DirectoryLock) -> None:
    """Remove the directories of a failed restore, unless they contain other files."""
    with suppress(OSError):
        discard(database.unfinished)
        lock.path.unlink(missing_ok=True)
        for folder in made:
            folder.rmdir()


def _copy_in(database: Database, source: Path, progress: Progress | None) -> None:
    if database.path.exists() or Path(f"{database.path}-wal").exists():
        raise Refused(f"There is a store in {database.directory} already; name another directory, or move it away.")
    new = database.unfinished
    try:
        # Without "immutable", SQLite would leave two files beside the backup.
        still = "" if Path(f"{source}-wal").exists() else "&immutable=1"
        db = apsw.Connection(
            f"{source.absolute().as_uri()}?mode=ro{still}", apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        )
        try:
            database.check_kind(db, source)
            if (found := db.pragma("quick_check")) != "ok":
                raise apsw.CorruptError(str(found).partition("\n")[0])
            copy(db, new, progress)
        finally:
            db.close()
    except apsw.NotADBError:
        raise BadFile(f"{source} is not a backup. Give a file that `socketchat backup` wrote.") from None
    except apsw.CorruptError as error:
        raise BadFile(f"{source} is damaged ({error}). Use another backup.") from error
    db = apsw.Connection(os.fspath(new), apsw.SQLITE_OPEN_READWRITE)
    try:
        schema.begin_epoch(db)
    finally:
        db.close()
    put_in_place(new, database.path)
