"""Facts: the bodies of entries that change the state of the hub."""

from __future__ import annotations

import msgspec


class UserFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Kind "user": an account was made; ``key`` is the public key of the owner's first device.

    ``invite`` is the id of the invite that let the owner in; ``label`` is what the device is called.
    """

    id: str
    name: str
    key: str
    invite: str | None = None
    label: str = ""


class PasswordFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Kind "password": the author set one; ``phc`` is its Argon2id hash, ``replaces`` that of the same one before.

    Until ``since``, in milliseconds since 1970, the old one stays valid, and the author may keep it.
    """

    phc: str
    replaces: str = ""
    since: int = 0

    def __repr__(self) -> str:
        """Return a text without the hash, fit for logs."""
        return "PasswordFact()"


class KeptPasswordFact(msgspec.Struct, frozen=True):
    """Kind "kept password": the author refused a new password that was not valid yet."""


class WrongPasswordsFact(msgspec.Struct, frozen=True):
    """Kind "wrong passwords": one more came since the last right one, or with the ``count`` 0, the right one came."""

    count: int


class DeviceFact(msgspec.Struct, frozen=True):
    """Kind "device": another key was added to the author's account."""

    key: str
    label: str


class RevokedDeviceFact(msgspec.Struct, frozen=True):
    """Kind "revoked device": the key was removed from the author's account."""

    key: str


class ResetFact(msgspec.Struct, frozen=True):
    """Kind "reset": whoever has the token, of which ``id`` is the SHA-256, may take the name of ``user`` back.

    ``expires`` is in milliseconds since 1970 UTC.
    """

    id: str
    user: str
    expires: int


class TakenBackFact(msgspec.Struct, frozen=True):
    """Kind "taken back": by the reset ``id`` the key became the author's only one, and the password is gone."""

    id: str
    key: str
    label: str


class ReleasedFact(msgspec.Struct, frozen=True):
    """Kind "released": the name of ``user`` is free; its next owner is another user."""

    user: str


class DeletedAccountFact(msgspec.Struct, frozen=True):
    """Kind "deleted account": the account of ``user`` is gone with its keys, password, memberships and roles."""

    user: str


class InviteFact(msgspec.Struct, frozen=True):
    """Kind "invite": whoever has the token, of which ``id`` is the SHA-256, may come in, ``uses`` times in all.

    ``expires`` is in milliseconds since 1970 UTC; ``room`` is that which the newcomers become members of.
    """

    id: str
    uses: int
    expires: int
    room: str | None = None


class RevokedInviteFact(msgspec.Struct, frozen=True):
    """Kind "revoked invite": the invite is no longer valid."""

    id: str


class RoomFact(msgspec.Struct, frozen=True):
    """Kind "room": a room was made.

    It is in the server log, or if the name is that of a removed room, in the log of that room: with its ``seq`` begins
    what the new members may read.
    """

    name: str


class RemovedRoomFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Kind "removed room", in the log of the room: the room has no members any more, and its name is free.

    If it ``expires``, only a room without members is removed in which nothing was stored before this fact.
    """

    expires: bool = False


class MemberFact(msgspec.Struct, frozen=True):
    """Kind "member": a user became a member of a room, or stopped being one."""

    room: str
    user: str
    member: bool


class ActFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Kind "act": a moderator, an owner or the operator did something in a room; in the lobby, to the whole server.

    ``subjects`` are what a restriction covers, or what it is lifted from; without ``seconds`` it has no end. ``seq`` is
    the message that was deleted.
    """

    act: str
    room: str
    user: str = ""
    name: str = ""
    subjects: list[str] = []
    seconds: int = 0
    reason: str = ""
    seq: int = 0


class IgnoreFact(msgspec.Struct, frozen=True):
    """Kind "ignore": the author ignores a user, or no longer does."""

    user: str
    ignored: bool


encode = msgspec.json.Encoder().encode
