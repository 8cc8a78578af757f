"""What the log says of accounts that exist: their passwords and their devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ..protocol.events import Entry
from . import facts
from .users import Device

if TYPE_CHECKING:
    from .directory import Directory


def apply(directory: Directory, entry: Entry) -> None:
    """Change an account as its owner asked."""
    user = directory.users.get(entry.author)
    if user is None:
        return  # the name was released meanwhile
    match entry.kind:
        case "password":
            user.password = msgspec.json.decode(entry.body, type=facts.PasswordFact).phc
        case "device":
            added = msgspec.json.decode(entry.body, type=facts.DeviceFact)
            user.devices[added.key] = Device(added.label, entry.ts)
            user.additions += 1
            directory.add_device(added.key, user)
        case "revoked device":
            key = msgspec.json.decode(entry.body, type=facts.RevokedDeviceFact).key
            user.devices.pop(key, None)
            directory.remove_device(key, user)
