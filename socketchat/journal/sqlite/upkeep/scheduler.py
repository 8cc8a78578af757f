"""The writer's upkeep, in steps of a few milliseconds: indexing, erasing, retention, secure deletion.

A step that fails is retried later; it never makes a message fail.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from itertools import chain
from typing import Any, NamedTuple

import apsw

from ... import Keep, Progress, Revision
from ...folding import VERSION
from ..indexes.search_index import (
    LEFT_FOR_SEARCHES,
    begin_anew,
    folding,
    index_slice,
    is_of_index,
    lag,
    mend,
    merge_some,
    transaction,
)
from ..read_markers import ReadMarkers
from .clock_guard import ClockGuard
from .retention import begin_erasing, drop_some, erase_some, erasures, expired
from .secure_delete import SecureDelete

PACE_SECONDS = 0.1
"""Time between two steps on a busy server, unless a caller is waiting for one."""

FORGETTING_PACE_SECONDS = 0.04
"""The same while entries are being removed: all traces of a million entries are gone within a minute."""

PROGRESS_SECONDS = 0.5
"""Time between two progress reports: often enough to see that the work continues."""

SWEEP_SECONDS = 60.0
"""Time between two checks for entries past their retention."""


class Erasure(NamedTuple):
    """A caller that waits until a user is erased, and its progress function."""

    done: Future[int]
    progress: Progress


class Scheduler:
    """The deferred work; all methods except ``search`` and ``erase`` are called in the writer's thread.

    ``clock_guard`` supplies the time, and ``revise`` receives the changes. ``marks`` holds the read markers that are
    not written yet.
    """

    def __init__(self, clock_guard: ClockGuard, revise: Callable[[Revision], object]) -> None:
        self.keep = Keep()
        self.marks = ReadMarkers(time.monotonic)
        self._clock_guard = clock_guard
        self._revise = revise
        self._searches: deque[Future[None]] = deque()
        self._wanted: deque[tuple[str, Erasure]] = deque()
        self._erasing: dict[str, list[Erasure]] = {}
        self._blanked: dict[str, int] = {}
        self._expired: deque[tuple[int, str, int]] = deque()
        self._secure_delete = SecureDelete()
        self._unindexed = self._merging = self._indexes = self._refolds = False
        self._last_step = time.monotonic()
        self._swept = self._told = 0.0
        self._began = False

    def begin(self, db: apsw.Connection) -> None:
        """Resume the unfinished work of an earlier run; call this each time the database is opened."""
        for author in erasures(db):
            self._erasing.setdefault(author, [])
        deleted, unindexed = next(db.execute(_LEFT_TO_DO))
        self._unindexed = bool(unindexed)
        self._refolds = folding(db) != VERSION
        if not self._began:
            self._began = True
            believed, doubted = next(db.execute(_BELIEVED))
            if believed:
                self._clock_guard.recall(int(str(believed)), int(str(doubted)))
        if deleted:
            self._secure_delete.begin()
        self._last_step = time.monotonic()

    def end(self, db: apsw.Connection) -> None:
        """Save the state for the next run; raises apsw.Error."""
        self._save_time(db, ends=True)

    def search(self) -> Future[None]:
        """Return a future that is done when the index includes everything committed so far."""
        future: Future[None] = _promise()
        self._searches.append(future)
        return future

    def erase(self, author: str, progress: Progress) -> Future[int]:
        """Return a future for the number of entries, done when all messages of a user are blanked.

        ``progress`` is called in the writer's thread with the number of entries checked.
        """
        erasure = Erasure(_promise(), progress)
        self._wanted.append((author, erasure))
        return erasure.done

    def note_commit(self, *, deleted: bool) -> None:
        """Note a commit."""
        self._unindexed = True
        if deleted:
            self._secure_delete.note_deleted()

    def note_damage(self) -> None:
        """Note that a search found the search index damaged."""
        self._refolds = True

    @property
    def awaited(self) -> bool:
        """Whether a caller waits for a step."""
        return bool(self._searches or self._wanted or self._erasing)

    def is_due(self, *, idle: bool) -> bool:
        """Tell whether a step is due."""
        pace = FORGETTING_PACE_SECONDS if self._forgets else PACE_SECONDS
        return idle or self.awaited or time.monotonic() - self._last_step > pace

    def wait(self) -> float | None:
        """Return the seconds until the next step if the writer is idle, or None if no work is left."""
        if self.awaited or self._refolds or self._unindexed or self._merging or self._expired:
            return 0.0
        return min(
            (wait for wait in (self._secure_delete.wait(), self._until_sweep()) if wait is not None), default=None
        )

    def step(self, db: apsw.Connection) -> None:
        """Run the most urgent step; raises apsw.Error."""
        self._last_step = time.monotonic()
        try:
            self._do_next(db)
        except apsw.CorruptError as error:
            if not is_of_index(error):
                raise
            with transaction(db):
                mend(db)
            self._unindexed = True

    def _do_next(self, db: apsw.Connection) -> None:
        if self._wanted:
            author, waits = self._wanted[0]
            begin_erasing(db, author)
            self._erasing.setdefault(author, []).append(waits)
            self._wanted.popleft()
        elif self._refolds:
            with transaction(db):
                begin_anew(db)
            self._refolds, self._unindexed = False, True
        elif self._searches:
            self._catch_up(db)
        elif self._erasing:
            self._erase(db, next(iter(self._erasing)))
        elif self._unindexed and not (self._indexes and self._forgets):
            self._unindexed = index_slice(db)
            self._merging = not self._unindexed
            self._indexes = True
        else:
            self._indexes = False
            self._do_the_rest(db)

    @property
    def _forgets(self) -> bool:
        """Whether entries are to be dropped or scrubbed; on a busy server, this takes turns with indexing."""
        return bool(self._expired) or self._secure_delete.wait() == 0 or self._until_sweep() == 0

    def _do_the_rest(self, db: apsw.Connection) -> None:
        if self._expired:
            self._unindexed = True  # if the index had to be rebuilt
            self._drop(db)
        elif self._secure_delete.wait() == 0:
            self._secure_delete.step(db)
        elif self._until_sweep() == 0:
            self._swept = self._last_step
            if self._clock_guard.is_good():
                self._expired.extend(expired(db, self.keep, self._clock_guard.now()))
            self._save_time(db)
        elif self._merging:
            self._merging = merge_some(db)

    def _save_time(self, db: apsw.Connection, *, ends: bool = False) -> None:
        """Save the believed time, if retention is enabled."""
        if self.keep != Keep() and (known := self._clock_guard.to_save(ends=ends)) is not None:
            db.execute("UPDATE meta SET believed = ?, doubted = ?", known)

    def _until_sweep(self) -> float | None:
        return None if self.keep == Keep() else max(0.0, self._swept + SWEEP_SECONDS - time.monotonic())

    @property
    def truncates(self) -> bool:
        """Whether to truncate the log now, because it contains deleted text."""
        return self._secure_delete.truncates

    def note_truncated(self, db: apsw.Connection, *, done: bool) -> None:
        """Note that the log was truncated, or must be tried again; raises apsw.Error."""
        self._secure_delete.note_truncated(db, done=done, more=bool(self._expired))

    def fail(self, error: Exception) -> None:
        """Fail all waiting callers, because the journal has ended."""
        erasing = [*(waits for _, waits in self._wanted), *chain.from_iterable(self._erasing.values())]
        for search in self._searches:
            search.set_exception(error)
        for erasure in erasing:
            erasure.done.set_exception(error)

    def _catch_up(self, db: apsw.Connection) -> None:
        waiting = len(self._searches)
        if lag(db) > LEFT_FOR_SEARCHES:
            self._unindexed = index_slice(db)
        else:
            for _ in range(waiting):
                self._searches.popleft().set_result(None)

    def _erase(self, db: apsw.Connection, author: str) -> None:
        revision, looked_at, of = erase_some(db, author)
        self._blanked[author] = self._blanked.get(author, 0) + sum(map(len, revision.blanked.values()))
        if revision.blanked:
            self._unindexed = True  # if the index had to be rebuilt
            self._revise(revision)
            self._secure_delete.note_deleted()
        if looked_at < of:
            self._tell_progress(author, looked_at, of)
        else:
            self.marks.forget(author)
            self._secure_delete.note_deleted()
            blanked = self._blanked.pop(author)
            for waits in self._erasing.pop(author):
                waits.done.set_result(blanked)

    def _tell_progress(self, author: str, looked_at: int, of: int) -> None:
        if self._last_step - self._told >= PROGRESS_SECONDS:
            self._told = self._last_step
            for waits in self._erasing[author]:
                waits.progress(looked_at, of)

    def _drop(self, db: apsw.Connection) -> None:
        number, name, since = self._expired[0]
        floor, more = drop_some(db, number, since)
        self._revise(Revision(floors={name: floor}))
        if not more:
            self._expired.popleft()
            self._secure_delete.note_deleted()


def _promise() -> Future[Any]:
    """Return a future that waiters cannot cancel: setting a cancelled one would raise, and end the writer."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future


_BELIEVED = """
    SELECT CASE WHEN believed > 0 THEN believed ELSE ifnull((SELECT ts FROM entry ORDER BY id DESC LIMIT 1), 0) END,
        doubted
    FROM meta
"""
"""The believed time of an earlier run, or else the time of its last entry."""

_LEFT_TO_DO = "SELECT deleted, indexed < (SELECT ifnull(max(id), 0) FROM entry) FROM meta"
