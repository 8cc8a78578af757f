"""What a client asks: one struct per command, the same in every dialect."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from .limits import LARGEST_NUMBER, VERSION

Number = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_NUMBER)]


class Command(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag_field="type", tag=str.lower):
    """A command; one with an ``id`` gets exactly one ``ok`` or ``error`` with the same ``id``."""

    id: Number | None = None


class Hello(Command, frozen=True):
    """Log in: must be the first command of a connection.

    Either ``name`` or ``token``, the resume token of an earlier ``welcome``. With ``key``, an Ed25519 public key, and
    ``nonce`` the name is its owner's: the answer is a ``challenge``, and the next command ``prove``; without, one is a
    guest. ``positions`` are the last seqs that the client has, valid in ``epoch``: what came after
    them is replayed, and so are direct messages that began meanwhile; after a long absence only the newest. With
    ``listen`` "none" the session hears only its answers, and nobody sees it come or go. ``label`` is what the owner
    calls this device.
    """

    version: Number = VERSION
    name: str | None = None
    key: str | None = None
    nonce: str | None = None
    token: str | None = None
    epoch: str | None = None
    positions: dict[str, Number] = {}
    listen: Literal["all", "none"] = "all"
    label: str = ""


class Prove(Command, frozen=True):
    """Answer a ``challenge``: ``signature`` shows that the key of ``hello`` is one's own.

    A newcomer shows one thing more: a proof of the join ``code`` or of the ``local`` secret, or an ``invite``'s token.
    With the account's ``password`` a new key becomes that of another device of its owner.
    """

    signature: str
    code: str | None = None
    local: str | None = None
    invite: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        """Return what may be logged: nothing of what was shown."""
        return f"Prove(id={self.id})"


class Login(Command, frozen=True):
    """Log in by ``name`` and ``password``, where a client has no key: as the first command, or as a guest."""

    name: str
    password: str = ""

    def __repr__(self) -> str:
        """Return what may be logged."""
        return f"Login(id={self.id})"


class Password(Command, frozen=True):
    """Set the password of one's account, which lets other devices and clients without keys in.

    Sessions that came in by an older one, without a key, end at once, except the one that sets it.
    """

    password: str = ""

    def __repr__(self) -> str:
        """Return what may be logged."""
        return f"Password(id={self.id})"


class Devices(Command, frozen=True):
    """List the keys that prove to be the account's owner."""


class Revoke(Command, frozen=True):
    """Let a device in no longer, and close its sessions; ``device`` is the beginning of its fingerprint."""

    device: str


class Send(Command, frozen=True):
    """Store ``text`` in a room (``to`` is "#room") or send it to one user ("@name").

    ``outbox`` (16 hex digits, random) and ``n`` (rising) are the key of the message: what is sent again under the
    same key is stored once.
    """

    to: str
    text: str
    kind: Literal["message", "action"] = "message"
    outbox: str | None = None
    n: Number | None = None


class Join(Command, frozen=True):
    """Become a member of a room, which is made where there is none; members hear it and read its history."""

    room: str


class Leave(Command, frozen=True):
    """Stop being a member of a room; nobody leaves the lobby."""

    room: str


class Rooms(Command, frozen=True):
    """List the rooms."""


class Users(Command, frozen=True):
    """List the users who are online, or those of them who are members of ``room``."""

    room: str | None = None


class Away(Command, frozen=True):
    """Say that one is away, and why, until one says something in a room or directly, or all one's sessions are gone."""

    text: str | None = None


class Topic(Command, frozen=True):
    """Tell the topic of a room, or set it where ``text`` is given ("" clears it)."""

    room: str
    text: str | None = None


class Mod(Command, frozen=True):
    """Make a user a moderator of ``room``, or in the lobby of the whole server."""

    room: str
    name: str


class Unmod(Command, frozen=True):
    """Make a user a moderator no longer."""

    room: str
    name: str


class Kick(Command, frozen=True):
    """Make a user leave ``room``, who may come back where it is public; in the lobby, close the user's sessions."""

    room: str
    name: str
    reason: str = ""


class Ban(Command, frozen=True):
    """Make a user leave ``room`` (in the lobby: the server) and keep the user out, for ``seconds`` if not for ever."""

    room: str
    name: str
    seconds: Number = 0
    reason: str = ""


class Unban(Command, frozen=True):
    """Let a user in again."""

    room: str
    name: str


class Mute(Command, frozen=True):
    """Let a user not speak in ``room`` (in the lobby: anywhere), for ``seconds`` if not for ever."""

    room: str
    name: str
    seconds: Number = 0
    reason: str = ""


class Unmute(Command, frozen=True):
    """Let a user speak again."""

    room: str
    name: str


class Access(Command, frozen=True):
    """Make a room ``private``, so that only its members and the invited know of it, or public again."""

    room: str
    private: bool


class Invite(Command, frozen=True):
    """Let a user join a private room, and say so in a direct message."""

    room: str
    name: str


class Ignore(Command, frozen=True):
    """Read no longer what the user ``name`` says, or without a name, tell who is ignored."""

    name: str | None = None


class Unignore(Command, frozen=True):
    """Read again what a user says."""

    name: str


class History(Command, frozen=True):
    """Return up to ``limit`` lines of a conversation, the newest that come before seq ``before`` and after ``after``.

    Edits and deletes among them come as well, and are not counted. ``conversation`` is "#room", "@name" or a
    conversation id from an entry. With ``around`` it is the entry of that seq with what stands before and after it.
    """

    conversation: str
    before: Number | None = None
    after: Number = 0
    limit: Number = 50
    around: Number | None = None


class Search(Command, frozen=True):
    """Return the newest entries that hold all of ``words``, of what the user may read.

    Words are whole ones; ``deploy*`` stands for all that begin so, and words in quotes stand in a row. ``conversation``
    is where, if not in the lobby and all rooms and direct messages of the user; ``name`` is who said it. With one of
    them there need be no words. ``after`` and ``before`` are moments: "2026-11-25", "2026-11-25T14:30" in UTC, or how
    long ago: "2d", "3h".
    """

    words: str = ""
    conversation: str | None = None
    name: str | None = None
    after: str | None = None
    before: str | None = None
    limit: Number = 20


class Edit(Command, frozen=True):
    """Give the user's own message ``seq`` of a conversation, or the user's last one there, another ``text``.

    ``outbox`` and ``n`` are the key, from the same row of numbers as those of messages.
    """

    conversation: str
    text: str
    seq: Number | None = None
    outbox: str | None = None
    n: Number | None = None


class Delete(Command, frozen=True):
    """Delete the text of message ``seq`` of a conversation, or of the user's last one there, with all its edits.

    ``outbox`` and ``n`` are the key, as of an edit.
    """

    conversation: str
    seq: Number | None = None
    outbox: str | None = None
    n: Number | None = None


class Read(Command, frozen=True):
    """Note that the user has read ``conversation`` up to ``seq``, or to its end; without one, all conversations."""

    conversation: str | None = None
    seq: Number | None = None


class Unread(Command, frozen=True):
    """Count what the user has not read."""


class Help(Command, frozen=True):
    """Explain the slash commands, or one of them."""

    topic: str | None = None


class Ping(Command, frozen=True):
    """Be answered ``ok`` when everything that was asked before is answered."""


class Quit(Command, frozen=True):
    """Leave the chat and close the connection."""


ANY = (
    Hello
    | Prove
    | Login
    | Password
    | Devices
    | Revoke
    | Send
    | Join
    | Leave
    | Rooms
    | Users
    | Away
    | Topic
    | Mod
    | Unmod
    | Kick
    | Ban
    | Unban
    | Mute
    | Unmute
    | Access
    | Invite
    | Ignore
    | Unignore
    | History
    | Search
    | Edit
    | Delete
    | Read
    | Unread
    | Help
    | Ping
    | Quit
)
