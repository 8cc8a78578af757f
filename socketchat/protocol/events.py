"""What a client is told: entries, answers, and facts that are not kept."""

from __future__ import annotations

from typing import Literal

import msgspec

from .commands import Number


class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag_field="type", tag=str.lower):
    """Something that a session is told."""


class Entry(Event, frozen=True):
    """A durable fact in the log of a conversation: seq 1, 2, 3 … without a hole.

    ``ts`` is milliseconds since 1970 UTC, ``author`` a user id and ``name`` that user's name at the time. ``body`` is
    JSON whose form depends on ``kind``: a :class:`Text` for what was said, "edit", "delete", "topic" and "notice".
    "ignored" stands for what a user said whom the reader ignores, with an empty body.
    """

    conversation: str
    seq: Number
    ts: Number
    author: str
    name: str
    kind: str
    body: msgspec.Raw


class Past(Entry, frozen=True):
    """An entry that was asked for with ``history`` or ``search``; the stream of entries is not moved by it.

    ``place`` is how people name where it stands: "#ops/42", or "@bob/7" in direct messages with bob. It may stand for a
    run of lines of one author: so many are ``deleted``, up to the seq ``last``.
    """

    place: str = ""
    deleted: Number = 0
    last: Number = 0
    id: int | None = None

    @property
    def newest(self) -> int:
        """The newest seq that this tells of."""
        return max(self.seq, self.last)


class Found(Event, frozen=True):
    """How many entries a ``search`` found; they follow, the oldest first. With ``more`` there may be others."""

    count: Number
    more: bool = False
    id: int | None = None


class Text(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The body of an entry that holds text; ``to`` is the addressee's name in direct messages.

    ``of`` is the seq of what an edit or a delete changes. Where what is read was changed before, ``edited`` is the seq
    of the newest edit, whose text this is, or it is ``deleted`` and without text.
    """

    text: str
    to: str | None = None
    of: Number | None = None
    edited: Number = 0
    deleted: bool = False


class Conversation(Event, frozen=True):
    """A conversation that the session hears from now on: its newest and its oldest kept seq.

    ``after`` is told where more was missed than is replayed: only the entries behind that seq follow. ``read`` is the
    seq up to which the user has read, on whatever device. ``topic`` is for rooms, and so is ``name``, told where the
    room does not write its name as its id; ``peer`` (the other user's name) is for direct messages.
    """

    conversation: str
    head: Number = 0
    floor: Number = 1
    after: Number = 0
    read: Number = 0
    topic: str = ""
    peer: str | None = None
    name: str = ""


class Read(Event, frozen=True):
    """The user has read a conversation up to ``seq``, in another session."""

    conversation: str
    seq: Number


class UnreadCount(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a conversation has that the user has not read; with ``more``, at least that."""

    conversation: str
    messages: Number
    name: str
    mentions: Number = 0
    more: bool = False


class Unread(Event, frozen=True):
    """The answer to ``unread``: the conversations that have something, in the order of their ids."""

    conversations: list[UnreadCount]
    id: int | None = None


class Left(Event, frozen=True):
    """A room that the session hears no longer; ``text`` says why, where that was not the user's wish."""

    conversation: str
    text: str = ""


class Challenge(Event, frozen=True):
    """The answer to a ``hello`` with a key: ``nonce`` is to be signed, and sent back with ``prove``.

    With ``entry`` "code" a newcomer has to show more than the key; where ``secret_file`` can be read, by the operator
    on the server's own machine, what it holds will do. With "password" the name belongs to somebody with another
    key.
    """

    nonce: str
    entry: Literal["none", "code", "password"] = "none"
    secret_file: str | None = None
    id: int | None = None


class Welcome(Event, frozen=True):
    """The answer to ``hello`` or ``prove``: who one is, and where the conversations stand.

    ``host`` proves, to a client that proved the same, that the server knows the join code or the local secret.
    ``following`` more conversations are told behind it, one by one, where there are too many for a line.
    """

    epoch: str
    user: str
    name: str
    token: str
    version: str
    limits: dict[str, int]
    conversations: list[Conversation]
    following: Number = 0
    host: str | None = None
    id: int | None = None


class Ok(Event, frozen=True):
    """What was asked is done; for an entry, it is on disk under this seq. ``more`` says that history goes on."""

    id: int | None = None
    conversation: str | None = None
    seq: Number | None = None
    duplicate: bool = False
    more: bool = False


class Error(Event, frozen=True):
    """What was asked is not done; with ``retry`` it may succeed later."""

    code: str
    text: str
    id: int | None = None
    retry: bool = False


class Presence(Event, frozen=True):
    """Who came and went since the last one; ``online`` is everybody, after a time in which some were not told.

    With ``room``, who became or stopped being a member of that room. Above 20 names only the first are listed and
    ``joined_count`` and ``left_count`` tell how many there were.
    """

    joined: list[str] = []
    left: list[str] = []
    joined_count: Number = 0
    left_count: Number = 0
    room: str | None = None
    online: list[str] | None = None


class Absent(Event, frozen=True):
    """The user ``name``, whom the session just wrote to, is ``away`` for this reason, or where that is "" not online.

    Told once an hour at most of each user.
    """

    name: str
    away: str = ""


class Users(Event, frozen=True):
    """The answer to ``users``, sorted by name; a long list comes in several.

    ``away`` is why, by name, for those of them who said that they are away; ``guests`` are those who own no name.
    """

    users: list[str]
    id: int | None = None
    room: str | None = None
    away: dict[str, str] = {}
    guests: list[str] = []


class Room(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A line in the list of rooms; ``online`` counts the members who are online."""

    name: str
    online: Number
    topic: str = ""
    member: bool = False


class Rooms(Event, frozen=True):
    """The answer to ``rooms``, sorted by name; a long list comes in several."""

    rooms: list[Room]
    id: int | None = None


class Topic(Event, frozen=True):
    """The answer to ``topic`` without a text."""

    room: str
    text: str
    id: int | None = None


class Ignored(Event, frozen=True):
    """The answer to ``ignore`` and ``unignore``: the names of those who are ignored, sorted."""

    names: list[str]
    id: int | None = None


class Device(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One key of an account; ``added`` and ``used`` (0: not since the server started) are milliseconds since 1970."""

    fingerprint: str
    label: str
    added: Number
    used: Number = 0
    online: bool = False
    current: bool = False


class Devices(Event, frozen=True):
    """The answer to ``devices`` and ``revoke``: the account's keys, and whether it has a password too."""

    devices: list[Device]
    password: bool = False
    id: int | None = None


class Help(Event, frozen=True):
    """Text to be read: the answer to ``help``, and to ``password``."""

    text: str
    id: int | None = None


class Alert(Event, frozen=True):
    """Something about the account that its user should know, told to the user's other sessions."""

    text: str


class Bye(Event, frozen=True):
    """The last line before the server closes the connection; ``reconnect`` says whether to come back."""

    code: str
    text: str
    reconnect: bool = False


ANY = (
    Entry
    | Past
    | Found
    | Conversation
    | Left
    | Read
    | Unread
    | Challenge
    | Welcome
    | Ok
    | Error
    | Presence
    | Absent
    | Users
    | Rooms
    | Topic
    | Ignored
    | Devices
    | Help
    | Alert
    | Bye
)
