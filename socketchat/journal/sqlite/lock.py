"""The lock file that keeps a second server out of a data directory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ...exceptions import StorageProblem
from ...files import check_directory


class DirectoryLock:
    """Holds DIR/lock from ``acquire`` to ``release``; the kernel lets go of it when the process dies.

    The file stays behind: were it removed, two processes could each hold a lock file of that name.
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
            holder = os.read(fd, 20).decode("ascii", "replace").strip()
            os.close(fd)
            raise StorageProblem(
                f"The data directory {self._directory} is in use by another socketchat (process {holder or '?'}): "
                "stop that one or choose another directory."
            ) from None
        os.fchmod(fd, 0o600)
        os.ftruncate(fd, 0)
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

    @property
    def held(self) -> bool:
        """Whether we have the lock."""
        return self._fd >= 0

    def release(self) -> None:
        """Let go of the directory; harmless where it is not held."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
