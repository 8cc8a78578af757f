"""The commands of a client: one struct per command, the same in every dialect."""

from __future__ import annotations

from typing import Literal

from .command import Command, Number
from .limits import VERSION
from .room_commands import (
    Access,
    Ban,
    Invite,
    Kick,
    Mask,
    MaskKind,
    Mod,
    Mode,
    Mute,
    Setting,
    Settings,
    Unban,
    Unmod,
    Unmute,
    Unvoice,
    Voice,
)

__all__ = [
    "Access",
    "Ban",
    "Command",
    "Invite",
    "Kick",
    "Mask",
    "MaskKind",
    "Mod",
    "Mode",
    "Mute",
    "Number",
    "Setting",
    "Settings",
    "Unban",
    "Unmod",
    "Unmute",
    "Unvoice",
    "Voice",
]  # and all commands below


class Hello(Command, frozen=True):
    """Log in: must be the first command of a connection.

    It has either a ``name``, or a ``token``: the resume token of an earlier ``welcome``. With ``key``, an Ed25519
    public key, and ``nonce``, the answer is a ``challenge``, and the next command is ``prove``. Without them, the user
    is a guest. ``positions`` are the last seqs that the client has, valid in ``epoch``. The server replays later
    entries, and direct messages that began in the meantime; after a long absence, only the newest. With ``listen``
    "none", the session hears only its answers and is invisible to other users. ``label`` is the owner's name for this
    device.
    """

    version: Number = VERSION
    name: str | None = None
    key: str | None = None
    nonce: str | None = None
    token: str | None = None
    epoch: str | None = None
    positions: dict[str, Number] = {}  # noqa: RUF012 - msgspec copies it
    listen: Literal["all", "none"] = "all"
    label: str = ""


class Prove(Command, frozen=True):
    """Answer a ``challenge``: ``signature`` proves that the client has the key of its ``hello``.

    A newcomer adds a proof of the join ``code`` or of the ``local`` secret, or the token of an ``invite``. With the
    ``password`` of the account, a new key becomes the key of another device.
    """

    signature: str
    code: str | None = None
    local: str | None = None
    invite: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        """Return what may be logged: no secrets."""
        return f"Prove(id={self.id})"


class Login(Command, frozen=True):
    """Log in with ``name`` and ``password``, from a client without a key: as the first command, or as a guest."""

    name: str
    password: str = ""

    def __repr__(self) -> str:
        """Return what may be logged: no secrets."""
        return f"Login(id={self.id})"


class Password(Command, frozen=True):
    """Set the password of the user's account, for other devices and for clients without keys.

    ``old`` is the current password, if there is one. Then sessions that logged in with it, without a key, end, except
    the one that sets the new one. Without it, the new password becomes valid a day later, and every session of the
    user is told and can refuse it until then.
    """

    password: str = ""
    old: str = ""

    def __repr__(self) -> str:
        """Return what may be logged: no secrets."""
        return f"Password(id={self.id})"


class KeepPassword(Command, frozen=True):
    """Refuse a new password that is not valid yet, and keep the current one."""


class Devices(Command, frozen=True):
    """List the keys of the user's account."""


class Revoke(Command, frozen=True):
    """Revoke the key of a device and close its sessions; ``device`` is the beginning of its fingerprint.

    Another key than the session's own is revoked after a day, unless the session has proved the ``password``.
    """

    device: str
    password: str = ""

    def __repr__(self) -> str:
        """Return a text without the password, fit for logs."""
        return f"Revoke(device={self.device!r})"


class KeepDevice(Command, frozen=True):
    """Refuse to revoke a key that is still valid; ``device`` is the beginning of its fingerprint."""

    device: str


Said = Literal["message", "action", "tags"]
"""The kinds of entries that users send; one of ``tags`` has no text."""


class Send(Command, frozen=True):
    """Store ``text`` in a room (``to`` is "#room") or send it to one user ("@name").

    With ``of``, it is a reply to the message of that seq in the same conversation, and of kind "reply".
    ``outbox`` (16 hex digits, random) and ``n`` (rising) are the key of the message: a message that is sent again under
    the same key is stored once. A ``notice`` asks other programs not to answer. ``styled`` is the text with the
    formatting codes of IRC; ``text`` is the same without them. ``tags`` are client tags of IRC.
    """

    to: str
    text: str
    kind: Said = "message"
    of: Number | None = None
    outbox: str | None = None
    n: Number | None = None
    notice: bool = False
    styled: str = ""
    tags: str = ""
    via: str = ""


class Join(Command, frozen=True):
    """Become a member of a room, with its ``key`` if it has one; a room that does not exist is created."""

    room: str
    key: str = ""


class Leave(Command, frozen=True):
    """Stop being a member of a room, with a ``reason`` that some dialects show; the lobby cannot be left."""

    room: str
    reason: str = ""


class Rooms(Command, frozen=True):
    """List the rooms."""


class Users(Command, frozen=True):
    """List the users who are online, or only the members of ``room``."""

    room: str | None = None


class Rename(Command, frozen=True):
    """Give a guest another name; an account keeps the one that it was registered with."""

    name: str


class Away(Command, frozen=True):
    """Set the user away, with a reason, until the next message, ``back``, or the end of the last session.

    If it ``stays``, the next message does not end it.
    """

    text: str | None = None
    stays: bool = False


class Back(Command, frozen=True):
    """Set the user no longer away."""


class Topic(Command, frozen=True):
    """Return the topic of a room, or set it if ``text`` is given ("" clears it)."""

    room: str
    text: str | None = None


class Ignore(Command, frozen=True):
    """Hide messages from the user ``name``, or without a name, list the ignored users."""

    name: str | None = None


class Unignore(Command, frozen=True):
    """Show messages from a user again."""

    name: str


class History(Command, frozen=True):
    """Return up to ``limit`` lines of a conversation, the newest between the seqs ``after`` and ``before``.

    Edits and deletes between them are included and not counted. ``conversation`` is "#room", "@name" or a conversation
    id from an entry. With ``around``, return the entry of that seq and those before and after it.
    """

    conversation: str
    before: Number | None = None
    after: Number = 0
    limit: Number = 50
    around: Number | None = None


class Search(Command, frozen=True):
    """Return the newest entries that contain all of ``words`` and that the user may read.

    Words match whole words; ``deploy*`` matches a prefix, and quotes match a phrase. The search covers
    the lobby, the user's rooms and direct messages, or only ``conversation``; ``name`` limits it to one author. With
    one of the two, ``words`` may be empty. ``after`` and ``before`` are dates in UTC ("2026-11-25", "2026-11-25T14:30")
    or ages ("2d", "3h").
    """

    words: str = ""
    conversation: str | None = None
    name: str | None = None
    after: str | None = None
    before: str | None = None
    limit: Number = 20


class Edit(Command, frozen=True):
    """Replace the ``text`` of the user's own message ``seq`` of a conversation, or of the user's last one there.

    ``outbox`` and ``n`` are the key, as in ``send``.
    """

    conversation: str
    text: str
    seq: Number | None = None
    outbox: str | None = None
    n: Number | None = None


class Delete(Command, frozen=True):
    """Delete the text and all edits of message ``seq`` of a conversation, or of the user's last one there.

    ``outbox`` and ``n`` are the key, as in ``send``. The ``reason`` is shown with the deletion.
    """

    conversation: str
    seq: Number | None = None
    outbox: str | None = None
    n: Number | None = None
    reason: str = ""


class React(Command, frozen=True):
    """Add the user's reaction ``text``, such as an emoji, to message ``seq`` of a conversation, or ``remove`` it.

    A user has each reaction once on a message. Repeating the command changes nothing, so it needs no key.
    """

    conversation: str
    seq: Number
    text: str
    remove: bool = False


class Read(Command, frozen=True):
    """Mark ``conversation`` as read up to ``seq``, or to its end; without it, mark all conversations."""

    conversation: str | None = None
    seq: Number | None = None


class Unread(Command, frozen=True):
    """Count the user's unread messages."""


class Help(Command, frozen=True):
    """Explain the slash commands, or one of them."""

    topic: str | None = None


class Ping(Command, frozen=True):
    """Ask for an ``ok``, which comes after the answers to all earlier commands."""


class Quit(Command, frozen=True):
    """Leave the chat and close the connection; ``reason`` is shown to dialects that have one."""

    reason: str = ""


ANY = (
    Hello
    | Prove
    | Login
    | Password
    | KeepPassword
    | Devices
    | Revoke
    | KeepDevice
    | Send
    | Join
    | Leave
    | Rooms
    | Users
    | Rename
    | Away
    | Back
    | Topic
    | Mod
    | Unmod
    | Kick
    | Ban
    | Unban
    | Mute
    | Unmute
    | Access
    | Settings
    | Mode
    | Mask
    | Voice
    | Unvoice
    | Invite
    | Ignore
    | Unignore
    | History
    | Search
    | Edit
    | Delete
    | React
    | Read
    | Unread
    | Help
    | Ping
    | Quit
)
