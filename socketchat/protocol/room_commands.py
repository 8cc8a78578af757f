"""The commands of those who manage a room: roles, restrictions, settings and invitations."""

from __future__ import annotations

from typing import Literal

from .command import Command, Number


class Mod(Command, frozen=True):
    """Make a user a moderator of ``room``, or in the lobby, of the whole server."""

    room: str
    name: str


class Unmod(Command, frozen=True):
    """Remove a user as moderator."""

    room: str
    name: str


class Kick(Command, frozen=True):
    """Remove a user from ``room``, without a ban; in the lobby, close the user's sessions."""

    room: str
    name: str
    reason: str = ""


class Ban(Command, frozen=True):
    """Ban a user from ``room`` (in the lobby: from the server), for ``seconds`` if they are given."""

    room: str
    name: str
    seconds: Number = 0
    reason: str = ""


class Unban(Command, frozen=True):
    """Lift the ban of a user."""

    room: str
    name: str


class Mute(Command, frozen=True):
    """Mute a user in ``room`` (in the lobby: everywhere), for ``seconds`` if they are given."""

    room: str
    name: str
    seconds: Number = 0
    reason: str = ""


class Unmute(Command, frozen=True):
    """Unmute a user."""

    room: str
    name: str


class Access(Command, frozen=True):
    """Make a room ``private``, visible only to its members and to invited users, or public again; None asks which."""

    room: str
    private: bool | None = None


class Settings(Command, frozen=True):
    """Return the settings of a room, or change those that are given.

    In a room for announcements (``announce``), only its owner, moderators and voiced users write. With ``slow``, all
    others wait that many seconds between two messages; 0 ends that. A room keeps its id and its old names when it gets
    another ``name``.
    """

    room: str
    announce: bool | None = None
    slow: Number | None = None
    name: str | None = None


Setting = Literal["invite only", "key", "limit", "members only", "secret", "topic"]
MaskKind = Literal["ban", "exception", "invitation"]


class Mode(Command, frozen=True):
    """Turn a ``setting`` of a room on with its ``value``, or without a value, off.

    A "key" is needed to join, a "limit" is that of the members, "invite only" and "secret" rooms admit and show
    themselves to few, "topic" lets only moderators set the topic, and "members only" lets only members write.
    """

    room: str
    setting: Setting
    value: str | None = None


class Mask(Command, frozen=True):
    """Ban, except from bans, or invite all users whose ``nick!user@host`` a mask matches, or no longer (``lifted``)."""

    room: str
    kind: MaskKind
    mask: str
    lifted: bool = False


class Voice(Command, frozen=True):
    """Give a user a voice: the right to write in a room for announcements, and without waiting in a slow room."""

    room: str
    name: str


class Unvoice(Command, frozen=True):
    """Take a user's voice away."""

    room: str
    name: str


class Invite(Command, frozen=True):
    """Invite a user into a private room; a direct message tells the user."""

    room: str
    name: str
