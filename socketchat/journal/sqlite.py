"""The journal that keeps a data directory: one SQLite database, one thread that writes, a few that read."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..exceptions import StorageProblem
from ..protocol.events import Entry
from . import Outcome, State
from .intake import Intake
from .readers import Readers
from .store import Store
from .writer import Writer

if TYPE_CHECKING:
    import asyncio


def _now() -> int:
    return time.time_ns() // 1_000_000


class SQLiteJournal(Intake):
    """Keeps its entries in DIRECTORY/socketchat.db and holds DIRECTORY/lock; ``clock`` returns milliseconds."""

    def __init__(self, directory: str, loop: asyncio.AbstractEventLoop, *, clock: Callable[[], int] = _now) -> None:
        self._store = Store(Path(directory).absolute())
        self._readers = Readers(self._store)
        self._writer = Writer(self._store, self._readers, clock, self._report_soon, self._begin_trouble_soon)
        super().__init__(loop, self._writer.put)
        self._open = False

    async def open(self) -> State:
        """Open the store, made where there is none, and return what it knows; raises BadFile, StorageProblem."""
        state = await self._loop.run_in_executor(None, self._start)
        self._open = True
        return state

    async def read(
        self, conversation: str, *, after: int = 0, before: int | None = None, upto: int | None = None, limit: int
    ) -> list[Entry]:
        """Return entries with after < seq < before and seq <= upto; with ``before`` the newest, else the oldest."""
        if not self._open:
            raise StorageProblem("The history cannot be read any more: the server stops.")
        return await self._loop.run_in_executor(
            self._readers.threads, self._readers.read, conversation, after, before, upto, limit
        )

    async def close(self) -> None:
        """Commit what was submitted, report it, and release the directory; a second call does nothing."""
        if not self._open:
            return
        self._open = False
        self._stop()
        await self._loop.run_in_executor(None, self._end)

    def _start(self) -> State:
        self._store.acquire()
        try:
            with self._store.told():
                return self._writer.start()
        except BaseException:
            self._store.release()
            raise

    def _end(self) -> None:
        self._writer.stop()
        self._readers.close()
        self._writer.close()
        self._store.release()

    def _report_soon(self, outcomes: Sequence[Outcome], failure: str | None) -> None:
        self._loop.call_soon_threadsafe(self._report, outcomes, failure)

    def _begin_trouble_soon(self, reason: str) -> None:
        self._loop.call_soon_threadsafe(self._begin_trouble, reason)
