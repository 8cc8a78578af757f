"""The journals that the tests are run with: one in memory, one on a disk that can be made to fail."""

from __future__ import annotations

import asyncio
from pathlib import Path

from socketchat.journal import Journal
from socketchat.journal.memory import MemoryJournal
from socketchat.journal.sqlite.journal import SQLiteJournal
from tests.journal.disk import FULL, Disk


class Backend:
    """One store, opened as often as a test likes, that can be made to run out of space."""

    def __init__(self) -> None:
        self.clock = 1_700_000_000_000

    def journal(self) -> Journal:
        raise NotImplementedError

    def fill(self, *, full: bool) -> None:
        raise NotImplementedError


class InMemory(Backend):
    kept: MemoryJournal | None = None

    def journal(self) -> Journal:
        if self.kept is None:
            self.kept = MemoryJournal(asyncio.get_running_loop(), clock=lambda: self.clock)
        self.kept._intake._loop = asyncio.get_running_loop()
        return self.kept

    def fill(self, *, full: bool) -> None:
        assert self.kept is not None
        self.kept.capacity = 0 if full else 1_000_000


class InSQLite(Backend):
    def __init__(self, directory: Path, disk: Disk) -> None:
        super().__init__()
        self.directory = directory
        self.disk = disk

    def journal(self) -> Journal:
        return SQLiteJournal(str(self.directory), asyncio.get_running_loop(), clock=self._now, passed=self._now)

    def fill(self, *, full: bool) -> None:
        self.disk.fault = FULL if full else None

    def _now(self) -> int:
        return self.clock
