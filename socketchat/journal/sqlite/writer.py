"""The writer thread: commits all waiting proposals as one transaction with one fsync.

Its connection is the only one that writes and runs checkpoints.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from queue import Empty, SimpleQueue

import apsw

from ...exceptions import ChatError, StorageProblem
from .. import Outcome, Proposal, State, StorageRefused
from ..batching import Batching
from ..intake import STOPPED, TROUBLE, Batch
from .database import Database, close_whole
from .ledger import Ledger, Staged
from .read_markers import ReadMarker
from .readers import Readers
from .transaction import STORAGE_ERRORS, Unknown, commit, outcomes
from .upkeep.disk_space import DiskSpace
from .upkeep.scheduler import Scheduler

MOST_IN_BATCH = 4096
"""Most entries in a batch: after a slow commit, the backlog is acknowledged in steps."""

CHECKPOINT_PAGES = 1000
"""Log pages between two checkpoints: 4 MiB, so that a start has little to read."""

LOG_PAGES = 8 * CHECKPOINT_PAGES
"""Log pages above which a checkpoint waits for a moment without reads, because overlapping reads block it."""

IDLE_SECONDS = 1.0
"""Idle time after which the indexes are updated and the log is checkpointed."""

FIRST_DELAY, LONGEST_DELAY = 0.1, 2.0
"""Seconds between attempts to reopen the database; each delay is twice the one before."""

DELIVERY_SECONDS = 0.000_4
"""Rest between a report and a step of the upkeep, in which the loop delivers the messages. On one core it would get its
turn only when the step waits for the disk: one message in forty was delivered 0.6 ms later."""

MEND_SECONDS = 600.0
"""Time between two attempts to rebuild the indexes: if that does not help, the writer must do other work, too."""

FULL = "The server's disk is full; try again later."

_WAKE, _STOP, _DAMAGED, _DAMAGED_WORDS = "wake", "stop", "damaged", "damaged words"

_log = logging.getLogger(__name__)


class Writer:
    """Owns the writing connection; ``report`` and ``begin_trouble`` are called in the writer's thread."""

    def __init__(  # noqa: PLR0917
        self,
        database: Database,
        readers: Sequence[Readers],
        scheduler: Scheduler,
        clock: Callable[[], int],
        heads: dict[str, int],
        report: Callable[[Sequence[Outcome], str | None], object],
        begin_trouble: Callable[[str], object],
    ) -> None:
        self._database = database
        self._readers = readers
        self._scheduler = scheduler
        self._disk_space = DiskSpace(database.directory)
        self._clock = clock
        self._heads = heads
        self._report = report
        self._begin_trouble = begin_trouble
        self._inbox: SimpleQueue[Batch | ReadMarker | str] = SimpleQueue()
        self._marks = scheduler.marks
        self._waiting: deque[Batch] = deque()
        self._batching = Batching()
        self._stopping = False
        self._idle = True
        self._failed = -1
        self._why = TROUBLE
        self._log_pages = 0
        self._crowded_at = LOG_PAGES
        self._checkpointed = 0
        self._mended: float | None = None
        self._db: apsw.Connection
        self._ledger: Ledger
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)

    def start(self) -> State:
        """Open the database and start the thread; raises BadFile, StorageProblem."""
        state = self._open()
        self._thread.start()
        return state

    def put(self, batch: Batch) -> None:
        """Hand a batch over."""
        self._inbox.put(batch)

    def wake(self) -> None:
        """Wake the writer for upkeep."""
        self._inbox.put(_WAKE)

    def note_damage(self, *, of_words: bool) -> None:
        """Request a rebuild of the indexes, or of the search index: a reader found that they disagree with the rows."""
        self._inbox.put(_DAMAGED_WORDS if of_words else _DAMAGED)

    def mark(self, mark: ReadMarker) -> None:
        """Hand a read marker over."""
        self._inbox.put(mark)

    def stop(self) -> None:
        """Wait until everything handed over is committed and the thread has ended."""
        self._inbox.put(_STOP)
        self._thread.join()

    def close(self) -> None:
        """Leave the database as one file; call this when all readers are closed."""
        try:
            close_whole(self._db)
        except apsw.Error as error:
            _log.warning("the log stays beside the database until the next start: %s", error)
            self._db.close(force=True)

    def _open(self) -> State:
        db = self._database.open_writer()
        ledger = Ledger(db, self._clock, self._heads)
        try:
            state = ledger.load(feeds=not self._disk_space.lacks())
            self._scheduler.begin(db)
        except BaseException:
            db.close(force=True)
            raise
        self._db, self._ledger, self._checkpointed = db, ledger, 0
        return state

    def _run(self) -> None:
        try:
            while (batch := self._take()) is not None:
                if batch.generation <= self._failed:
                    self._refuse(batch, self._why)
                else:
                    self._process(batch)
            with suppress(apsw.Error):
                self._marks.write(self._db, idle=True)
                self._scheduler.end(self._db)
        except Exception:  # noqa: BLE001  otherwise all clients would wait for ever
            _log.exception("the journal's writer failed; nothing more is stored")
            self._begin_trouble(TROUBLE)
        self._scheduler.fail(StorageProblem(STOPPED))

    def _take(self) -> Batch | None:
        """Wait for work and return all waiting proposals of one generation, or None at the end."""
        while not self._waiting and not self._stopping:
            if not self._receive(self._patience()):
                self._maintain(idle=True)
            elif self._marks.are_due:
                self._maintain(idle=False)
        self._batching.gather(self._drain)
        if not self._waiting:
            return None
        batch = self._waiting.popleft()
        while self._waiting and len(batch.proposals) < MOST_IN_BATCH:
            if self._waiting[0].generation != batch.generation:
                break
            batch.proposals += self._waiting.popleft().proposals
        return batch

    def _drain(self) -> int:
        """Receive everything in the inbox; return the number of waiting proposals."""
        while not self._inbox.empty():
            self._receive(None)
        return sum([len(batch.proposals) for batch in self._waiting])

    def _patience(self) -> float | None:
        """Return the time to wait for work before the next upkeep, which needs free disk space."""
        soon = (self._idle or self._scheduler.awaited) and not self._disk_space.lacks()
        return self._scheduler.wait() if soon else IDLE_SECONDS

    def _receive(self, timeout: float | None) -> bool:
        try:
            what = self._inbox.get(timeout=timeout)
        except Empty:
            return False
        if isinstance(what, Batch):
            self._waiting.append(what)
        elif isinstance(what, ReadMarker):
            self._marks.add(what)
            self._idle = False
        elif what is _STOP:
            self._stopping = True
        elif what is _DAMAGED:
            self._mend("a reader has found it")
        elif what is _DAMAGED_WORDS:
            self._scheduler.note_damage()
        return True

    def _process(self, batch: Batch) -> None:
        if self._disk_space.lacks():
            self._refuse(batch, FULL)
            return
        try:
            done = self._commit(batch.proposals)
        except Unknown as unknown:
            self._recover(batch, unknown.staged)
        except STORAGE_ERRORS as error:
            _log.warning("%d entries refused: %s", len(batch.proposals), error)
            self._refuse(batch, FULL if isinstance(error, apsw.FullError) else TROUBLE)
        else:
            self._report(done, None)
            self._scheduler.note_commit(deleted=self._ledger.deleted)
            self._maintain(idle=False)

    def _commit(self, proposals: Sequence[Proposal]) -> list[Outcome]:
        """Store proposals; if an index is damaged, rebuild it and try once more."""
        try:
            return commit(self._db, self._ledger, proposals)
        except apsw.CorruptError as error:
            if not self._mend(error):
                raise
            return commit(self._db, self._ledger, proposals)

    def _mend(self, why: object) -> bool:
        """Rebuild the indexes from the rows, unless that was done recently; return False if it did not help."""
        now = time.monotonic()
        if self._mended is not None and now - self._mended < MEND_SECONDS:
            return False
        self._mended = now
        try:
            self._ledger.mend(why)
        except apsw.Error as error:
            _log.error("cannot rebuild the indexes (%s): stop the server, and start it with --recover", error)
            return False
        self._scheduler.note_commit(deleted=False)
        return True

    def _refuse(self, batch: Batch, reason: str) -> None:
        self._failed, self._why = batch.generation, reason
        self._report([StorageRefused(proposal, reason, retry=True) for proposal in batch.proposals], reason)

    def _maintain(self, *, idle: bool) -> None:
        """Update the indexes, do upkeep and checkpoint the log, if they are due or the writer is idle."""
        self._idle = idle
        try:
            if not self._disk_space.lacks():
                self._ledger.feed(idle=idle)
                self._marks.write(self._db, idle=idle)
                if self._scheduler.is_due(idle=idle):
                    if not idle:
                        time.sleep(DELIVERY_SECONDS)
                    self._scheduler.step(self._db)
            self._checkpoint(idle=idle and self._scheduler.wait() != 0)
        except (apsw.CorruptError, apsw.ConstraintError) as error:
            self._mend(error)
        except apsw.Error as error:
            # Nothing is lost: keys stay in memory and pages in the log, and the upkeep is retried.
            self._idle = False
            _log.warning("the journal's upkeep failed and is postponed: %s", error)

    def _checkpoint(self, *, idle: bool) -> None:
        written = self._db.status(apsw.SQLITE_DBSTATUS_CACHE_WRITE)[0] - self._checkpointed
        truncates = self._scheduler.truncates
        if not truncates and written < CHECKPOINT_PAGES and not (idle and written):
            return
        crowded = self._log_pages > self._crowded_at
        mode = apsw.SQLITE_CHECKPOINT_RESTART if crowded else apsw.SQLITE_CHECKPOINT_PASSIVE
        self._checkpointed += written
        try:
            self._log_pages, _ = self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE if truncates else mode)
            self._crowded_at = LOG_PAGES
        except apsw.BusyError:  # a long read, such as a backup
            self._crowded_at = 2 * max(self._log_pages, LOG_PAGES)
            self._log_pages, _ = self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            truncated = False
        else:
            truncated = True
        if truncates:
            self._scheduler.note_truncated(self._db, done=truncated)

    def _recover(self, batch: Batch, staged: Sequence[Staged]) -> None:
        """Find out whether a batch is stored after its COMMIT raised, and report it; no answers are sent until then."""
        self._failed, self._why = batch.generation, TROUBLE
        self._begin_trouble(TROUBLE)
        delay = FIRST_DELAY
        while (found := self._try_to_reopen(staged)) is None:
            if not self._pause(delay):
                return
            delay = min(2 * delay, LONGEST_DELAY)
        if found:
            self._report(outcomes(staged), TROUBLE)
        else:
            self._refuse(batch, TROUBLE)

    def _try_to_reopen(self, staged: Sequence[Staged]) -> bool | None:
        """Reopen the database, make its contents durable, and tell whether it has all staged entries."""
        try:
            with ExitStack() as stack:
                for readers in self._readers:
                    stack.enter_context(readers.suspended())
                self._db.close(force=True)
                self._database.rewrite_log()
                self._open()
                with suppress(apsw.BusyError):  # another program is reading; the log is durable already
                    self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
                return bool(staged) and all(self._ledger.has(part) for part in staged)
        except (apsw.Error, OSError, ChatError) as error:
            _log.warning("cannot reopen the database after a failed commit, trying again: %s", error)
            return None

    def _pause(self, seconds: float) -> bool:
        """Wait while receiving new work; return False if the journal is being closed."""
        end = time.monotonic() + seconds
        while not self._stopping and (left := end - time.monotonic()) > 0:
            self._receive(left)
        return not self._stopping
