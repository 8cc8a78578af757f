"""Secure deletion: removes all traces of deleted text from the index, the log and the free space of pages.

First the index is merged into one new segment, because deleting from it can leave a word behind. Then the log is
checkpointed and truncated. Finally all pages are checked, and free space that is not zero is zeroed once the log is
empty again.
"""

from __future__ import annotations

import time

import apsw

from ..indexes.search_index import merge_some, rewrite
from .free_space import clear_slack, find_slack

SCRUB_SECONDS = 5.0
"""Time between a delete and the end of its traces; deletes that come together share one."""

CLEARED = 256
"""Pages zeroed at a time: a few milliseconds, in which nothing is committed."""

_WAIT, _MERGE, _FOLD, _LOOK, _CLEAR = "wait", "merge", "fold", "look", "clear"


class SecureDelete:
    """The remaining steps of a secure deletion; it starts again if entries were deleted meanwhile."""

    def __init__(self) -> None:
        self._stage: str | None = None
        self._at = 0.0
        self._again = False
        self._page: int | None = None
        self._slack: list[int] = []

    def begin(self) -> None:
        """Resume the unfinished work of an earlier run."""
        self._stage, self._at = _WAIT, 0.0

    def note_deleted(self) -> None:
        """Note a deletion."""
        if self._stage is None:
            self._put_off(_WAIT)
        elif self._stage != _WAIT:
            self._again = True

    def wait(self) -> float | None:
        """Return the seconds until the next step, or None if no work is left."""
        return None if self._stage is None else max(0.0, self._at - time.monotonic())

    def step(self, db: apsw.Connection) -> None:
        """Run a step that is due; raises apsw.Error."""
        if self._stage == _WAIT:
            rewrite(db)
            self._stage = _MERGE
        elif self._stage == _MERGE:
            if not merge_some(db):
                self._stage = _FOLD
        elif self._stage == _LOOK and self._page is not None:
            found, self._page = find_slack(db, self._page)
            self._slack += found
            if self._page is None:
                self._stage = _CLEAR

    @property
    def truncates(self) -> bool:
        """Whether to truncate the log now."""
        return self._stage in {_FOLD, _CLEAR} and time.monotonic() >= self._at

    def note_truncated(self, db: apsw.Connection, *, done: bool, more: bool) -> None:
        """Continue if the log was truncated, or try again later; raises apsw.Error.

        With ``more``, the store remembers that more entries will be deleted.
        """
        if not done:
            self._put_off(self._stage)
        elif self._stage == _FOLD:
            self._stage, self._page = _LOOK, 1
        elif clear_slack(db, self._slack[:CLEARED]):
            del self._slack[:CLEARED]
            if not self._slack:
                self._end(db, more=more)
        else:  # another program wrote to the log meanwhile
            self._put_off(self._stage)

    def _end(self, db: apsw.Connection, *, more: bool) -> None:
        if self._again:
            self._again = False
            self._put_off(_WAIT)
        else:
            if not more:
                db.execute("UPDATE meta SET deleted = 0")
            self._stage = None

    def _put_off(self, stage: str | None) -> None:
        self._stage, self._at = stage, time.monotonic() + SCRUB_SECONDS
