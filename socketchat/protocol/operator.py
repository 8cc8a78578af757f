"""What the operator asks through the admin socket: one struct per order, tagged like commands."""

from __future__ import annotations

from .commands import Command, Number
from .events import Error, Event, Ok


class Users(Command, frozen=True):
    """List the accounts, and the guests of the moment."""


class Reset(Command, frozen=True):
    """Make a token by which the owner of a name, whose keys are lost, takes it back."""

    name: str


class Release(Command, frozen=True):
    """Make the name of an account anybody's; its entries keep the name."""

    name: str


class Owner(Command, frozen=True):
    """Make a user the owner of the server, who is the only one."""

    name: str


class RoomOwner(Command, frozen=True):
    """Make a user the owner of a room."""

    room: str
    name: str


class Ban(Command, frozen=True):
    """Keep a user, or an address, out of the chat; with ``addresses`` also those that the user comes from now."""

    name: str
    seconds: Number = 0
    reason: str = ""
    addresses: bool = False


class Unban(Command, frozen=True):
    """Let a user or an address in again."""

    name: str


class Bans(Command, frozen=True):
    """List who is banned from the chat."""


class Log(Command, frozen=True):
    """List what owners, moderators and the operator did."""


class Erase(Command, frozen=True):
    """Blank all that a user said; the account stays."""

    name: str


class Rooms(Command, frozen=True):
    """List the rooms, private ones too."""


class Code(Command, frozen=True):
    """Tell the join code; with ``new``, draw another one first."""

    new: bool = False


class Invite(Command, frozen=True):
    """Make an invite for so many ``uses`` within so many ``seconds``, to a ``room`` if one is named.

    The lines of the answer are the server's port, the fingerprint of its key, and the token, which is told only here.
    """

    seconds: Number
    uses: Number = 1
    room: str | None = None


class Invites(Command, frozen=True):
    """List the invites that still let in."""


class Uninvite(Command, frozen=True):
    """Let nobody in any more by the invite whose id begins so."""

    invite: str


ORDERS = (
    Users
    | Reset
    | Release
    | Erase
    | Rooms
    | Owner
    | RoomOwner
    | Ban
    | Unban
    | Bans
    | Log
    | Code
    | Invite
    | Invites
    | Uninvite
)


class Report(Event, frozen=True):
    """Lines to print; ``ok`` or ``error`` follows the last of them."""

    lines: list[str]


ANSWERS = Report | Ok | Error
