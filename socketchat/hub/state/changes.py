"""The changes made by applied facts; their types select the effects on live sessions."""

from __future__ import annotations

from typing import NamedTuple

from ...protocol import events
from .conversations import Room
from .users import User


class Registered(NamedTuple):
    """An account was registered."""

    user: User


class PasswordChanged(NamedTuple):
    """The password of an account changed."""

    user: User


class PasswordPending(NamedTuple):
    """An account gets a password later; its owner may refuse it until then."""

    user: User


class PasswordKept(NamedTuple):
    """An account refused a new password."""

    user: User


class DeviceAdded(NamedTuple):
    """A device was added to an account."""

    user: User
    key: str


class DeviceRevoked(NamedTuple):
    """A device of an account was revoked."""

    user: User
    key: str


class RevocationPending(NamedTuple):
    """A device of an account is revoked later; its owner may refuse it until then."""

    user: User
    key: str


class DeviceKept(NamedTuple):
    """An account keeps a device: its revocation was refused."""

    user: User
    key: str


class NameTakenBack(NamedTuple):
    """An account has a new key, and lost all its old ones and its password."""

    user: User


class NameReleased(NamedTuple):
    """An account is gone, and its name is free."""

    user: User


class AccountDeleted(NamedTuple):
    """An account is gone, because the operator deleted it."""

    user: User


class BotRevoked(NamedTuple):
    """The token of a bot was revoked."""

    user: User


class Admitted(NamedTuple):
    """An account became a member of a room."""

    user: User
    room: Room


class Dismissed(NamedTuple):
    """An account stopped being a member; ``why`` is empty if the user left, perhaps with a ``reason``.

    Otherwise ``by`` kicked the user, for the ``reason``.
    """

    user: User
    room: Room
    why: str
    reason: str = ""
    by: str = ""


class ShutOut(NamedTuple):
    """A moderator kicked or banned ``users``, and everyone else whom ``subjects`` cover, from a room or the chat."""

    room: Room
    users: tuple[User, ...]
    subjects: tuple[str, ...]
    code: str
    why: str
    reason: str = ""
    by: str = ""


class MadePrivate(NamedTuple):
    """A room became private, so its guests have to leave."""

    room: Room
    why: str


class RoomRemoved(NamedTuple):
    """A room was removed; its accounts were dismissed before."""

    room: Room
    why: str


class RoomChanged(NamedTuple):
    """A setting or a role of a room changed; ``told`` is what its members are told."""

    room: Room
    told: events.Changed


Change = (
    Registered
    | PasswordChanged
    | PasswordPending
    | PasswordKept
    | DeviceAdded
    | DeviceRevoked
    | RevocationPending
    | DeviceKept
    | NameTakenBack
    | NameReleased
    | AccountDeleted
    | BotRevoked
    | Admitted
    | Dismissed
    | ShutOut
    | MadePrivate
    | RoomRemoved
    | RoomChanged
)
