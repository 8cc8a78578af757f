"""Every way in which socketchat says no: a code word, one sentence, an exit code.

    ChatError                 other            1
    +-- UsageProblem          usage            2   what was asked cannot be meant
    |   +-- BadName           bad_name         2   a name or room name breaks the rule
    |   +-- BadText           bad_text         2   a text is empty or not text
    |   +-- BadPassword       bad_password     2   a password that may not be set
    +-- Unconfirmed           unconfirmed      3   sent, but nobody said that it is stored
    +-- Refused               refused          4   the server will not
    |   +-- NameTaken         name_taken       4   the name belongs to somebody
    |   +-- BadProof          bad_proof        4   a proof of who one is does not hold
    |   +-- WrongPassword     wrong_password   4   the name or the password is wrong
    |   +-- UnknownServer     unknown_server   4   nothing proves that the server is the one that is meant
    |   +-- CodeNeeded        code_needed      4   newcomers need the server's join code, or an invite
    |   +-- BadCode           bad_code         4   the join code is not this server's
    |   +-- BadInvite         bad_invite       4   an invite is unknown, used up, expired or revoked
    |   +-- NoGuests          no_guests        4   guests come in from the server's own machine only
    |   +-- TooLong           too_long         4   a text is over the limit
    |   +-- NotAMember        not_a_member     4   the room has to be joined first
    |   +-- KeyReused         key_reused       4   the key was used for another text
    |   +-- NotLoggedIn       not_logged_in    4   a command came before the name
    |   +-- Banned            banned           4   a room or the server is closed to this user
    |   +-- Kicked            kicked           4   a moderator ended the session
    |   +-- Muted             muted            4   the user may not speak there
    |   +-- TooMany           too_many         4   too many, or too often; later it may be possible
    +-- NotFound              not_found        5
    |   +-- NoSuchUser        no_such_user     5
    |   +-- NoSuchRoom        no_such_room     5
    |   +-- NoSuchCommand     no_such_command  5
    +-- Unreachable           unreachable      6   no server there, or it went away
    |   +-- ShuttingDown      shutting_down    6   the server stops
    +-- Impostor              impostor         7   the server does not know what it should
    +-- CertificateChanged    certificate_changed  7  the server shows another key than before
    +-- BadFile               bad_file         8   a file is damaged or not ours
    +-- ProtocolError         protocol         1   bytes that are no command; the connection ends
    |   +-- BadLine           bad_line         1   a line that is no command; the connection stays
    |   +-- Unsupported       unsupported      1   a command or version that we do not know
    +-- StorageProblem        storage          1   the server cannot write at the moment
    +-- Busy                  busy             1   the server has too much to do for this at the moment
    +-- TooSlow               too_slow         1   a reader took nothing for too long
    +-- Replaced              replaced         1   the session was resumed elsewhere

The code words are part of the protocol and never change their meaning; the README lists them.
"""

from __future__ import annotations

import os
from typing import ClassVar


class ChatError(Exception):
    """Something that cannot be done; ``str()`` is one sentence that says what to do."""

    code: ClassVar[str] = "other"
    exit_code: ClassVar[int] = 1


class UsageProblem(ChatError):
    """What was asked for cannot be meant."""

    code = "usage"
    exit_code = 2


class BadName(UsageProblem):
    """A name or a room name breaks the rule for names."""

    code = "bad_name"


class BadText(UsageProblem):
    """A text is empty or not text."""

    code = "bad_text"


class BadPassword(UsageProblem):
    """A password may not be set: it is too short, too long, or one that is guessed first."""

    code = "bad_password"


class Unconfirmed(ChatError):
    """A message was sent, but the server did not say in time that it is stored."""

    code = "unconfirmed"
    exit_code = 3


class Refused(ChatError):
    """The server will not do what was asked."""

    code = "refused"
    exit_code = 4


class NameTaken(Refused):
    """The name belongs to somebody else."""

    code = "name_taken"


class BadProof(Refused):
    """A proof of who one is does not hold."""

    code = "bad_proof"


class WrongPassword(Refused):
    """The name or the password is wrong."""

    code = "wrong_password"


class UnknownServer(Refused):
    """Nothing proves that the server is the one that is meant."""

    code = "unknown_server"


class CodeNeeded(Refused):
    """Newcomers need the server's join code, or an invite."""

    code = "code_needed"


class BadCode(Refused):
    """The join code is not this server's."""

    code = "bad_code"


class BadInvite(Refused):
    """An invite is unknown, used up, expired or revoked."""

    code = "bad_invite"


class NoGuests(Refused):
    """Guests come in from the server's own machine only."""

    code = "no_guests"


class TooLong(Refused):
    """A text is over the limit."""

    code = "too_long"


class NotAMember(Refused):
    """The room has to be joined first."""

    code = "not_a_member"


class KeyReused(Refused):
    """The key of a message was used before, for another text."""

    code = "key_reused"


class NotLoggedIn(Refused):
    """A command came before the name."""

    code = "not_logged_in"


class TooMany(Refused):
    """There are too many of something, or it came too often; the text says how many, or when to try again."""

    code = "too_many"


class Banned(Refused):
    """A room, or the server, is closed to this user."""

    code = "banned"


class Kicked(Refused):
    """A moderator ended the session."""

    code = "kicked"


class Muted(Refused):
    """The user may not speak there."""

    code = "muted"


class NotFound(ChatError):
    """What was named does not exist."""

    code = "not_found"
    exit_code = 5


class NoSuchUser(NotFound):
    """Nobody of that name was ever here."""

    code = "no_such_user"


class NoSuchRoom(NotFound):
    """There is no room of that name."""

    code = "no_such_room"


class NoSuchCommand(NotFound):
    """There is no slash command of that name."""

    code = "no_such_command"


class Unreachable(ChatError):
    """No server answers there, or it went away."""

    code = "unreachable"
    exit_code = 6


class ShuttingDown(Unreachable):
    """The server stops."""

    code = "shutting_down"


class CertificateChanged(ChatError):
    """The server shows another key than the one that it is known by."""

    code = "certificate_changed"
    exit_code = 7


class Impostor(ChatError):
    """The server does not know the secret that it asked for: it is another one that stands between."""

    code = "impostor"
    exit_code = 7


class BadFile(ChatError):
    """A file is damaged, or is not what it should be."""

    code = "bad_file"
    exit_code = 8


class ProtocolError(ChatError):
    """Bytes that cannot be a command: the connection cannot go on, but for the two below."""

    code = "protocol"
    command_id: int | None = None
    """The id of the command that was meant, where it could be read."""


class BadLine(ProtocolError):
    """A line that is not a command; the next line may be one."""

    code = "bad_line"


class Unsupported(ProtocolError):
    """A command, or a version of the protocol, that this server does not know."""

    code = "unsupported"


class Busy(ChatError):
    """The server has too much of this to do at the moment; try again in a few seconds."""

    code = "busy"


class StorageProblem(ChatError):
    """The server cannot write at the moment; nothing was stored."""

    code = "storage"


class TooSlow(ChatError):
    """A reader took not one byte for too long."""

    code = "too_slow"


class Replaced(ChatError):
    """The session was resumed by another connection."""

    code = "replaced"


def _children(parent: type[ChatError]) -> list[type[ChatError]]:
    return [parent, *(c for child in parent.__subclasses__() for c in _children(child))]


BY_CODE: dict[str, type[ChatError]] = {error.code: error for error in _children(ChatError)}


def from_code(code: str, text: str) -> ChatError:
    """Return the error that the server named by its code word; unknown words are a plain ChatError."""
    return BY_CODE.get(code, ChatError)(text)


def reason(problem: Exception) -> str:
    """Return what the system says is wrong, to stand within a sentence of ours."""
    number = problem.errno if isinstance(problem, OSError) else None
    words = os.strerror(number) if number and number > 0 else str(problem)
    return words[:1].lower() + words[1:]
