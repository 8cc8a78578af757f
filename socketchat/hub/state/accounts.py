"""What the log says of accounts that exist: their passwords and devices, and how names are taken back or released."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ...protocol.events import Entry
from . import facts
from .users import Device, User

if TYPE_CHECKING:
    from .directory import Directory


class Reset(NamedTuple):
    """Whose name is taken back by a token, and until when, in milliseconds since 1970."""

    user: str
    expires: int


def apply(directory: Directory, entry: Entry) -> None:
    """Change an account as its owner or the operator asked."""
    match entry.kind:
        case "reset":
            reset = msgspec.json.decode(entry.body, type=facts.ResetFact)
            _forget_resets(directory, reset.user)  # the newest link is the one that was not lost
            directory.resets[reset.id] = Reset(reset.user, reset.expires)
        case "released":
            released = directory.users.get(msgspec.json.decode(entry.body, type=facts.ReleasedFact).user)
            if released is not None:
                _forget_resets(directory, released.id)
                directory.release(released)
        case "password" | "wrong passwords" | "device" | "revoked device" | "taken back":
            user = directory.users.get(entry.author)
            if user is not None:  # otherwise the name was released meanwhile
                _apply_owners(directory, user, entry)


def _apply_owners(directory: Directory, user: User, entry: Entry) -> None:
    match entry.kind:
        case "password":
            user.password = msgspec.json.decode(entry.body, type=facts.PasswordFact).phc
            user.wrong = 0
        case "wrong passwords":
            count = msgspec.json.decode(entry.body, type=facts.WrongPasswordsFact).count
            user.wrong = max(user.wrong, count) if count else 0  # more may be under way
        case "device":
            added = msgspec.json.decode(entry.body, type=facts.DeviceFact)
            _add(directory, user, added.key, Device(added.label, entry.ts))
        case "revoked device":
            _remove(directory, user, msgspec.json.decode(entry.body, type=facts.RevokedDeviceFact).key)
        case "taken back":
            taken = msgspec.json.decode(entry.body, type=facts.TakenBackFact)
            for key in list(user.devices):
                _remove(directory, user, key)
            user.password = ""
            user.wrong = 0
            _add(directory, user, taken.key, Device(taken.label, entry.ts))
            _forget_resets(directory, user.id)


def _add(directory: Directory, user: User, key: str, device: Device) -> None:
    user.devices[key] = device
    user.additions += 1
    directory.add_device(key, user)


def _remove(directory: Directory, user: User, key: str) -> None:
    user.devices.pop(key, None)
    directory.remove_device(key, user)


def _forget_resets(directory: Directory, user_id: str) -> None:
    directory.resets = {each: reset for each, reset in directory.resets.items() if reset.user != user_id}
