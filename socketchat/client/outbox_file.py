"""The outbox on disk: keeps unconfirmed messages of a process for the next process.

Each process appends to a file of its own, which it holds locked: a line for a message, another when it is settled. The
lock ends with the process, however that ends. A process that finds a file without a lock adopts it: it moves the
messages, with their keys, to its own file. A crash in between leaves them in both files, which does no harm, because
the server stores a key once. Writers do not wait for the disk: a thread syncs what is not settled by then.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
import zlib
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ..exceptions import reason
from ..files import force, make_directory, sync
from ..protocol import commands
from .session.outbox import Keyed

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

REWRITE_BYTES = 1_048_576
"""Bytes from which on a file is rewritten without its settled messages, if these are most of it."""

SUFFIX = ".outbox"
"""Ends the name of every file that may be adopted."""

SET_ASIDE = ".damaged"
"""Ends the name of a file that was adopted but had lines that cannot be read."""

_LOCK_AT = 1 << 40
"""Position of the lock on Windows: locked bytes cannot be read, so the lock is beyond all data."""

_log = logging.getLogger(__name__)


_BINARY = getattr(os, "O_BINARY", 0)  # Windows


class _Settled(msgspec.Struct, frozen=True, tag_field="type", tag="settled"):
    """The message under this key is settled, and no longer kept."""

    outbox: str
    n: int


_decode = msgspec.json.Decoder(commands.Send | commands.Edit | commands.Delete | _Settled).decode
_encode = msgspec.json.Encoder().encode

Key = tuple[str, int]


class OutboxFile:
    """Keeps messages in a file of its own in ``directory``, which belongs to one name on one server."""

    def __init__(self, directory: str) -> None:
        self._directory = Path(directory)
        self._path = self._directory
        self._file: int | None = None
        self._size = 0
        self._kept: dict[Key, bytes] = {}
        self._problem: OSError | None = None
        self._told = False
        self._is_new = False
        self._swapping = threading.Lock()
        self._written = threading.Event()
        self._ended = False
        self._syncing: threading.Thread | None = None

    @property
    def lasts(self) -> bool:
        """Whether all messages are in the file; a disk may fail."""
        return self._problem is None

    def load(self) -> list[Keyed]:
        """Adopt the files of processes that have ended; return their messages, each series in the order of n."""
        found: dict[Key, Keyed] = {}
        try:
            for path in sorted(self._directory.iterdir()):
                if path.suffix == SUFFIX:
                    self._adopt(path, found)
        except FileNotFoundError:
            pass
        except OSError as problem:
            self._fail(problem)
        return sorted(found.values(), key=lambda message: message.n or 0)

    def added(self, message: Keyed) -> None:
        """Write a message; if the disk fails, it is kept only in memory, which is logged once."""
        line = self._kept[_key(message)] = _line(replace(message, id=None))
        self._append(line)

    def settled(self, message: Keyed) -> None:
        """Write that a message is settled."""
        self._kept.pop(_key(message), None)
        if self._file is None:
            return
        self._append(_line(_Settled(*_key(message))))
        if self._size > REWRITE_BYTES and self._size > 2 * sum(map(len, self._kept.values())):
            self._rewrite()

    def close(self) -> None:
        """Sync the messages and leave them to the next process; without messages, remove the file."""
        self._ended = True
        self._written.set()
        if self._syncing is not None:
            self._syncing.join()
        if self._file is None:
            return
        file, self._file = self._file, None
        if self._kept:
            self._sync(file)
            os.close(file)
        else:
            _remove(self._path, file)

    def _append(self, line: bytes) -> None:
        if self._problem is not None:
            self._fail(self._problem)
            return
        try:
            if self._file is None:
                self._file = self._create()
            _write(self._file, self._size, line)
        except OSError as problem:
            self._fail(problem)
            return
        self._size += len(line)
        if self._kept:
            self._sync_soon()

    def _fail(self, problem: OSError) -> None:
        self._problem = problem
        if not self._told:
            self._told = True
            _log.warning(
                "Unsent messages will be lost when this program ends: cannot use %s: %s.",
                self._directory, reason(problem),
            )  # fmt: skip

    def _create(self) -> int:
        """Create an empty file and lock it; leave it to another process that adopts it in between."""
        make_directory(self._directory)
        while True:
            path = self._directory / (os.urandom(8).hex() + SUFFIX)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | _BINARY, 0o600)
            if _lock(file) and os.fstat(file).st_nlink:
                break
            os.close(file)
        self._path, self._size, self._is_new = path, 0, True
        return file

    def _rewrite(self) -> None:
        """Continue in a new file, without the settled messages."""
        old, old_path = self._file, self._path
        try:
            file = self._create()
            content = b"".join(self._kept.values())
            _write(file, 0, content)
            self._sync(file)
        except OSError as problem:
            self._fail(problem)
            return
        with self._swapping:
            self._file, self._size = file, len(content)
        if old is not None:
            _remove(old_path, old)

    def _adopt(self, path: Path, found: dict[Key, Keyed]) -> None:
        """Take over the messages of a file that no process holds."""
        try:
            file = os.open(path, os.O_RDWR | _BINARY)
        except FileNotFoundError:
            return  # another process was faster
        if not _lock(file):
            os.close(file)
            return
        messages, is_damaged = _parse(_read(file))
        for key, message in messages.items():
            if key not in self._kept:
                self.added(message)
                found[key] = message
        if self._file is not None and messages:
            self._sync(self._file)
        if self._problem is not None:
            os.close(file)
        elif is_damaged:
            os.close(file)
            aside = path.replace(path.with_suffix(SET_ASIDE))
            _log.warning("Some unsent messages of an earlier session are damaged. They were moved to %s.", aside)
        else:
            _remove(path, file)

    def _sync_soon(self) -> None:
        if self._syncing is None:
            self._syncing = threading.Thread(target=self._sync_on, name="outbox", daemon=True)
            self._syncing.start()
        self._written.set()

    def _sync_on(self) -> None:
        """Sync what was written meanwhile, unless all of it is settled by then."""
        while not self._ended:
            self._written.wait()
            self._written.clear()
            with self._swapping:
                if self._kept and self._file is not None and not self._ended:
                    self._sync(self._file)

    def _sync(self, file: int) -> None:
        try:
            force(file)
            if self._is_new:
                sync(self._directory)
            self._is_new = False
        except OSError as problem:
            self._problem = problem  # the next message reports it: this may be another thread


def count_kept(directory: str) -> int:
    """Return the number of messages that wait in the files of a directory, of any process."""
    kept: set[Key] = set()
    with suppress(OSError):
        for path in Path(directory).iterdir():
            if path.suffix == SUFFIX:
                kept.update(_parse(path.read_bytes())[0])
    return len(kept)


def _key(message: Keyed) -> Key:
    return message.outbox or "", message.n or 0


def _line(what: Keyed | _Settled) -> bytes:
    content = _encode(what)
    return b"%08x %b\n" % (zlib.crc32(content), content)


def _parse(content: bytes) -> tuple[dict[Key, Keyed], bool]:
    """Return the unsettled messages, and whether lines are damaged; an incomplete last line is normal."""
    kept: dict[Key, Keyed] = {}
    is_damaged = False
    for line in content.split(b"\n")[:-1]:
        told = _decode(line[9:]) if line[:9] == b"%08x " % zlib.crc32(line[9:]) else None
        if told is None:
            is_damaged = True
        elif isinstance(told, _Settled):
            kept.pop((told.outbox, told.n), None)
        else:
            kept[_key(told)] = told
    return kept, is_damaged


def _write(file: int, size: int, line: bytes) -> None:
    """Append to a file of this size, all or nothing."""
    problem = None
    try:
        written = os.write(file, line)
    except OSError as error:
        written, problem = 0, error
    if written != len(line):
        with suppress(OSError):
            os.ftruncate(file, size)
        raise problem or OSError(errno.ENOSPC, "only a part was written")


def _read(file: int) -> bytes:
    os.lseek(file, 0, os.SEEK_SET)
    content = b""
    while chunk := os.read(file, REWRITE_BYTES):
        content += chunk
    return content


def _remove(path: Path, file: int) -> None:
    """Remove a locked file, empty for any process that opened it before; then unlock it."""
    with suppress(OSError):
        os.ftruncate(file, 0)
        path.unlink()
    os.close(file)
    if os.name != "posix":
        with suppress(OSError):
            path.unlink()  # Windows removes no open file


def _lock(file: int) -> bool:
    """Lock a file for this process; return False if another process holds it."""
    try:
        if sys.platform == "win32":
            os.lseek(file, _LOCK_AT, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
