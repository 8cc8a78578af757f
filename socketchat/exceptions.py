"""Every error of socketchat: a code word, a text that says what to do, and an exit code.

    ChatError                        other                1   a failure without a code word of its own
    +-- UsageProblem                 usage                2   the request is invalid
    |   +-- BadName                  bad_name             2   invalid name of a user or room
    |   +-- BadText                  bad_text             2   empty, or not valid UTF-8
    |   +-- BadPassword              bad_password         2   too short, too long or too common
    +-- Unconfirmed                  unconfirmed          3   sent, but not confirmed in time
    +-- Refused                      refused              4   the server refuses
    |   +-- NameTaken                name_taken           4   the name belongs to someone else
    |   +-- BadProof                 bad_proof            4   the signature does not match
    |   +-- WrongPassword            wrong_password       4   wrong name or password
    |   +-- UnknownServer            unknown_server       4   nothing proves yet that this is the right server
    |   +-- CodeNeeded               code_needed          4   newcomers need the join code or an invite
    |   +-- BadCode                  bad_code             4   wrong join code
    |   +-- BadInvite                bad_invite           4   unknown, used up, expired or revoked
    |   +-- NoGuests                 no_guests            4   guests log in from the server's own machine only
    |   +-- TooLong                  too_long             4   a text over the limit
    |   +-- NotAMember               not_a_member         4   join the room first
    |   +-- KeyReused                key_reused           4   the key was used for another text
    |   +-- NotLoggedIn              not_logged_in        4   log in first
    |   +-- Banned                   banned               4   banned from the room or the server
    |   +-- Kicked                   kicked               4   a moderator ended the session
    |   +-- Muted                    muted                4   muted in the room or the server
    |   +-- AlreadyThere             already_there        4   the user is in the room already
    |   +-- InviteOnly               invite_only          4   the room admits invited users only
    |   +-- RoomFull                 room_full            4   the room has reached its limit
    |   +-- WrongKey                 wrong_key            4   the room needs a key to join
    |   +-- ReadOnly                 read_only            4   a room for announcements, where you have no voice
    |   +-- TooMany                  too_many             4   a limit is reached
    +-- NotFound                     not_found            5   does not exist
    |   +-- NoSuchUser               no_such_user         5
    |   +-- NoSuchRoom               no_such_room         5
    |   +-- NoSuchCommand            no_such_command      5
    +-- Unreachable                  unreachable          6   no server answers, or it went away
    |   +-- ShuttingDown             shutting_down        6   the server is shutting down
    +-- Impostor                     impostor             7   the server does not know the secret
    +-- CertificateChanged           certificate_changed  7   another key than the client remembers
    +-- BadFile                      bad_file             8   a damaged or foreign file
    +-- ProtocolError                protocol             1   invalid bytes; the connection ends
    |   +-- BadLine                  bad_line             1   an invalid line; the connection stays open
    |   +-- Unsupported              unsupported          1   an unknown command or version
    +-- StorageProblem               storage              1   the server cannot write to its disk
    +-- Busy                         busy                 1   too busy for this at the moment
    +-- TooSlow                      too_slow             1   the peer did not read or log in in time
    +-- Replaced                     replaced             1   another connection resumed the session

The code words are part of the protocol and never change their meaning; `socketchat help errors` lists them.
"""

from __future__ import annotations

import os
from typing import ClassVar


class ChatError(Exception):
    """The request failed for another reason; the text says what to do."""

    code: ClassVar[str] = "other"
    exit_code: ClassVar[int] = 1
    retry: bool = False  # whether the same request may succeed later


class UsageProblem(ChatError):
    """The request is invalid."""

    code = "usage"
    exit_code = 2


class BadName(UsageProblem):
    """The name of a user or room is invalid."""

    code = "bad_name"


class BadText(UsageProblem):
    """The text is empty or not valid UTF-8."""

    code = "bad_text"


class BadPassword(UsageProblem):
    """The password is too short, too long or too common."""

    code = "bad_password"


class Unconfirmed(ChatError):
    """The message was sent, but the server did not confirm in time that it is stored."""

    code = "unconfirmed"
    exit_code = 3


class Refused(ChatError):
    """The server refuses the request."""

    code = "refused"
    exit_code = 4


class NameTaken(Refused):
    """The name belongs to someone else."""

    code = "name_taken"


class BadProof(Refused):
    """The signature does not match the key, the name and this connection."""

    code = "bad_proof"


class WrongPassword(Refused):
    """The name or the password is wrong."""

    code = "wrong_password"


class UnknownServer(Refused):
    """Nothing proves yet that this is the right server."""

    code = "unknown_server"


class CodeNeeded(Refused):
    """Newcomers need the server's join code or an invite."""

    code = "code_needed"


class BadCode(Refused):
    """The join code is wrong."""

    code = "bad_code"


class BadInvite(Refused):
    """The invite is unknown, used up, expired or revoked."""

    code = "bad_invite"


class NoGuests(Refused):
    """Guests can only log in from the server's own machine."""

    code = "no_guests"


class TooLong(Refused):
    """The text is over the limit."""

    code = "too_long"


class NotAMember(Refused):
    """You must join the room first."""

    code = "not_a_member"


class KeyReused(Refused):
    """The key of this message was already used for another text."""

    code = "key_reused"


class NotLoggedIn(Refused):
    """You must log in before you send commands."""

    code = "not_logged_in"


class TooMany(Refused):
    """A limit is reached; the text says which, or when to try again."""

    code = "too_many"


class Banned(Refused):
    """You are banned from the room or the server."""

    code = "banned"


class Kicked(Refused):
    """A moderator ended the session."""

    code = "kicked"


class AlreadyThere(Refused):
    """The user is in the room already."""

    code = "already_there"


class InviteOnly(Refused):
    """The room admits invited users only."""

    code = "invite_only"


class RoomFull(Refused):
    """The room has as many members as its limit allows."""

    code = "room_full"


class WrongKey(Refused):
    """The room needs a key to join."""

    code = "wrong_key"


class Muted(Refused):
    """You are muted in the room or the server."""

    code = "muted"


class ReadOnly(Refused):
    """The room is for announcements, and you are neither its owner nor a moderator, and have no voice."""

    code = "read_only"


class NotFound(ChatError):
    """The item that you named does not exist."""

    code = "not_found"
    exit_code = 5


class NoSuchUser(NotFound):
    """No user has this name."""

    code = "no_such_user"


class NoSuchRoom(NotFound):
    """No room has this name."""

    code = "no_such_room"


class NoSuchCommand(NotFound):
    """No slash command has this name."""

    code = "no_such_command"


class Unreachable(ChatError):
    """No server answers at this address, or it went away."""

    code = "unreachable"
    exit_code = 6


class ShuttingDown(Unreachable):
    """The server is shutting down."""

    code = "shutting_down"


class CertificateChanged(ChatError):
    """The server's key is not the one that the client remembers."""

    code = "certificate_changed"
    exit_code = 7


class Impostor(ChatError):
    """The server does not know the secret that it asked for: someone may be intercepting the connection."""

    code = "impostor"
    exit_code = 7


class BadFile(ChatError):
    """A file is damaged, or is not what it should be."""

    code = "bad_file"
    exit_code = 8


class ProtocolError(ChatError):
    """The peer sent bytes that are not valid in this protocol; the connection ends."""

    code = "protocol"
    command_id: int | None = None
    """The id of the command, if it could be read."""


class BadLine(ProtocolError):
    """The line is not a valid command; the connection stays open."""

    code = "bad_line"


class Unsupported(ProtocolError):
    """This server does not know the command or the protocol version."""

    code = "unsupported"


class Busy(ChatError):
    """The server is too busy for this; try again in a few seconds."""

    code = "busy"
    retry = True


class StorageProblem(ChatError):
    """The server cannot write to its disk; nothing was stored."""

    code = "storage"
    retry = True


class TooSlow(ChatError):
    """The peer took too long to read or to log in."""

    code = "too_slow"


class Replaced(ChatError):
    """Another connection resumed the session."""

    code = "replaced"


def _children(parent: type[ChatError]) -> list[type[ChatError]]:
    return [parent, *(c for child in parent.__subclasses__() for c in _children(child))]


BY_CODE: dict[str, type[ChatError]] = {error.code: error for error in _children(ChatError)}


def from_code(code: str, text: str) -> ChatError:
    """Return the error for a code word from the server; an unknown word gives a plain ChatError."""
    return BY_CODE.get(code, ChatError)(text)


def reason(problem: Exception) -> str:
    """Return the system's reason, worded to fit into a sentence of ours."""
    number = problem.errno if isinstance(problem, OSError) else None
    words = os.strerror(number) if number and number > 0 else str(problem)
    return words[:1].lower() + words[1:]
