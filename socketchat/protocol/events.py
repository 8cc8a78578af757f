"""The events that the server sends: entries, answers, and facts that are not stored."""

from __future__ import annotations

from typing import Literal

import msgspec

from .command import Number
from .event import Event
from .room_events import Changed, Invited, Settings
from .user_events import Authenticated, AwayChanged, Described, Renamed, Watched

__all__ = [
    "Authenticated",
    "AwayChanged",
    "Changed",
    "Described",
    "Event",
    "Invited",
    "Number",
    "Renamed",
    "Settings",
    "Watched",
]  # and all events below


class Entry(Event, frozen=True):
    """A durable fact in the log of a conversation: seq 1, 2, 3 … without a hole.

    ``ts`` is milliseconds since 1970 UTC, ``author`` a user id, and ``name`` that user's name at the time. ``body`` is
    JSON whose form depends on ``kind``: a :class:`Text` for messages, replies, reactions, changes, topics and notices.
    The kind "ignored", with an empty body, replaces an entry of a user whom the reader ignores.
    """

    conversation: str
    seq: Number
    ts: Number
    author: str
    name: str
    kind: str
    body: msgspec.Raw


class Past(Entry, frozen=True):
    """An entry in an answer to ``history`` or ``search``; it does not move the position of the client.

    ``place`` is how people refer to it: "#ops/42", or "@bob/7" in direct messages with bob. It can stand for several
    deleted lines of one author: ``deleted`` is their number, and ``last`` the seq of the last one.
    """

    place: str = ""
    deleted: Number = 0
    last: Number = 0
    id: int | None = None

    @property
    def newest(self) -> int:
        """The newest seq that this entry stands for."""
        return max(self.seq, self.last)


class Found(Event, frozen=True):
    """The number of entries that a ``search`` found; they follow, oldest first. With ``more``, others may exist."""

    count: Number
    more: bool = False
    id: int | None = None


class Text(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The body of an entry that holds text; ``to`` is the addressee's name in direct messages.

    ``of`` is the seq of the entry that an edit or a delete changes, or to which a reply or a reaction belongs. In a
    reply, ``of_author`` and ``of_name`` are the id and the name of its author. In an entry that was edited, ``edited``
    is the seq of the newest edit, whose text this is. An entry that was ``deleted`` has no text. A ``notice`` asks
    other programs not to answer. A notice of the server names the ``act`` that it tells. Of IRC, ``styled`` is the text
    with control pictures for formatting codes; ``tags`` are client tags,
    and ``via`` is the part of a room that a message was for.
    """

    text: str
    to: str | None = None
    of: Number | None = None
    of_author: str | None = None
    of_name: str | None = None
    edited: Number = 0
    deleted: bool = False
    styled: str = ""
    notice: bool = False
    act: str = ""
    via: str = ""
    tags: str = ""


class Conversation(Event, frozen=True):
    """A conversation that the session hears from now on, with its newest and its oldest kept seq.

    If the client missed more than is replayed, only the entries after the seq ``after`` follow. ``read`` is the seq up
    to which the user has read, on any device. Rooms have a ``topic``, and a ``name`` if it differs from their id.
    Direct messages have a ``peer``, the name of the other user.
    """

    conversation: str
    head: Number = 0
    floor: Number = 1
    after: Number = 0
    read: Number = 0
    topic: str = ""
    peer: str | None = None
    name: str = ""
    announce: bool = False
    slow: Number = 0


class Read(Event, frozen=True):
    """The user has read a conversation up to ``seq``, in another session."""

    conversation: str
    seq: Number


class UnreadCount(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The number of unread messages in a conversation; with ``more``, there are more than that.

    ``first`` is the seq of the oldest message that was counted, and ``mention`` that of the oldest one that mentions
    the user, or 0.
    """

    conversation: str
    messages: Number
    name: str
    mentions: Number = 0
    more: bool = False
    first: Number = 0
    mention: Number = 0


class Unread(Event, frozen=True):
    """The answer to ``unread``: the conversations with unread messages, in the order of their ids."""

    conversations: list[UnreadCount]
    id: int | None = None


class Left(Event, frozen=True):
    """A room that the session no longer hears; ``text`` is the reason if the user did not ask for it.

    Otherwise ``reason`` is what the user said when leaving; if ``by`` kicked the user, it is why.
    """

    conversation: str
    text: str = ""
    reason: str = ""
    by: str = ""


class Challenge(Event, frozen=True):
    """The answer to a ``hello`` with a key: the client signs ``nonce`` and answers with ``prove``.

    If ``entry`` is "code", a newcomer must prove more than the key. A client that can read ``secret_file``, as the
    operator can on the server's machine, uses the secret in it. If ``entry`` is "password", the name belongs to a user
    with another key. For a name outside ASCII, ``name_key`` is the key of the name, which the client signs too.
    In an ``unsafe`` page, the browser cannot tell who made it, so that it must ask neither for the code nor a password.
    """

    nonce: str
    entry: Literal["none", "code", "password"] = "none"
    secret_file: str | None = None
    name_key: str | None = None
    unsafe: bool = False
    id: int | None = None


class Welcome(Event, frozen=True):
    """The answer to ``hello`` or ``prove``: the user, and the heads of the conversations.

    ``host`` proves, to a client that proved the same, that the server knows the join code or the local secret.
    If there are too many conversations for a line, ``following`` more come after it, one by one.
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


class Live(Event, frozen=True):
    """The end of a replay: the client has all missed entries, and everything after this is new."""


class Ok(Event, frozen=True):
    """The command is done; an entry is on disk under this seq. With ``more``, the history goes on."""

    id: int | None = None
    conversation: str | None = None
    seq: Number | None = None
    duplicate: bool = False
    more: bool = False


class Error(Event, frozen=True):
    """The command is not done; with ``retry``, it may succeed later."""

    code: str
    text: str
    id: int | None = None
    retry: bool = False


Why = Literal["joined", "online", "left", "offline", "kicked"]
"""Why a user appears or disappears: in a room by joining, leaving or being put out of it, in the chat by coming online
or going offline."""


class Person(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A user in a presence event: the id, the name, and ``why`` the user appeared or disappeared.

    ``reason`` is what the user said when leaving, or why ``by`` kicked the user.
    """

    user: str
    name: str
    why: str = ""  # one of Why; a later version may know others
    reason: str = ""
    by: str = ""


class Presence(Event, frozen=True):
    """The users who appeared and disappeared since the last event, in the chat, or with ``room``, in that room.

    If more than 20 appeared or disappeared, only the first 20 are listed; ``appeared_count`` and ``disappeared_count``
    are the totals. ``online`` lists all users who are online, from the ``start``-th on. It is sent after some changes
    were dropped, and a long list comes in several events. ``total`` is the number of users online.
    """

    appeared: list[Person] = []  # noqa: RUF012 - msgspec copies it
    disappeared: list[Person] = []  # noqa: RUF012 - msgspec copies it
    appeared_count: Number = 0
    disappeared_count: Number = 0
    room: str | None = None
    online: list[Person] | None = None
    start: Number = 0
    total: Number = 0


class Absent(Event, frozen=True):
    """The addressee ``name`` of a direct message is ``away`` for this reason, or offline if the reason is "".

    Sent at most once an hour for each addressee.
    """

    name: str
    away: str = ""


class Users(Event, frozen=True):
    """The answer to ``users``, sorted by name; a long list comes in several events, from ``start`` on of ``total``.

    ``away`` are the reasons of the users who are away, by name; ``guests`` are the users without an account.
    """

    users: list[str]
    id: int | None = None
    room: str | None = None
    away: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it
    guests: list[str] = []  # noqa: RUF012 - msgspec copies it
    start: Number = 0
    total: Number = 0


class Room(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A line in the list of rooms; ``online`` counts the members who are online."""

    name: str
    online: Number
    topic: str = ""
    member: bool = False
    announce: bool = False
    slow: Number = 0


class Rooms(Event, frozen=True):
    """The answer to ``rooms``, sorted by name; a long list comes in several events, each from ``start`` on."""

    rooms: list[Room]
    id: int | None = None
    start: Number = 0


class Topic(Event, frozen=True):
    """The answer to a ``topic`` without a text."""

    room: str
    text: str
    id: int | None = None


class Ignored(Event, frozen=True):
    """The answer to ``ignore`` and ``unignore``: the names of the ignored users, sorted."""

    names: list[str]
    id: int | None = None


class Device(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One key of an account; ``added`` and ``used`` (0: not since the server started) are milliseconds since 1970.

    At ``until``, also in milliseconds since 1970, the key is revoked, unless a session of the user keeps it.
    """

    fingerprint: str
    label: str
    added: Number
    used: Number = 0
    online: bool = False
    current: bool = False
    until: Number = 0


class Devices(Event, frozen=True):
    """The answer to ``devices``, ``revoke`` and ``keepdevice``: the account's keys, and whether it has a password."""

    devices: list[Device]
    password: bool = False
    id: int | None = None


class Help(Event, frozen=True):
    """Text for the user: the answer to ``help``, and to ``password``."""

    text: str
    id: int | None = None


class Alert(Event, frozen=True):
    """A security notice about the account, for the user's other sessions."""

    text: str


class Bye(Event, frozen=True):
    """The last line before the server closes the connection; ``reconnect`` says whether to reconnect."""

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
    | Live
    | Ok
    | Error
    | Presence
    | Authenticated
    | AwayChanged
    | Described
    | Watched
    | Renamed
    | Absent
    | Users
    | Rooms
    | Topic
    | Settings
    | Changed
    | Invited
    | Ignored
    | Devices
    | Help
    | Alert
    | Bye
)
