"""The operator's orders through the admin socket: one struct per order, encoded like commands."""

from __future__ import annotations

from .commands import Command, Number
from .events import Error, Event, Ok


class ListUsers(Command, frozen=True, tag="users"):
    """List the accounts, and the guests who are connected."""


class AddUser(Command, frozen=True, tag="adduser"):
    """Register an account with a password and without a key, for a bot or an IRC client."""

    name: str
    password: str

    def __repr__(self) -> str:
        """Return what may be logged: no password."""
        return f"AddUser(name={self.name!r})"


class ResetName(Command, frozen=True, tag="reset"):
    """Create a token with which the owner of a name, who lost all keys, recovers it."""

    name: str


class ReleaseName(Command, frozen=True, tag="release"):
    """Release the name of an account, so that another user can take it; the entries keep the name."""

    name: str


class DeleteUser(Command, frozen=True, tag="deleteuser"):
    """Delete the account of a user; the entries keep the name."""

    name: str


class SetOwner(Command, frozen=True, tag="owner"):
    """Make a user the only owner of the server."""

    name: str


class SetRoomOwner(Command, frozen=True, tag="roomowner"):
    """Make a user the owner of a room."""

    room: str
    name: str


class BanUser(Command, frozen=True, tag="ban"):
    """Ban a user or an address from the chat; with ``addresses``, also the current addresses of the user."""

    name: str
    seconds: Number = 0
    reason: str = ""
    addresses: bool = False


class UnbanUser(Command, frozen=True, tag="unban"):
    """Lift the ban of a user or an address."""

    name: str


class ListBans(Command, frozen=True, tag="bans"):
    """List the bans from the chat."""


class ShowLog(Command, frozen=True, tag="log"):
    """List the acts of owners, moderators and the operator."""


class EraseUser(Command, frozen=True, tag="erase"):
    """Delete the text of everything that a user said; the account stays."""

    name: str


class ListRooms(Command, frozen=True, tag="rooms"):
    """List all rooms, including private ones."""


class RemoveRoom(Command, frozen=True, tag="removeroom"):
    """Remove a room; a later room of the same name continues its seq."""

    room: str


class JoinCode(Command, frozen=True, tag="code"):
    """Report the join code; with ``new``, replace it first."""

    new: bool = False


class CreateInvite(Command, frozen=True, tag="invite"):
    """Create an invite that is valid ``uses`` times, for ``seconds``; newcomers become members of ``room``, if given.

    The lines of the answer are the server's port, the fingerprint of its key, and the token, which is shown only here.
    """

    seconds: Number
    uses: Number = 1
    room: str | None = None


class ListInvites(Command, frozen=True, tag="invites"):
    """List the invites that are still valid."""


class RevokeInvite(Command, frozen=True, tag="uninvite"):
    """Revoke the invite whose id begins with ``invite``."""

    invite: str


class CreateBot(Command, frozen=True, tag="bot"):
    """Create an account for a program, or give a bot another token; it may read and write in these rooms.

    ``owner`` is the name of the user who answers for it, "" for the operator. A ``hook`` writes to one room, with its
    token in the path. ``seconds`` of 0 last without end. The line of the answer is the token, which is shown only here.
    """

    name: str
    rooms: list[str]
    read: bool = False
    write: bool = False
    hook: bool = False
    seconds: Number = 0
    owner: str = ""


class ListBots(Command, frozen=True, tag="bots"):
    """List the bots."""


class RevokeBot(Command, frozen=True, tag="revokebot"):
    """Revoke the token of a bot; its account and its messages stay."""

    name: str


ORDERS = (
    ListUsers
    | AddUser
    | ResetName
    | ReleaseName
    | DeleteUser
    | EraseUser
    | ListRooms
    | RemoveRoom
    | SetOwner
    | SetRoomOwner
    | BanUser
    | UnbanUser
    | ListBans
    | ShowLog
    | JoinCode
    | CreateInvite
    | ListInvites
    | RevokeInvite
    | CreateBot
    | ListBots
    | RevokeBot
)


class Report(Event, frozen=True):
    """Lines to print; ``ok`` or ``error`` follows the last report."""

    lines: list[str]


class Progress(Event, frozen=True):
    """The progress of a long order: ``done`` of a total, ``of``. More progress, or the answer, follows."""

    done: Number
    of: Number


ANSWERS = Report | Progress | Ok | Error
