"""Segments ready for use: made ahead, and cleaned after they were trimmed, both beside the appends."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Protocol

from .disk import Disk
from .segment import SUFFIX, Header, Segment, name_of

SPARES = 2
"""Most cleaned segments kept for later use; a busy server trims about as many at a time."""

UNFINISHED = ".new"
TRIMMED = ".trimmed"

_log = logging.getLogger(__name__)

Job = Callable[[], None]


class Worker(Protocol):
    """Runs jobs in order, beside the log's thread."""

    def run(self, job: Job) -> None:
        """Run a job soon."""

    def close(self) -> None:
        """Finish all jobs."""


class Background:
    """A thread that runs jobs in order."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="log-segments", daemon=True)
        self._thread.start()

    def run(self, job: Job) -> None:
        """Run a job soon."""
        self._jobs.put(job)

    def close(self) -> None:
        """Finish all jobs, and end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


class Supply:
    """Hands out new segments and takes back trimmed ones; one segment is always ready, if the disk allows it.

    ``number`` is the highest that was used. ``leftovers`` are the names of unfinished and trimmed files from before.
    """

    def __init__(
        self, disk: Disk, identity: bytes, size: int, worker: Worker, *, number: int, leftovers: list[str]
    ) -> None:
        self._disk = disk
        self._identity = identity
        self._size = size
        self._worker = worker
        self._number = number
        self._ready: deque[Segment] = deque()
        self._spares: list[str] = []
        self._trimmed: deque[tuple[str, int]] = deque((name, 0) for name in leftovers)  # of unknown size
        self._lock = threading.Lock()  # one thread makes or cleans segments at a time

    @property
    def uncleaned(self) -> int:
        """Trimmed segments whose bytes are still on disk."""
        return len(self._trimmed)

    def offer(self, segment: Segment) -> None:
        """Take a complete segment that was never used."""
        self._ready.append(segment)

    def start(self) -> None:
        """Begin to make a segment, and to clean what was left over."""
        self._worker.run(self._tend)

    def take(self) -> Segment:
        """Return a new segment; if none is ready, make it now. Raises OSError."""
        try:
            segment = self._ready.popleft()
        except IndexError:
            with self._lock:
                segment = self._ready.popleft() if self._ready else self._make()
        finally:
            self._worker.run(self._tend)
        return segment

    def discard(self, segment: Segment) -> None:
        """Take back a segment that is not read any more, to overwrite it with zeros soon."""
        segment.seal()
        self._trimmed.append((segment.name, segment.size))
        self.clean()

    def clean(self) -> None:
        """Overwrite what was discarded, soon."""
        if self._trimmed:
            self._worker.run(self._tend)

    def close(self) -> None:
        """Finish what is under way."""
        self._worker.close()
        for segment in self._ready:
            segment.seal()

    def _tend(self) -> None:
        with self._lock:
            if not self._ready:
                with suppress(OSError):  # ``take`` tries again, and reports it
                    self._ready.append(self._make())
            self._clean()

    def _make(self) -> Segment:
        self._number += 1
        header = Header.new(self._identity, self._number, self._size)
        fresh, name = f"{self._number:010}{UNFINISHED}", name_of(self._number)
        spare = self._spares.pop() if self._spares else None
        try:
            if spare:
                self._disk.rename(spare, fresh)
            else:
                self._disk.create(fresh, self._size)
            file = self._disk.open(fresh)
            try:
                file.write(0, header.encoded())
                self._disk.rename(fresh, name)
            except OSError:
                file.close()
                raise
        except OSError:
            for left in filter(
                None, (spare, fresh, name)
            ):  # without a synced directory, it may have any of these names
                self._remove(left)
            raise
        return Segment(name, header, file)

    def _remove(self, name: str) -> None:
        try:
            with suppress(FileNotFoundError):
                self._disk.remove(name)
        except OSError:
            self._trimmed.append((name, 0))

    def _clean(self) -> None:
        while self._trimmed:
            name, size = self._trimmed[0]
            try:
                with suppress(FileNotFoundError):  # it was never made
                    self._overwrite(name, size)
            except OSError as problem:  # the next call tries again; the order matters, or a start would see a hole
                _log.warning("cannot clean %s, which was trimmed: %s", name, problem)
                return
            self._trimmed.popleft()

    def _overwrite(self, name: str, size: int) -> None:
        if name.endswith(SUFFIX):  # first, durably: a segment in which zeros follow a header would look damaged
            spare = name.removesuffix(SUFFIX) + TRIMMED
            self._disk.rename(name, spare)
            self._trimmed[0] = (spare, size)
            name = spare
        self._disk.zero(name)
        if len(self._spares) < SPARES and size == self._size:
            self._spares.append(name)
        else:
            self._disk.remove(name)
