"""A disk that can be made to fail: SQLite's real files behind a VFS with faults."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import apsw

FULL, NO_WRITE, NO_SYNC, LOST, NO_READ = "full", "no write", "no sync", "lost", "no read"


class Disk(apsw.VFS):
    """SQLite's default VFS while it is registered.

    ``fault`` applies to all later calls: NO_READ fails reads, FULL and NO_WRITE fail writes, NO_SYNC fails syncs, and
    LOST fails a sync and drops everything written since the last one. Each failure releases ``failures``.
    ``on_failure``, ``before_sync`` and ``after_sync`` are called in the thread that writes or syncs.
    """

    def __init__(self, name: str, base: str) -> None:
        super().__init__(name, base, makedefault=True)
        self.base = base
        self.fault: str | None = None
        self.failures = threading.Semaphore(0)
        self.syncs = 0
        self.on_failure: Callable[[], object] | None = None
        self.before_sync: Callable[[], object] | None = None
        self.after_sync: Callable[[], object] | None = None

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return File(self, name, flags)

    def fail(self, code: int) -> None:
        self.failures.release()
        if self.on_failure is not None:
            self.on_failure()
        raise apsw.exception_for(code)

    def excepthook(self, *_: object) -> None:
        """SQLite reports the error already."""


class File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: apsw.URIFilename | str | None, flags: list[int]) -> None:
        super().__init__(disk.base, name, flags)
        self.disk = disk
        self.size = self.xFileSize()
        self.unsynced: list[tuple[int, bytes]] = []

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        if self.disk.fault == NO_READ:
            self.disk.fail(apsw.SQLITE_IOERR_READ)
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        if self.disk.fault == FULL:
            self.disk.fail(apsw.SQLITE_FULL)
        if self.disk.fault == NO_WRITE:
            self.disk.fail(apsw.SQLITE_IOERR_WRITE)
        self.unsynced.append((offset, self.xRead(len(data), offset)))
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        if self.disk.before_sync is not None:
            self.disk.before_sync()
        if self.disk.fault == LOST:
            self.lose()
        if self.disk.fault in {NO_SYNC, LOST}:
            self.disk.fail(apsw.SQLITE_IOERR_FSYNC)
        super().xSync(flags)
        self.disk.syncs += 1
        self.size = self.xFileSize()
        self.unsynced.clear()
        if self.disk.after_sync is not None:
            self.disk.after_sync()

    def lose(self) -> None:
        for offset, data in reversed(self.unsynced):
            if data:
                super().xWrite(data, offset)
        self.unsynced.clear()
        self.xTruncate(self.size)

    def excepthook(self, *_: object) -> None:
        """SQLite reports the error already."""


@contextmanager
def inserted() -> Iterator[Disk]:
    """Keep all databases that are opened meanwhile on a disk that can be made to fail."""
    base = apsw.vfs_names()[0]
    disk = Disk(f"disk-{os.urandom(4).hex()}", base)
    try:
        yield disk
    finally:
        disk.unregister()
        apsw.set_default_vfs(base)
