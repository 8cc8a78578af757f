"""The files of a log: one directory in which writes are durable when they return."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from mmap import mmap
from pathlib import Path
from typing import Protocol

from ... import files
from .frame import BLOCK, aligned

CHUNK_BYTES = 256 * 1024
"""Bytes zeroed in one write: an append that comes meanwhile waits for less than a millisecond of it."""

_DIRECT: int = getattr(os, "O_DIRECT", 0)
_CLOSE_ON_EXEC: int = getattr(os, "O_CLOEXEC", 0)


class File(Protocol):
    """An open file of the log."""

    def write(self, offset: int, content: memoryview) -> None:
        """Write whole blocks; they are durable when this returns. Raises OSError: any part may be written then."""

    def close(self) -> None:
        """Close the file."""


class Disk(Protocol):
    """A flat directory of files. All methods raise OSError."""

    @property
    def is_direct(self) -> bool:
        """Tell whether ``read`` shows what is on disk, and not what the page cache holds."""

    def names(self) -> list[str]:
        """Return the names of all files."""

    def create(self, name: str, size: int) -> None:
        """Create a file of zeros, durably, though not its name; if there is no space for it, leave none."""

    def zero(self, name: str) -> None:
        """Overwrite a file with zeros, durably."""

    def open(self, name: str) -> File:
        """Open a file for writing."""

    def read(self, name: str, offset: int, size: int | None = None) -> memoryview:
        """Return whole blocks of a file as they are on disk, up to its end; a block that cannot be read is all 0xFF."""

    def sync(self, name: str) -> None:
        """Make all writes to a file durable, whoever wrote them."""

    def sync_names(self) -> None:
        """Make the names of all files durable, whoever gave them."""

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, durably."""

    def remove(self, name: str) -> None:
        """Remove a file."""


class Directory:
    """A disk that is a directory of the file system, private to its owner.

    Without ``direct``, or where the file system refuses direct I/O, writes go through the page cache.
    """

    def __init__(self, path: Path, *, direct: bool = True) -> None:
        files.make_directory(path)
        self._path = path
        self._is_direct = direct and bool(_DIRECT)

    @property
    def is_direct(self) -> bool:
        """Tell whether ``read`` shows what is on disk, and not what the page cache holds."""
        return self._is_direct

    def names(self) -> list[str]:
        """Return the names of all files."""
        return os.listdir(self._path)  # noqa: PTH208 - names are wanted, not paths

    def create(self, name: str, size: int) -> None:
        """Create a file of zeros, durably, though not its name; if there is no space for it, leave none."""
        try:
            with self._opened(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as file:
                _zero(file, size)
        except OSError:
            with suppress(OSError):
                self.remove(name)
            raise

    def zero(self, name: str) -> None:
        """Overwrite a file with zeros, durably."""
        with self._opened(name, os.O_WRONLY) as file:
            _zero(file, os.fstat(file).st_size)

    def open(self, name: str) -> File:
        """Open a file for writing."""
        path = self._path / name
        if self._is_direct:
            try:
                return _DirectFile(path, self._refuse_direct)
            except OSError as problem:
                if problem.errno not in _REFUSED:
                    raise
                self._refuse_direct()
        return _SyncedFile(path)

    def _refuse_direct(self) -> None:
        self._is_direct = False

    def read(self, name: str, offset: int, size: int | None = None) -> memoryview:
        """Return whole blocks of a file as they are on disk, up to its end; a block that cannot be read is all 0xFF."""
        if self._is_direct:
            try:
                with self._opened(name, os.O_RDONLY | _DIRECT) as file:  # the page cache may hold what a disk refused
                    return _read_all(file, offset, size)
            except OSError as problem:
                if problem.errno not in _REFUSED:
                    raise
        with self._opened(name, os.O_RDONLY) as file:
            return _read_all(file, offset, size)

    def sync(self, name: str) -> None:
        """Make all writes to a file durable, whoever wrote them."""
        files.sync(self._path / name)

    def sync_names(self) -> None:
        """Make the names of all files durable, whoever gave them."""
        files.sync(self._path)

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, durably."""
        try:
            files.publish(self._path / old, self._path / new, over=True)
        except FileNotFoundError:
            if not (self._path / new).exists():
                raise
            self.sync_names()  # it was renamed before, but the directory could not be synced

    def remove(self, name: str) -> None:
        """Remove a file."""
        (self._path / name).unlink()

    @contextmanager
    def _opened(self, name: str, flags: int) -> Iterator[int]:
        file = os.open(self._path / name, flags | _CLOSE_ON_EXEC, 0o600)
        try:
            yield file
        finally:
            os.close(file)


_REFUSED = (errno.EINVAL, errno.EOPNOTSUPP)  # by file systems that know no direct I/O


class _SyncedFile:
    """A file written through the page cache and then synced."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | _CLOSE_ON_EXEC)

    def write(self, offset: int, content: memoryview) -> None:
        """Write whole blocks, and sync them."""
        _write_all(self._file, content, offset)
        files.force_data(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class _DirectFile:
    """A file written past the page cache, by one system call that returns when the disk has the bytes."""

    def __init__(self, path: Path, refuse: Callable[[], None]) -> None:
        self._path = path
        self._refuse = refuse
        self._file = os.open(path, os.O_WRONLY | _CLOSE_ON_EXEC | _DIRECT | os.O_DSYNC)
        self._synced: _SyncedFile | None = None

    def write(self, offset: int, content: memoryview) -> None:
        """Write whole blocks, aligned in memory too; if the disk wants larger blocks, go through the page cache."""
        if self._synced is not None:
            self._synced.write(offset, content)
            return
        try:
            done = os.pwrite(self._file, content, offset)
        except OSError as problem:
            if problem.errno not in _REFUSED:
                raise
            self._refuse()
            self._synced = _SyncedFile(self._path)
            self._synced.write(offset, content)
            return
        if done < len(content):
            if done <= 0 or done % BLOCK:
                raise OSError(errno.EIO, "only a part was written")
            self.write(offset + done, content[done:])

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
        if self._synced is not None:
            self._synced.close()


def _write_all(file: int, content: memoryview, offset: int) -> None:
    while content:
        done = os.pwrite(file, content, offset)
        if not done:
            raise OSError(errno.EIO, "nothing was written")
        content = content[done:]
        offset += done


def _zero(file: int, size: int) -> None:
    zeros = memoryview(bytes(CHUNK_BYTES))
    for offset in range(0, size, CHUNK_BYTES):
        _write_all(file, zeros[: min(CHUNK_BYTES, size - offset)], offset)
    files.force(file)
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)  # direct writes would have to drop the pages


def _read_all(file: int, offset: int, size: int | None) -> memoryview:
    if size is None:
        size = os.fstat(file).st_size - offset
    view = memoryview(mmap(-1, max(aligned(size), BLOCK)))  # aligned, as direct I/O demands
    done = 0
    while done < size:
        try:
            got = os.preadv(file, [view[done : done + CHUNK_BYTES]], offset + done)
        except OSError as problem:
            if problem.errno != errno.EIO:
                raise
            got = _read_block(file, view[done : done + BLOCK], offset + done)
        if not got:
            break
        done += got
    return view[: min(done, size)]


def _read_block(file: int, block: memoryview, offset: int) -> int:
    try:
        return os.preadv(file, [block], offset)
    except OSError as problem:
        if problem.errno != errno.EIO:
            raise
        block[:] = b"\xff" * len(block)
        return len(block)
