"""A reserve of disk space, so that a full disk is reported in time and no write is left unfinished."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

RESERVE_BYTES = 16 * 1024 * 1024
"""Below this much free space nothing is written: the log of a busy second, and the checkpoint that folds it, fit in."""

LOOK_SECONDS = 0.05
"""Time between two looks at the free space; a disk that fills faster than that is told by SQLite, and as well."""

_log = logging.getLogger(__name__)


def free_bytes(directory: Path) -> int:
    """Return the bytes that an ordinary user may still write there."""
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize


class DiskSpace:
    """Tells whether too little space is left."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lacks = False
        self._looked = -LOOK_SECONDS

    def lacks(self) -> bool:
        """Tell whether too little space is left to write; a directory that cannot be asked has enough."""
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
