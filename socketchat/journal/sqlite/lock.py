"""The lock file that keeps a second server out of a data directory."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from ...exceptions import StorageProblem
from ...files import check_directory

SET_ASIDE_BYTES = 262_144
"""What SQLite needs to open a store for reading, and an admin socket to appear, on a disk without a free byte."""


class DirectoryLock:
    """Holds DIR/lock from ``acquire`` to ``release``; the kernel lets go of it when the process dies.

    The file stays behind: were it removed, two processes could each hold a lock file of that name. Between two runs it
    also takes some space, which a start on a full disk gives back to the disk.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.path = directory / "lock"
        self._fd = -1

    def acquire(self) -> None:
        """Take the lock and write our process id into it; raises StorageProblem where another process has it.

        Raises BadFile if another account may put another file in the place of one that is kept here.
        """
        if os.access(self._directory, os.W_OK):  # nothing is at stake in a snapshot, which may be anybody's
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
        with suppress(OSError):  # the lock holds without it, and a full disk may have no room
            os.write(fd, f"{os.getpid()}\n".encode())
        self._fd = fd

    def acquire_read_only(self) -> bool:
        """Take the lock where nothing can be written; False if another process has it."""
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return True  # then no server has ever been there
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        self._fd = fd
        return True

    def set_space_aside(self) -> None:
        """Take some space for the next start, if there is any."""
        if self._fd >= 0 and hasattr(os, "posix_fallocate"):
            with suppress(OSError):
                os.posix_fallocate(self._fd, 0, SET_ASIDE_BYTES)

    @property
    def held(self) -> bool:
        """Whether we have the lock."""
        return self._fd >= 0

    def release(self) -> None:
        """Let go of the directory; harmless where it is not held."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
