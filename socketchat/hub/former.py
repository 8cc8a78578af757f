"""Former users: who had a name until a while ago, on this node."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from ..protocol.names import name_key
from .policy.lru import LRU
from .state.users import User

NAMES = 4096
"""Most names that are remembered; at worst 10 MiB."""

PER_NAME = 8
"""Users who are remembered by each name."""


class Gone(NamedTuple):
    """What a user showed when it went, or took another name; ``at`` is in milliseconds since 1970."""

    name: str
    ident: str
    host: str
    real_name: str
    at: int


class Former:
    """Remembers who went; ``now`` returns the milliseconds since 1970."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._by_name: LRU[deque[Gone]] = LRU(NAMES)

    def went(self, user: User) -> None:
        """Remember a user."""
        gone = self._by_name.get(user.key)
        if gone is None:
            gone = deque(maxlen=PER_NAME)
            self._by_name.set(user.key, gone)
        shown = user.shown
        gone.appendleft(Gone(user.name, shown.ident, shown.host, shown.real_name, self._now()))

    def of(self, name: str) -> list[Gone]:
        """Return who had a name, the latest first."""
        return list(self._by_name.get(name_key(name)) or ())
