"""Users: accounts, which last, and guests, who exist only while connected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

from ...protocol.text.confusables import looks


class Device:
    """A key of an account: its label, when it was added, and when it was last used on this node (0: unknown)."""

    __slots__ = ("added", "label", "used")

    def __init__(self, label: str = "", added: int = 0) -> None:
        self.label = label
        self.added = added
        self.used = 0


class Profile:
    """What a user shows of itself on this node: user name, real name, and a cloaked host.

    ``account`` is the account that has proved itself while it uses another name, as a guest.
    """

    __slots__ = (
        "account",
        "host",
        "ident",
        "is_bot",
        "is_invisible",
        "is_operator",
        "real_name",
        "since",
        "spoke",
        "stays_away",
    )

    def __init__(self, ident: str, real_name: str, host: str) -> None:
        self.ident = ident
        self.real_name = real_name
        self.host = host
        self.account: User | None = None
        self.is_bot = False
        self.is_invisible = False
        self.is_operator = False
        self.stays_away = False  # although it says something
        self.since = 0  # of the login, in milliseconds since 1970
        self.spoke = 0


NOBODY: frozenset[str] = frozenset()
"""The shared empty set of ignored users: a set per user would cost as much as half an idle connection."""

NO_DEVICES: Mapping[str, Device] = MappingProxyType({})
NO_MARKS: Mapping[str, int] = MappingProxyType({})
"""Shared by all guests: their own empty ones, and empty lists, would be a tenth of an idle connection."""


class User:
    """A person or a program; conversations refer to the id, and the name is an attribute.

    ``key`` is the key of the name; no other user's name shares any of its ``looks``. ``devices`` maps an account's
    public keys, as words, to its devices; a guest has none. ``password`` is the stored hash, or "". ``wrong`` counts
    the wrong passwords since the last right one, and ``additions`` all devices that were ever added. The log decides
    these; the other attributes belong to this node, and no ``apply`` uses them. The methods change the collections.
    """

    __slots__ = (
        "additions",
        "away",
        "began",
        "changes",
        "devices",
        "guesses",
        "guest_pairs",
        "id",
        "ignored",
        "is_guest",
        "key",
        "looks",
        "name",
        "next_password",
        "pairs",
        "password",
        "password_since",
        "profile",
        "read",
        "read_at",
        "revoking",
        "rooms",
        "wrong",
    )

    def __init__(self, user_id: str, name: str, key: str, device: str | None = None) -> None:
        self.id = user_id
        self.name = name
        self.key = key
        self.looks = tuple(looks(name))  # a fifth of the memory of a set
        self.is_guest = device is None  # nothing of a guest outlives the connection
        self.devices: Mapping[str, Device] = NO_DEVICES if device is None else {device: Device()}
        self.additions = 0
        self.began = 0  # when the account was registered, or taken back with a link, in ms since 1970
        self.password = ""
        self.password_since = 0  # when the first password became valid; 0 if it waited for that
        self.next_password: tuple[str, int] | None = None  # its hash, and when it becomes valid, in ms since 1970
        self.wrong = 0
        self.rooms: tuple[str, ...] = ()  # ids, without the lobby
        self.pairs: Sequence[str] = ()  # ids of the direct messages
        self.ignored = NOBODY  # ids of the users whose messages are hidden from this one
        # On this node only:
        self.guest_pairs: Sequence[str] = ()  # the ``pairs`` with guests, or former guests, oldest first
        self.read = NO_MARKS  # the last read seq, by conversation
        self.read_at = NO_MARKS  # until when, in ms since 1970, by the name of a room or user
        self.profile: Profile | None = None  # what the user says about itself, if anything
        self.away = ""  # the reason; the user's next message clears it
        self.changes = 0  # password changes not stored yet; meanwhile the old password is refused
        self.revoking: tuple[str, ...] = ()  # keys whose revocation is not stored yet; they are refused
        self.guesses = 0  # passwords that are being checked, and wrong ones not stored yet

    @property
    def shown(self) -> Profile:
        """What the user shows: what it said at login, or what follows from its name."""
        if self.profile is None:
            return Profile(f"~{self.name}", self.name, f"{self.name}.{'guest' if self.is_guest else 'user'}")
        return self.profile

    @property
    def mask(self) -> str:
        """What masks of users are compared with: ``nick!user@host``."""
        shown = self.shown
        return f"{self.name}!{shown.ident}@{shown.host}"

    def rename(self, name: str, key: str) -> None:
        """Take another name."""
        self.name, self.key, self.looks = name, key, tuple(looks(name))

    def add_device(self, key: str, device: Device) -> None:
        """Add a key, or replace what is known about it."""
        self.devices = {**self.devices, key: device}

    def remove_device(self, key: str) -> bool:
        """Remove a key; return whether the user had it."""
        had = key in self.devices
        self.devices = {other: device for other, device in self.devices.items() if other != key}
        return had

    def add_room(self, room_id: str) -> None:
        """Note that the user is a member of a room."""
        self.rooms = (*self.rooms, room_id)

    def remove_room(self, room_id: str) -> None:
        """Note that the user is no longer a member of a room."""
        self.rooms = tuple(other for other in self.rooms if other != room_id)

    def add_pair(self, pair_id: str, *, with_guest: bool = False) -> None:
        """Note direct messages of the user."""
        self.pairs = _appended(self.pairs, pair_id)
        if with_guest:
            self.guest_pairs = _appended(self.guest_pairs, pair_id)

    def mark_read(self, conversation: str, seq: int) -> None:
        """Note how far the user has read a conversation."""
        if isinstance(self.read, dict):
            self.read[conversation] = seq
        else:
            self.read = {conversation: seq}

    def password_at(self, now: int) -> str:
        """Return the stored hash of the password that is valid ``now``, or "" if none is set."""
        if self.next_password is not None and self.next_password[1] <= now:
            return self.next_password[0]
        return self.password

    def pends(self, now: int) -> bool:
        """Tell whether a new password was set that is not valid yet."""
        return self.next_password is not None and now < self.next_password[1]

    def has_password(self, stored: str, now: int) -> bool:
        """Tell whether the password with this stored hash is valid ``now``."""
        return self.password_at(now) == stored and not self.changes

    def has_key(self, key: str | None) -> bool:
        """Tell whether a key belongs to the user."""
        return key in self.devices and key not in self.revoking

    def lets_in(self, device: str) -> bool:
        """Tell whether a session that logged in with this key ("": by password) may resume."""
        return self.is_guest or (self.has_key(device) if device else not self.changes)

    @contextmanager
    def changing_password(self) -> Iterator[None]:
        """Refuse the old password until the log has decided about a new one."""
        self.changes += 1
        try:
            yield
        finally:
            self.changes -= 1

    @contextmanager
    def revoking_key(self, key: str) -> Iterator[None]:
        """Refuse a key until the log has decided about its revocation."""
        self.revoking += (key,)
        try:
            yield
        finally:
            self.revoking = tuple(other for other in self.revoking if other is not key)

    def snapshot(self) -> dict[str, object]:
        """Return the state from the log, as plain data."""
        return {
            "name": self.name,
            "devices": {key: [device.label, device.added] for key, device in sorted(self.devices.items())},
            "additions": self.additions,
            "began": self.began,
            "password": [self.password, self.next_password, self.password_since],
            "wrong": self.wrong,
            "rooms": sorted(self.rooms),
            "ignored": sorted(self.ignored),
        }


def _appended(ids: Sequence[str], new: str) -> Sequence[str]:
    """Append an id, without copying the others: a user may have thousands of direct messages."""
    if isinstance(ids, list):
        ids.append(new)
        return ids
    return [*ids, new]
