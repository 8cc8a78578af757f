"""Writes read markers to the disk: the highest seq that a user has read in each conversation.

They are not entries: users do not wait for them, and they have their own transaction, so that they never make a message
fail. If a marker is lost, the user sees some read messages as unread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple

import apsw

from .indexes.search_index import transaction
from .schema import abandon

MARK_SECONDS = 5.0
"""Time for which markers are collected: an active reader makes one every few seconds."""


_log = logging.getLogger(__name__)


class ReadMarker(NamedTuple):
    """A user has read a conversation up to a seq."""

    user: str
    conversation: str
    seq: int


class ReadMarkers:
    """The markers that are not written yet; ``clock`` returns monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._waiting: dict[tuple[str, str], int] = {}
        self._written = 0.0

    def add(self, mark: ReadMarker) -> None:
        """Keep a marker until it is written."""
        key = (mark.user, mark.conversation)
        self._waiting[key] = max(mark.seq, self._waiting.get(key, 0))

    def forget(self, user: str) -> None:
        """Drop the unwritten markers of a user."""
        self._waiting = {key: seq for key, seq in self._waiting.items() if key[0] != user}

    @property
    def are_due(self) -> bool:
        """Whether some markers wait and the last write is long enough ago."""
        return bool(self._waiting) and self._clock() - self._written >= MARK_SECONDS

    def write(self, db: apsw.Connection, *, idle: bool) -> None:
        """Write the markers if they are due or the writer is idle; if it raises apsw.Error, they stay."""
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
    """Return the stored markers, by user and conversation; raises apsw.Error.

    Markers that cannot be read are lost; the others are rewritten.
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
