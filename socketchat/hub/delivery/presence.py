"""Presence: who came and went, told to everybody at most once in 50 ms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from ...protocol import events
from ...protocol.limits import PRESENCE_NAMES
from ..sessions import Audience, Session
from ..state.users import User

COALESCE_SECONDS = 0.05
"""A thousand clients that come back after a restart are told in twenty lines a second, and nobody notices the delay."""


class Timer(Protocol):
    """What calls back later; an event loop, or a clock that a test turns."""

    def __call__(self, seconds: float, callback: Callable[[], None], /) -> object:
        """Call ``callback`` after so many seconds."""


class Changes:
    """Who came and went since the last time that an audience was told."""

    def __init__(self) -> None:
        self.joined: dict[str, str] = {}
        self.left: dict[str, User] = {}  # by the key of the name
        self.newcomers: dict[Session, None] = {}

    def event(self, room: str | None, *, without: User | None = None) -> events.Presence:
        """Return what is told; ``without`` leaves out the one who came and knows it."""
        joined = [name for user_id, name in self.joined.items() if without is None or user_id != without.id]
        left = [user.name for user in self.left.values()]
        many = len(joined) > PRESENCE_NAMES or len(left) > PRESENCE_NAMES
        return events.Presence(
            joined=joined[:PRESENCE_NAMES],
            left=left[:PRESENCE_NAMES],
            joined_count=len(joined) if many else 0,
            left_count=len(left) if many else 0,
            room=room,
        )


class Presence:
    """Collects changes per room (None: of the chat) and tells them: the first at once, the next together."""

    def __init__(self, timer: Timer, audience_of: Callable[[str | None], Audience]) -> None:
        self._timer = timer
        self._audience_of = audience_of
        self.pending: dict[str | None, Changes] = {}
        self._resting = False

    def came(self, user: User, session: Session, room: str | None = None) -> None:
        """Say that a user came, through ``session``, which knows it already."""
        changes = self.pending.setdefault(room, Changes())
        before = changes.left.get(user.key)
        if before is not None and before is not user:
            self._flush()  # who had the name before has to be seen to leave first
            changes = self.pending.setdefault(room, Changes())
        if changes.left.pop(user.key, None) is None:
            changes.joined[user.id] = user.name
        changes.newcomers[session] = None
        self._wake()

    def went(self, user: User, room: str | None = None) -> None:
        """Say that a user went."""
        changes = self.pending.setdefault(room, Changes())
        if changes.joined.pop(user.id, None) is None:
            changes.left[user.key] = user
        self._wake()

    def settle(self, user_ids: Iterable[str]) -> None:
        """Tell what is pending if one of these users just came, so that nobody speaks before having joined."""
        if self.pending and any(not changes.joined.keys().isdisjoint(user_ids) for changes in self.pending.values()):
            self._flush()

    def _wake(self) -> None:
        if not self._resting:
            self._resting = True
            self._timer(0, self._rest_over)

    def _rest_over(self) -> None:
        self._resting = bool(self.pending)
        if self._resting:
            self._flush()
            self._timer(COALESCE_SECONDS, self._rest_over)

    def _flush(self) -> None:
        pending, self.pending = self.pending, {}
        for room, changes in pending.items():
            if changes.joined or changes.left:
                self._tell(room, changes)

    def _tell(self, room: str | None, changes: Changes) -> None:
        event = changes.event(room)
        for rendering, sessions in self._audience_of(room).items():
            data = rendering.event(event)
            for session, places in sessions.items():
                if places.is_behind:
                    places.missed_presence = True
                elif session not in changes.newcomers or event.joined_count:
                    session.write(data)
                else:
                    others = changes.event(room, without=session.user)
                    if others.joined or others.left:
                        session.tell(others)
