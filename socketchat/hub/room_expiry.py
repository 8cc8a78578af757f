"""Rooms without messages expire, so that they do not use up the server's limit of rooms."""

from __future__ import annotations

from collections.abc import Callable, Container
from contextlib import ExitStack
from itertools import islice
from typing import Protocol

from ..journal import Outcome
from .delivery.presence import Timer
from .state import facts
from .state.conversations import Room
from .state.projection import Projection
from .state.users import User

EXPIRY_MS = 86_400_000
"""Age at which an empty room expires: a day is enough to join a room that was created for others."""

UNUSED_MS = 30 * EXPIRY_MS
"""Age at which a room with members, but without messages, expires if no member came back meanwhile: unused accounts
would otherwise use up the server's limit of rooms."""

LOOK_SECONDS = 600.0
"""Time between two checks of all rooms; with the number below, 10,000 empty rooms are gone within a day."""

EXPIRED_AT_ONCE = 100
"""Most rooms that expire in one check: each is a fact, and together they take a few milliseconds."""


class Note(Protocol):
    """Stores a fact without waiting; ``then`` takes the outcome."""

    def __call__(
        self,
        kind: str,
        fact: object,
        then: Callable[[Outcome], None],
        *,
        conversation: str,
        claims: tuple[str, ...],
    ) -> None:
        """Store it."""


class RoomExpiry:
    """Proposes to remove unused rooms; the log decides, since a message or a member may have come first.

    ``present`` has the ids of the users who are online.
    """

    def __init__(
        self, state: Projection, present: Container[str], timer: Timer, now: Callable[[], int], note: Note
    ) -> None:
        self._state = state
        self._present = present
        self._timer = timer
        self._now = now
        self._note = note

    def begin(self) -> None:
        """Start to check the rooms at intervals."""
        self._timer(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self.begin()
        now = self._now()
        expected = {invite.room for invite in self._state.invites.good(now)}
        expired = (
            room for room in self._state.rooms.values() if self._is_unused(room, now) and room.id not in expected
        )
        for room in list(islice(expired, EXPIRED_AT_ONCE)):
            self._remove(room)

    def _remove(self, room: Room) -> None:
        closed = ExitStack()
        closed.enter_context(room.closing())  # or a message could be stored after the removal
        self._note(
            "removed room",
            facts.RemovedRoomFact(expires=True, since=room.since if room.members else 0),
            lambda _: closed.close(),
            conversation=room.id,
            claims=(self._state.removal_claim(room),),
        )

    def _is_unused(self, room: Room, now: int) -> bool:
        """Tell whether a room has no messages and no topic, and has not changed or been visited by members for long."""
        if room.head != room.began or room.guests or room.closings or room.is_lobby or now - room.since < EXPIRY_MS:
            return False
        return not room.members or (
            now - room.since >= UNUSED_MS and not any(self._came_back(user, now) for user in room.members.values())
        )

    def _came_back(self, user: User, now: int) -> bool:
        """Tell whether a user is online or was recently, as far as this node knows."""
        return user.id in self._present or any(now - device.used < UNUSED_MS for device in user.devices.values())
