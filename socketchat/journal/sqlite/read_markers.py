"""Read markers on their way to the disk: up to which seq a user has read, a maximum per conversation.

They are not entries: nobody waits for them, and no message shares their transaction, so that none is refused because of
them. One that is lost costs a line that is shown again as unread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple

import apsw

from .indexes.search_index import transaction
from .schema import abandon

MARK_SECONDS = 5.0
"""Markers of so long are written together: somebody who reads makes one every few seconds."""


_log = logging.getLogger(__name__)


class ReadMarker(NamedTuple):
    """A user has read a conversation up to a seq."""

    user: str
    conversation: str
    seq: int


class ReadMarkers:
    """The markers that are not written yet; ``clock`` returns seconds that never go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._waiting: dict[tuple[str, str], int] = {}
        self._written = 0.0

    def add(self, mark: ReadMarker) -> None:
        """Keep a marker until it is written."""
        key = (mark.user, mark.conversation)
        self._waiting[key] = max(mark.seq, self._waiting.get(key, 0))

    def forget(self, user: str) -> None:
        """Write nothing any more of what a user has read until now."""
        self._waiting = {key: seq for key, seq in self._waiting.items() if key[0] != user}

    @property
    def are_due(self) -> bool:
        """Whether some wait, and long enough after those before."""
        return bool(self._waiting) and self._clock() - self._written >= MARK_SECONDS

    def write(self, db: apsw.Connection, *, idle: bool) -> None:
        """Write what waits, where it is time or nothing else is to be done; where it raises apsw.Error, it waits on."""
        if not self.are_due and not (idle and self._waiting):
            return
        rows = [ReadMarker(user, conversation, seq) for (user, conversation), seq in self._waiting.items()]
        try:
            with transaction(db):
                db.executemany(_WRITE, rows)
        except apsw.CorruptError as error:
            _write_anew(db, [*_readable(db)[0], *rows], error)
        self._waiting.clear()
        self._written = self._clock()


def load(db: apsw.Connection) -> dict[str, dict[str, int]]:
    """Return what is written, by user and conversation; raises apsw.Error.

    Markers that cannot be read are lost, and the others are written anew.
    """
    rows, error = _readable(db)
    if error is not None:
        _write_anew(db, rows, error)
    marks: dict[str, dict[str, int]] = {}
    for user, conversation, seq in rows:
        marks.setdefault(user, {})[conversation] = seq
    return marks


def _readable(db: apsw.Connection) -> tuple[list[ReadMarker], Exception | None]:
    rows: list[ReadMarker] = []
    try:
        for user, conversation, seq in db.execute("SELECT user, conversation, seq FROM mark"):
            if isinstance(user, str) and isinstance(conversation, str) and isinstance(seq, int):
                rows.append(ReadMarker(user, conversation, seq))
    except (apsw.CorruptError, UnicodeDecodeError) as error:
        return rows, error
    return rows, None


def _write_anew(db: apsw.Connection, rows: Iterable[ReadMarker], why: Exception) -> None:
    _log.error("the table of read markers is damaged (%s) and is being rebuilt; a few markers may be lost", why)
    with transaction(db):
        abandon(db, "mark")
        db.execute(_TABLE)
        db.executemany(_WRITE, rows)


_TABLE = """
    CREATE TABLE mark (
        user TEXT, conversation TEXT, seq INTEGER NOT NULL, PRIMARY KEY (user, conversation)
    ) WITHOUT ROWID
"""


_WRITE = """
    INSERT INTO mark VALUES (?, ?, ?)
    ON CONFLICT (user, conversation) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > seq
"""
