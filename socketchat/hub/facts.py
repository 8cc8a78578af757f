"""What the server log holds: the bodies of entries that change the state of the hub."""

from __future__ import annotations

import msgspec


class UserFact(msgspec.Struct, frozen=True):
    """Kind "user": an account was made. ``key`` is the public key of the owner's first device."""

    id: str
    name: str
    key: str


class RoomFact(msgspec.Struct, frozen=True):
    """Kind "room": a room was made."""

    name: str


class MemberFact(msgspec.Struct, frozen=True):
    """Kind "member": a user became a member of a room, or stopped being one."""

    room: str
    user: str
    member: bool


encode = msgspec.json.Encoder().encode
