"""Users: accounts, which last, and guests, who are gone with their connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...protocol.text.confusables import looks

if TYPE_CHECKING:
    from ..sessions import Session
    from .conversations import Pair, Room


class Device:
    """A key that proves to be an account's owner: what it is called, when it was added, and used last (0: unknown)."""

    __slots__ = ("added", "label", "used")

    def __init__(self, label: str = "", added: int = 0) -> None:
        self.label = label
        self.added = added
        self.used = 0


class User:
    """Who somebody is; conversations refer to the id, and the name is an attribute.

    ``key`` is that of the name; ``looks`` are what the name looks like, which no other user's does.
    ``devices`` are the public keys, as words, that prove an account's owner; a guest has none. ``password`` is what is
    stored of the password, "" where none is set; ``changes`` counts the new ones that are not stored yet, and meanwhile
    the old one lets nobody in. ``wrong`` counts the wrong ones since the last right one, or since it was set.
    ``additions`` counts the devices that were ever added.
    """

    __slots__ = (
        "additions",
        "away",
        "changes",
        "devices",
        "id",
        "ignored",
        "is_guest",
        "key",
        "lingers",
        "looks",
        "name",
        "pairs",
        "password",
        "read",
        "rooms",
        "sessions",
        "wrong",
    )

    def __init__(self, user_id: str, name: str, key: str, device: str | None = None) -> None:
        self.id = user_id
        self.name = name
        self.key = key
        self.looks = looks(name)
        self.is_guest = device is None  # nothing of a guest outlives the connection
        self.devices: dict[str, Device] = {} if device is None else {device: Device()}
        self.additions = 0
        self.password = ""
        self.changes = 0
        self.wrong = 0
        self.rooms: list[Room] = []  # besides the lobby, where everyone is
        self.pairs: list[Pair] = []
        self.read: dict[str, int] = {}  # up to which seq, by conversation
        self.sessions: list[Session] = []
        self.away = ""  # why, for as long as the user is here and says nothing
        self.ignored: set[str] = set()  # ids of those whose words this user does not want to read
        self.lingers: Session | None = None  # the last one, whose link broke and may be resumed

    def has_password(self, stored: str) -> bool:
        """Tell whether a password, of which this is what was stored, still lets somebody in."""
        return self.password == stored and not self.changes

    @property
    def listens(self) -> bool:
        """Whether any session hears what is said."""
        return any(session.listens for session in self.sessions)
