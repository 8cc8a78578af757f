"""Facts: the bodies of entries that change the state of the hub."""

from __future__ import annotations

import msgspec


class UserFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Kind "user": an account was created; ``key`` is the public key of the owner's first device.

    ``invite`` is the id of the invite that was used, if any; ``label`` is the name of the device. An account without a
    key has a password, hashed as ``phc``.
    """

    id: str
    name: str
    key: str
    invite: str | None = None
    label: str = ""
    phc: str = ""

    def __repr__(self) -> str:
        """Return what may be logged: no hash."""
        return f"UserFact(id={self.id!r}, name={self.name!r})"


class PasswordFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Kind "password": the author set a password; ``phc`` is its Argon2id hash.

    If the same password was only hashed again, ``replaces`` is its former hash. If ``since`` is set, in milliseconds
    since 1970, nothing changes until then, and the author may refuse it.
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
    """Kind "wrong passwords": a login failed with a wrong password; a ``count`` of 0 means that one succeeded."""

    count: int


class DeviceFact(msgspec.Struct, frozen=True):
    """Kind "device": another key was added to the author's account."""

    key: str
    label: str


class RevokedDeviceFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Kind "revoked device": the key was removed from the author's account.

    If ``since`` is set, in milliseconds since 1970, the key stays valid until then, and the author may keep it. After
    that time, a node stores the fact again, as ``due``: it changes nothing if the author kept the key.
    """

    key: str
    since: int = 0
    due: bool = False


class KeptDeviceFact(msgspec.Struct, frozen=True):
    """Kind "kept device": the author refused to revoke a key that was still valid."""

    key: str


class ResetFact(msgspec.Struct, frozen=True):
    """Kind "reset": the holder of a token may take back the name of ``user``; ``id`` is the token's SHA-256.

    ``expires`` is in milliseconds since 1970 UTC.
    """

    id: str
    user: str
    expires: int


class TakenBackFact(msgspec.Struct, frozen=True):
    """Kind "taken back": with the reset ``id``, the key became the author's only one, and the password was removed."""

    id: str
    key: str
    label: str


class ReleasedFact(msgspec.Struct, frozen=True):
    """Kind "released": the name of ``user`` is free; its next owner gets a new user id."""

    user: str


class DeletedAccountFact(msgspec.Struct, frozen=True):
    """Kind "deleted account": the account of ``user`` was deleted, with its keys, password, memberships and roles."""

    user: str


class InviteFact(msgspec.Struct, frozen=True):
    """Kind "invite": a token lets newcomers register, ``uses`` times in all; ``id`` is the token's SHA-256.

    ``expires`` is in milliseconds since 1970 UTC; newcomers become members of ``room``, if it is set.
    """

    id: str
    uses: int
    expires: int
    room: str | None = None


class BotFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Kind "bot": an account for a program was created, or got another token; ``token`` is the id of the token.

    ``owner`` is the name of the user who answers for it. ``rooms`` are the ids of the rooms in its scope, and
    ``expires`` is in milliseconds since 1970, 0 for never.
    """

    user: str
    name: str
    owner: str
    token: str
    rooms: tuple[str, ...]
    read: bool = False
    write: bool = False
    hook: bool = False
    expires: int = 0


class RevokedBotFact(msgspec.Struct, frozen=True):
    """Kind "revoked bot": the token of the bot with this account is no longer valid."""

    user: str


class RevokedInviteFact(msgspec.Struct, frozen=True):
    """Kind "revoked invite": the invite is no longer valid."""

    id: str


class RoomFact(msgspec.Struct, frozen=True):
    """Kind "room": a room was created.

    The fact is in the server log. If a room of this name was removed before, it is in the log of that room instead, and
    the new members may read the log from its seq on.
    """

    name: str


class RemovedRoomFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Kind "removed room", in the log of the room: the room is gone with its memberships, and its name is free.

    With ``expires``, it removes the room only if it has no entry before this fact, and no members. With ``since``, it
    may have members, but none came or went since then, in milliseconds since 1970.
    """

    expires: bool = False
    since: int = 0


class RenamedRoomFact(msgspec.Struct, frozen=True):
    """Kind "renamed room": the room of this id got another name; its old names still lead to it."""

    room: str
    name: str


class MemberFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Kind "member": a user became a member of a room, or stopped being one, perhaps with a ``reason``."""

    room: str
    user: str
    member: bool
    reason: str = ""


class ActFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Kind "act": an act of a moderator, an owner or the operator in a room; in the lobby, it is server-wide.

    ``subjects`` are covered by a restriction, or no longer; without ``seconds``, it does not end. ``seq`` is that of
    the deleted message.
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
