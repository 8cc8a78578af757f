"""The files of a SQLite store: creates, opens, protects and repairs them."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from ... import files
from ...exceptions import BadFile, ChatError, StorageProblem, reason
from .. import Progress
from . import schema
from .files import copy_whole, discard, put_in_place
from .indexes.search_index import add_functions
from .lock import DirectoryLock

WAL_KEPT = 32 * 1024 * 1024
"""Size to which the write-ahead log is truncated after a checkpoint; it is larger only while readers hold it."""

CACHE_KIB = 16 * 1024
"""The writer's page cache: enough for the index pages of several thousand conversations."""

BUSY_MS = 250
"""Time to wait for another program that locks the database, such as a shell; all messages wait meanwhile."""

LOGGED_SECONDS = 5.0
"""Time between two progress lines of a migration in the log."""

STATEMENTS = 300
"""Prepared statements cached by the writer: an INSERT for each batch size, and the others."""

_log = logging.getLogger(__name__)


class Database:
    """The database DIR/socketchat.db and its lock."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "socketchat.db"
        self.damaged = directory / "socketchat.db.damaged"
        self.unfinished = directory / "socketchat.db.restored"
        self._lock = DirectoryLock(directory)

    def acquire(self) -> None:
        """Create the directory and the database if they are missing, and lock them; raises BadFile, StorageProblem."""
        with self.told():
            files.make_directory(self.directory)
            self._lock.acquire()
            try:
                self._check_files()
            except BaseException:
                self._lock.release()
                raise

    def release(self) -> None:
        """Release the lock."""
        self._lock.release()

    def set_space_aside(self) -> None:
        """Reserve some space, so that the next start has it even if the disk is full."""
        self._lock.set_space_aside()

    def open_writer(self) -> apsw.Connection:
        """Open the one connection that writes and checkpoints; raises BadFile, StorageProblem, apsw.Error."""
        with self.told():
            db = apsw.Connection(os.fspath(self.path), apsw.SQLITE_OPEN_READWRITE, statementcachesize=STATEMENTS)
            add_functions(db)
            try:
                self._prepare_writer(db)
            except BaseException:
                db.close(force=True)
                raise
            return db

    def open_reader(self) -> apsw.Connection:
        """Open a connection that can only read."""
        db = apsw.Connection(os.fspath(self.path), apsw.SQLITE_OPEN_READWRITE)
        add_functions(db)
        _keep_log_on_close(db)
        db.set_busy_timeout(BUSY_MS)
        db.pragma("query_only", 1)
        db.pragma("wal_autocheckpoint", 0)
        db.pragma("mmap_size", 0)
        return db

    def check_kind(self, db: apsw.Connection, path: Path | None = None) -> int:
        """Return the schema version of a database; raises BadFile if it is not ours, or has a newer version."""
        other = "Choose another directory" if path is None else "Give a file that `socketchat backup` wrote"
        path = path or self.path
        if db.pragma("application_id") == schema.EARLIER_ID:
            raise BadFile(f"{path} was created by a version before 0.1.0. {other}.")
        if db.pragma("application_id") != schema.APPLICATION_ID:
            raise BadFile(f"{path} is not a store of socketchat. {other}.")
        version, known = schema.version(db), len(schema.MIGRATIONS)
        if version > known:
            raise BadFile(
                f"{path} was created by a newer socketchat (schema {version}; this one knows {known}). Upgrade it."
            )
        return version

    def rewrite_log(self) -> None:
        """Rewrite the write-ahead log in place and sync it; call this while no connection is open.

        After a failed fsync, the kernel may mark the log's pages as clean although they never reached the disk. A
        second fsync would then succeed without writing anything. Rewriting makes the pages dirty again, so that this
        fsync writes them. Otherwise a power cut during the next checkpoint could leave a torn database.
        """
        try:
            fd = os.open(f"{self.path}-wal", os.O_RDWR)
        except FileNotFoundError:
            return
        try:
            offset = 0
            while chunk := os.pread(fd, 1 << 20, offset):
                offset += os.pwrite(fd, chunk, offset)
            files.force(fd)
        finally:
            os.close(fd)

    def _check_files(self) -> None:
        log = Path(f"{self.path}-wal")
        if self.path.exists():
            if self.path.stat().st_size == 0:
                raise BadFile(
                    f"{self.path} is empty. Put a backup in its place, or move it away to start with an empty store."
                )
        elif self.damaged.exists():
            raise BadFile(f"A recovery of {self.path} was interrupted. Start once with --recover.")
        elif log.exists() and log.stat().st_size > 0:
            raise BadFile(
                f"{self.path} is missing, but its log is there. Put it back, or move {log.name} away to start empty."
            )
        elif self.unfinished.exists():
            raise BadFile(f"A restore to {self.directory} was interrupted. Run it again, or remove {self.unfinished}.")
        else:
            if any(path != self._lock.path for path in self.directory.iterdir()):
                _log.warning("no store in %s, although other files are there: creating an empty one", self.directory)
            self._create()
        for file in (self.path, log, Path(f"{self.path}-shm")):
            if file.exists():
                if (status := file.stat()).st_mode & 0o077 and status.st_uid == os.geteuid():
                    file.chmod(0o600)
                files.check_private(file, "which holds all messages", file.stat())

    def _create(self) -> None:
        """Create the database under a temporary name and rename it, so that a crash leaves all of it or none."""
        new = Path(f"{self.path}.new")
        discard(new)
        os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))  # -wal and -shm get the same mode
        db = apsw.Connection(os.fspath(new), apsw.SQLITE_OPEN_READWRITE)
        try:
            schema.migrate(db)
        finally:
            db.close()
        put_in_place(new, self.path)

    def _prepare_writer(self, db: apsw.Connection) -> None:
        db.set_busy_timeout(BUSY_MS)
        version, known = self.check_kind(db), len(schema.MIGRATIONS)
        _keep_log_on_close(db)
        for name, value in _WRITER_PRAGMAS.items():
            db.pragma(name, value)
        if db.pragma("journal_mode", "wal") != "wal" or db.pragma("synchronous") != _FULL:
            raise StorageProblem(f"{self.path} cannot be written safely on this file system. Choose a local disk.")
        if version < known:
            kept = Path(f"{self.path}.v{version}.bak")
            _log.warning(
                "the store has version %d: copying it to %s, then migrating it to version %d", version, kept, known
            )
            copy_whole(db, kept, _logged("copying the store"))
            schema.migrate(db)
            _log.warning("the store has version %d now", known)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn errors of the system or SQLite into one sentence with a next step."""
        try:
            yield
        except ChatError:
            raise
        except OSError as error:
            raise StorageProblem(
                f"Cannot use the data directory {self.directory} ({reason(error)}). Fix it, or choose another one."
            ) from error
        except (apsw.NotADBError, apsw.CorruptError) as error:
            raise BadFile(
                f"{self.path} is damaged ({error}). Put a backup in its place, or start with --recover."
            ) from error
        except apsw.FullError as error:
            raise StorageProblem(f"The disk of {self.directory} is full. Free some space and start again.") from error
        except apsw.Error as error:
            raise StorageProblem(f"Cannot use {self.path} ({error}). Fix that, or choose another directory.") from error


_FULL = 2
"""The value of ``PRAGMA synchronous`` if every commit is synced."""

_WRITER_PRAGMAS: dict[str, int] = {
    "synchronous": _FULL,
    "fullfsync": 1,  # on macOS fsync alone does not reach the disk
    "checkpoint_fullfsync": 1,
    "secure_delete": 1,
    "mmap_size": 0,  # an I/O error in mapped memory is a SIGBUS
    "wal_autocheckpoint": 0,  # the writer decides when
    "journal_size_limit": WAL_KEPT,
    "cache_size": -CACHE_KIB,
}


def _keep_log_on_close(db: apsw.Connection) -> None:
    """Leave checkpoints to the writer: closing a connection must not run one, least of all after a failed commit."""
    db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)


def _logged(doing: str) -> Progress:
    """Return a function that logs the progress of a long task at intervals."""
    logged = time.monotonic()

    def tell(done: int, of: int) -> None:
        nonlocal logged
        now = time.monotonic()
        if of and now - logged >= LOGGED_SECONDS:
            logged = now
            _log.warning("%s: %d %%", doing, 100 * done // of)

    return tell


def close_whole(db: apsw.Connection) -> None:
    """Close the writer's connection, and leave the database as one file."""
    db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
    db.close()
