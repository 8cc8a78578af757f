"""Users: accounts, which last, and guests, who are gone with their connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conversations import Pair, Room
    from .sessions import Session


class User:
    """Who somebody is; conversations refer to the id, and the name is an attribute.

    ``secret`` is the SHA-256 (hex) of the secret that proves an account's owner, "" for a guest.
    """

    __slots__ = ("id", "key", "lingers", "name", "pairs", "rooms", "secret", "sessions")

    def __init__(self, user_id: str, name: str, key: str, secret: str = "") -> None:
        self.id = user_id
        self.name = name
        self.key = key
        self.secret = secret
        self.rooms: list[Room] = []  # besides the lobby, where everyone is
        self.pairs: list[Pair] = []
        self.sessions: list[Session] = []
        self.lingers: Session | None = None  # the last one, whose link broke and may be resumed

    @property
    def is_guest(self) -> bool:
        """Whether nothing of this user outlives the connection."""
        return not self.secret

    @property
    def listens(self) -> bool:
        """Whether any session hears what is said."""
        return any(session.listens for session in self.sessions)
