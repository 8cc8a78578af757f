"""The journal in a data directory: one SQLite database, one thread that writes, a few that read."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ...exceptions import StorageProblem
from ...protocol.events import Entry
from .. import Found, Keep, Outcome, Progress, Query, Revision, State
from ..intake import Intake
from .database import Database
from .read_markers import ReadMarker
from .readers import Readers
from .upkeep.clock_guard import DROPPED_MS, TOLD_MS, ClockGuard, passed
from .upkeep.scheduler import Scheduler
from .writer import Writer

CATCH_UP_SECONDS = 1.0
"""Time that a search waits for the index to include the newest entries; after a flood it uses what is indexed."""

SEARCH_NICENESS = 10
"""Niceness of the search threads: a search for a common word must not delay messages."""


def _now() -> int:
    return time.time_ns() // 1_000_000


class SQLiteJournal:
    """Keeps its entries in DIRECTORY/socketchat.db and holds DIRECTORY/lock.

    ``clock`` returns the milliseconds since 1970; ``passed`` returns monotonic milliseconds.
    """

    revised: Callable[[Revision], None] = staticmethod(lambda _: None)

    def __init__(
        self,
        directory: str,
        loop: asyncio.AbstractEventLoop,
        *,
        clock: Callable[[], int] = _now,
        passed: Callable[[], int] = passed,
    ) -> None:
        self._database = Database(Path(directory).absolute())
        heads: dict[str, int] = {}
        self._readers = Readers(self._database, "reader", heads, self._note_damage)
        self._searchers = Readers(self._database, "searcher", heads, self._note_damage, niceness=SEARCH_NICENESS)
        self._scheduler = Scheduler(
            ClockGuard(clock, passed, DROPPED_MS, "retention pauses until the new time has held for a day"),
            self._revise_soon,
        )
        told = ClockGuard(clock, passed, TOLD_MS, "new messages keep the old time for five minutes")
        self.now = told.now
        self._writer = Writer(
            self._database,
            (self._readers, self._searchers),
            self._scheduler,
            told.now,
            heads,
            self._report_soon,
            self._begin_trouble_soon,
        )
        self._loop = loop
        self._intake = Intake(loop, self._writer.put)
        self.submit = self._intake.submit
        self.give_up = self._intake.give_up
        self._open = False
        self._ends = threading.Event()

    @property
    def committed(self) -> Callable[[Sequence[Outcome]], None]:
        """The function that receives the outcomes."""
        return self._intake.committed

    @committed.setter
    def committed(self, committed: Callable[[Sequence[Outcome]], None]) -> None:
        self._intake.committed = committed

    async def open(self) -> State:
        """Open the store, or create it, and return its state; raises BadFile, StorageProblem."""
        state = await self._loop.run_in_executor(None, self._start)
        self._open = True
        self._audit = self._searchers.threads.submit(self._searchers.audit, self._ends)
        return state

    async def find(self, key: tuple[int, int]) -> Entry | None:
        """Return the entry that was stored under a key, or None; raises KeyReused, StorageProblem."""
        self._check_open()
        await self._intake.settled()
        self._check_open()
        return await self._loop.run_in_executor(self._readers.threads, self._readers.find, key)

    def mark(self, user: str, conversation: str, seq: int) -> None:
        """Store a read marker, some seconds later."""
        self._writer.mark(ReadMarker(user, conversation, seq))

    async def read(
        self,
        conversation: str,
        *,
        after: int = 0,
        before: int | None = None,
        upto: int | None = None,
        limit: int,
        current: bool = False,
    ) -> list[Entry]:
        """Return entries with after < seq < before and seq <= upto; with ``before`` the newest, else the oldest."""
        self._check_open()
        read = self._readers.read_current if current else self._readers.read
        return await self._loop.run_in_executor(self._readers.threads, read, conversation, after, before, upto, limit)

    async def search(self, query: Query) -> Found:
        """Return the newest entries that match; raises BadText, StorageProblem."""
        self._check_open()
        caught_up = asyncio.wrap_future(self._scheduler.search())
        caught_up.add_done_callback(asyncio.Future.exception)  # the search may have stopped waiting
        self._writer.wake()
        done, _ = await asyncio.wait({caught_up}, timeout=CATCH_UP_SECONDS)
        found = await self._loop.run_in_executor(self._searchers.threads, self._searchers.search, query)
        found.complete = found.complete and bool(done)
        return found

    async def erase(self, author: str, progress: Progress | None = None) -> int:
        """Blank all messages of a user; return their number."""
        self._check_open()

        def tell(done: int, of: int) -> None:
            if progress is not None:
                self._loop.call_soon_threadsafe(progress, done, of)

        erased = asyncio.wrap_future(self._scheduler.erase(author, tell))
        self._writer.wake()
        return await erased

    @property
    def keep(self) -> Keep:
        """How long messages are kept."""
        return self._scheduler.keep

    @keep.setter
    def keep(self, keep: Keep) -> None:
        self._scheduler.keep = keep
        self._writer.wake()

    async def close(self) -> None:
        """Commit and report all submitted proposals, and release the directory; a second call does nothing."""
        if not self._open:
            return
        self._open = False
        self._ends.set()
        self._intake.stop()
        await self._loop.run_in_executor(None, self._end)

    def _check_open(self) -> None:
        if not self._open:
            raise StorageProblem("The server is shutting down.")

    def _start(self) -> State:
        self._database.acquire()
        try:
            with self._database.told():
                state = self._writer.start()
            self._database.set_space_aside()
        except BaseException:
            self._database.release()
            raise
        return state

    def _end(self) -> None:
        self._writer.stop()
        self._readers.close()
        self._searchers.close()
        self._writer.close()
        self._database.release()

    def _note_damage(self, *, of_words: bool = False) -> None:
        self._writer.note_damage(of_words=of_words)

    def _report_soon(self, outcomes: Sequence[Outcome], failure: str | None) -> None:
        self._loop.call_soon_threadsafe(self._intake.report, outcomes, failure)

    def _revise_soon(self, revision: Revision) -> None:
        self._loop.call_soon_threadsafe(self.revised, revision)

    def _begin_trouble_soon(self, reason: str) -> None:
        self._loop.call_soon_threadsafe(self._intake.begin_trouble, reason)
