"""The lock file that keeps a second server out of a data directory."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from ...exceptions import StorageProblem
from ...files import check_directory

SET_ASIDE_BYTES = 262_144
"""Space for SQLite to open a store, and for the admin socket, if the disk is completely full."""


class DirectoryLock:
    """Holds DIR/lock from ``acquire`` to ``release``; the kernel releases it when the process dies.

    The file is not removed, because then two processes could each hold a lock file of that name. Between two runs it
    also reserves some space, which a start on a full disk frees.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.path = directory / "lock"
        self._fd = -1

    def acquire(self) -> None:
        """Take the lock and write our process id into it; raises StorageProblem if another process has it.

        Raises BadFile if another account can replace files in the directory.
        """
        if os.access(self._directory, os.W_OK):  # a read-only snapshot may belong to any account
            check_directory(self._directory)
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, 20).decode("ascii", "replace").strip("\n\0")
            os.close(fd)
            raise StorageProblem(
                f"The data directory {self._directory} is in use by another socketchat (process {holder or '?'}): "
                "stop that one, or choose another directory."
            ) from None
        os.fchmod(fd, 0o600)
        os.ftruncate(fd, 0)
        with suppress(OSError):  # the lock works without it, and the disk may be full
            os.write(fd, f"{os.getpid()}\n".encode())
        self._fd = fd

    def acquire_read_only(self) -> bool:
        """Take the lock in a read-only directory; return False if another process has it."""
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return True  # no server has ever used this directory
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        self._fd = fd
        return True

    def set_space_aside(self) -> None:
        """Reserve some space for the next start, if possible."""
        if self._fd >= 0 and hasattr(os, "posix_fallocate"):
            with suppress(OSError):
                os.posix_fallocate(self._fd, 0, SET_ASIDE_BYTES)

    @property
    def held(self) -> bool:
        """Whether we have the lock."""
        return self._fd >= 0

    def release(self) -> None:
        """Release the directory, if it is held."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
