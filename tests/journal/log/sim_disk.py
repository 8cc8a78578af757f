"""A disk in memory that loses unsynced sectors, stops at any step, and fails on demand."""

from __future__ import annotations

import ctypes
import errno
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from socketchat.journal.log.frame import SECTOR

NEVER = 1 << 60


class Crash(BaseException):
    """The process was killed, or the power went."""


@dataclass
class Content:
    """A file: what the page cache shows, what is surely on disk, and the sectors that differ and will be written."""

    cached: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    dirty: set[int] = field(default_factory=set)

    def write(self, offset: int, data: bytes) -> None:
        end = offset + len(data)
        self.cached.extend(bytes(max(0, end - len(self.cached))))
        self.cached[offset:end] = data
        self.dirty |= set(range(offset // SECTOR, -(-end // SECTOR)))

    def flush(self, sectors: set[int]) -> None:
        for sector in sectors:
            at = sector * SECTOR
            self.durable.extend(bytes(max(0, at + SECTOR - len(self.durable))))
            self.durable[at : at + SECTOR] = self.cached[at : at + SECTOR].ljust(SECTOR, b"\0")
        del self.durable[len(self.cached) :]
        self.dirty -= sectors

    def flush_some(self, chance: random.Random) -> None:
        share = chance.choice([0, 0.1, 0.5, 0.9, 1])
        self.flush({sector for sector in self.dirty if chance.random() < share})

    def lose(self) -> None:
        self.cached[:] = self.durable
        self.dirty.clear()


class SimDisk:
    """Implements the log's disk; each effect is a step, at which ``stop_in`` or ``fail_in`` can strike.

    ``is_direct`` tells how files are written: if False, a kill keeps what the page cache has, and a failed sync leaves
    there what the disk has not. ``capacity`` is the most bytes of all files.
    """

    def __init__(self, *, is_direct: bool) -> None:
        self.is_direct = is_direct
        self.capacity = NEVER
        self.stop_in = self.fail_in = NEVER
        self.failures = 0
        self.chance = random.Random(0)
        self.files: dict[str, Content] = {}
        self._undone: list[Callable[[dict[str, Content]], None]] = []  # changes of names since they were synced
        self._durable: dict[str, Content] = {}

    def power_cut(self) -> None:
        """Keep what is durable, and some of the rest."""
        for content in {id(c): c for c in [*self.files.values(), *self._durable.values()]}.values():
            content.flush_some(self.chance)
            content.lose()
        for change in self._undone[: self.chance.randrange(len(self._undone) + 1)]:
            change(self._durable)
        self._undone.clear()
        self.files = dict(self._durable)
        self.settle()

    def kill(self) -> None:
        """Lose what the process had not handed to the kernel."""
        if self.is_direct:
            for content in self.files.values():
                content.flush_some(self.chance)
                content.lose()
        self.settle()

    def settle(self) -> None:
        self.stop_in = self.fail_in = NEVER
        self.failures = 0

    def _step(self) -> None:
        self.stop_in -= 1
        if self.stop_in <= 0:
            raise Crash
        self.fail_in -= 1
        if self.fail_in <= 0 and self.failures > 0:
            self.failures -= 1
            raise OSError(errno.EIO, "Input/output error")

    def _change(self, change: Callable[[dict[str, Content]], None]) -> None:
        change(self.files)
        self._undone.append(change)

    def sync_names(self) -> None:
        self._step()
        for change in self._undone:
            change(self._durable)
        self._undone.clear()

    def names(self) -> list[str]:
        return list(self.files)

    def create(self, name: str, size: int) -> None:
        self._step()
        content = Content()
        self._change(lambda names: names.update({name: content}))
        try:
            self._take_space(size)
            self._write(content, 0, bytes(size))
        except OSError:
            self.remove(name)
            raise

    def _take_space(self, size: int) -> None:
        if sum(len(content.cached) for content in self.files.values()) + size > self.capacity:
            raise OSError(errno.ENOSPC, "No space left on device")

    def zero(self, name: str) -> None:
        if name not in self.files:
            raise FileNotFoundError
        content = self.files[name]
        self._write(content, 0, bytes(len(content.cached)))

    def _write(self, content: Content, offset: int, data: bytes) -> None:
        """Write and sync; if that fails, any sectors are durable, and the page cache believes that all are."""
        try:
            self._step()
            content.write(offset, data)
            self._step()
        except OSError:
            content.flush_some(self.chance)
            content.dirty.clear()
            if self.is_direct:
                content.lose()
            raise
        content.flush(set(content.dirty))

    def open(self, name: str) -> SimFile:
        self._step()
        return SimFile(self, self.files[name])

    def read(self, name: str, offset: int, size: int | None = None) -> memoryview:
        self._step()
        content = self.files[name].cached
        return memoryview(bytes(content[offset:] if size is None else content[offset : offset + size]))

    def sync(self, name: str) -> None:
        self._step()
        content = self.files[name]
        content.flush(set(content.dirty))

    def rename(self, old: str, new: str) -> None:
        self._step()
        if old not in self.files and new not in self.files:
            raise FileNotFoundError
        assert (old in self.files) != (new in self.files)

        def change(names: dict[str, Content]) -> None:
            if old in names:
                names[new] = names.pop(old)

        self._change(change)
        self.sync_names()

    def remove(self, name: str) -> None:
        self._step()
        if name not in self.files:
            raise FileNotFoundError
        self._change(lambda names: names.pop(name, None))


class SimFile:
    def __init__(self, disk: SimDisk, content: Content) -> None:
        self._disk = disk
        self._content = content

    def write(self, offset: int, content: memoryview) -> None:
        assert offset % 4096 == ctypes.addressof(ctypes.c_char.from_buffer(content)) % 4096 == 0
        assert len(content) % 4096 == 0
        assert offset + len(content) <= len(self._content.cached), "beyond the segment"
        assert not any(self._content.cached[offset : offset + len(content)]), "written over"
        self._disk._write(self._content, offset, bytes(content))

    def close(self) -> None:
        pass


class Deferred:
    """A worker that runs its jobs when it is told to."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []

    def run(self, job: Callable[[], None]) -> None:
        self.jobs.append(job)

    def work(self, most: int = 1000) -> None:
        for _ in range(most):
            if not self.jobs:
                break
            self.jobs.pop(0)()

    def close(self) -> None:
        self.work()
