"""Revocations that wait: a key asked for without the password stays valid for a day, so that its owner can keep it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice, takewhile
from typing import Protocol

from .delivery.presence import Timer
from .state import facts
from .state.projection import Projection
from .state.users import User

LOOK_SECONDS = 60.0
"""Time between two checks: a minute more does not matter after a day."""

REVOKED_AT_ONCE = 100
"""Most keys that are revoked in one check: each is a fact, and together they take a few milliseconds."""


class Note(Protocol):
    """Stores a fact of a user without waiting."""

    def __call__(self, author: User, kind: str, fact: object) -> None:
        """Store it."""


class Revocations:
    """Proposes to revoke the keys whose time has come; the log decides, since their owner may have kept them."""

    def __init__(self, state: Projection, timer: Timer, now: Callable[[], int], note: Note) -> None:
        self._state = state
        self._timer = timer
        self._now = now
        self._note = note

    def begin(self) -> None:
        """Start to check at intervals."""
        self._timer(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self.begin()
        now = self._now()
        oldest_first = self._state.revocations.items()
        due = takewhile(lambda each: each[1] <= now, oldest_first)
        for (user_id, key), _ in list(islice(due, REVOKED_AT_ONCE)):
            self._note(self._state.users[user_id], "revoked device", facts.RevokedDeviceFact(key, due=True))
