"""A reserve of disk space, so that a full disk is reported in time and no write is left unfinished."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

RESERVE_BYTES = 16 * 1024 * 1024
"""Free space below which nothing is written: enough for the log of a busy second, and for its checkpoint."""

LOOK_SECONDS = 0.05
"""Time between two checks of the free space; if the disk fills faster, SQLite reports the error."""

_log = logging.getLogger(__name__)


def free_bytes(directory: Path) -> int:
    """Return the number of bytes that an unprivileged user can still write in a directory."""
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize


class DiskSpace:
    """Watches the free space of a disk."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lacks = False
        self._looked = -LOOK_SECONDS

    def lacks(self) -> bool:
        """Tell whether too little space is left to write; if the system cannot tell, assume that there is enough."""
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            try:
                lacks = free_bytes(self._directory) < RESERVE_BYTES
            except OSError:
                lacks = False
            if lacks != self._lacks:
                self._lacks = lacks
                words = "is full: refusing messages until there is space" if lacks else "has space again"
                _log.warning("the disk of %s %s", self._directory, words)
        return self._lacks
