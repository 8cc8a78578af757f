"""Slow rooms: how long a user has to wait between two messages there.

The log decides which rooms are slow, and how slow. Each node decides by its own clock whether enough time has passed,
when a message is submitted: the log knows no clock, and what it has stored stays. A node also counts the messages that
other nodes store, so that a second session elsewhere is no way around.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import NamedTuple

from ...exceptions import TooMany
from ...protocol.text.durations import in_full, in_words
from ..networks import is_loopback, network
from ..state.conversations import Room
from ..state.users import User
from .lru import LRU
from .rate_limiter import REMEMBERED

Key = tuple[int, int]


class _Last(NamedTuple):
    """When a user wrote last in a room, in seconds, and under which key."""

    at: float
    key: Key | None


class SlowMode:
    """Remembers the last message of each user in each slow room; ``clock`` returns seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last: LRU[_Last] = LRU(REMEMBERED)

    def take(self, user: User, peer: str, room: Room, key: Key | None) -> None:
        """Note a message of a user; raises TooMany if the last one is too recent.

        A message that is repeated under its key is let through: the journal answers it.
        """
        # A guest returns as another user, so guests are counted by address.
        who = network(peer) if user.is_guest and not is_loopback(peer) else user.id
        last, now = self._last.get(f"{room.id} {who}"), self._clock()
        if last is not None and (seconds := last.at + room.slow - now) > 0:
            if key is None or last.key is None or key[0] != last.key[0] or key[1] > last.key[1]:
                pace, wait = in_full(room.slow), in_words(ceil(seconds))
                raise TooMany(f"{room.name} is slow: one message every {pace}. You can write again in {wait}.")
            return
        self._last.set(f"{room.id} {who}", _Last(now, key))

    def note(self, author: str, room: Room) -> None:
        """Note a message that another node has stored."""
        self._last.set(f"{room.id} {author}", _Last(self._clock(), None))
