"""Conversations: rooms and direct messages, each with one log and an audience."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Raw
from msgspec.structs import replace

from ...journal.bodies import is_blank
from ...protocol import conversations, events
from ...protocol.codec import decode_text, encode_text
from ..audience import Audience
from .restrictions import Restrictions
from .room_modes import NO_MODES
from .users import User


class Conversation:
    """One log; ``head`` is the newest delivered seq, and ``floor`` the oldest kept one."""

    __slots__ = ("audience", "floor", "head", "id")

    name = ""
    topic = ""
    is_announce = False
    slow = 0

    def __init__(self, conversation_id: str) -> None:
        self.id = conversation_id
        self.head = 0
        self.floor = 1
        self.audience = Audience()  # changed only by ``Places``

    def described_to(self, user: User) -> events.Conversation:
        """Return the event that describes this conversation to a user."""
        return events.Conversation(
            conversation=self.id,
            head=self.head,
            floor=self.floor,
            read=user.read.get(self.id, 0),
            topic=self.topic,
            peer=self.peer_of(user),
            name=self.name if self.name != self.id else "",
            announce=self.is_announce,
            slow=self.slow,
        )

    def name_for(self, user: User) -> str:
        """Return the name of this conversation for a user, "#room" or "@name"."""
        return f"@{self.peer_of(user) or '?'}"

    def peer_of(self, user: User) -> str | None:  # noqa: ARG002 - only pairs have one
        """Return the name of the other user of direct messages."""
        return None

    def addressed(self, entry: events.Entry) -> events.Entry:
        """Return an entry for delivery; a deleted direct message gets its addressee back."""
        return entry


class Room(Conversation):
    """A room; everyone is in the lobby: its ``members`` stay empty, and its owner and moderators are server-wide.

    The log decides: ``members`` are accounts; ``owner``, ``moderators``, ``voiced`` and ``invited`` are user ids.
    Entries up to the seq ``began`` belong to a removed room of the same name. ``since`` is the time of the last change
    of membership, or else of the creation, in milliseconds since 1970.

    This node decides: ``guests`` are members without an account; ``guest_moderators``, ``guest_voices`` and
    ``guest_invited`` are ids of guests. Until requests are stored, ``demoted`` are the moderators to be removed, and
    ``closings`` counts the requests to make the room private.
    """

    __slots__ = (
        "bans",
        "began",
        "closings",
        "demoted",
        "former",
        "guest_invited",
        "guest_moderators",
        "guest_voices",
        "guests",
        "invited",
        "is_announce",
        "is_private",
        "made",
        "members",
        "moderators",
        "modes",
        "mutes",
        "name",
        "owner",
        "restrained",
        "since",
        "slow",
        "topic",
        "topic_at",
        "topic_by",
        "voiced",
    )

    def __init__(self, name: str, owner: str = "") -> None:
        super().__init__(conversations.room_id(name))
        self.name = name
        self.former: list[str] = []  # names that it had before, the oldest first
        self.topic = self.topic_by = ""
        self.topic_at = self.made = 0
        self.members: dict[str, User] = {}
        self.guests: dict[str, User] = {}
        self.owner = owner
        self.began = self.since = 0
        self.moderators: set[str] = set()
        self.demoted: list[str] = []
        self.closings = 0
        self.invited: set[str] = set()
        self.is_private = self.is_announce = False
        self.slow = 0  # seconds between two messages of a user
        self.voiced: set[str] = set()
        self.modes = NO_MODES
        self.guest_invited: set[str] = set()
        self.guest_moderators: set[str] = set()
        self.guest_voices: set[str] = set()
        self.restrained = False  # whether messages have to be checked for announcements or a slow room
        self.bans = Restrictions()
        self.mutes = Restrictions()

    @property
    def is_lobby(self) -> bool:
        """Whether this is the lobby, which users cannot join or leave."""
        return self.id == conversations.LOBBY

    @property
    def place(self) -> str:
        """The room's name in a sentence, or "the chat" for the lobby."""
        return "the chat" if self.is_lobby else self.name

    @property
    def is_closed(self) -> bool:
        """Whether only members and invited users may see the room, also while the log decides to make it private."""
        return self.is_private or self.closings > 0

    def begin_after(self, seq: int) -> None:
        """Start after the entries of a removed room of this name, which users must not read here."""
        self.began = self.head = seq
        self.floor = seq + 1

    def name_for(self, user: User) -> str:  # noqa: ARG002 - the name is the same for all users
        """Return the room's name."""
        return self.name

    def has_member(self, user: User) -> bool:
        """Tell whether a user or guest is a member."""
        return self.is_lobby or user.id in self.members or user.id in self.guests

    def has_moderator(self, user: User) -> bool:
        """Tell whether a user is a moderator."""
        return (user.id in self.moderators and user.id not in self.demoted) or user.id in self.guest_moderators

    def has_voice(self, user: User) -> bool:
        """Tell whether a user was given a voice."""
        return user.id in self.voiced or user.id in self.guest_voices

    def restrain(self, *, announce: bool | None = None, slow: int | None = None) -> None:
        """Change who may write, or how often."""
        self.is_announce = self.is_announce if announce is None else announce
        self.slow = self.slow if slow is None else slow
        limits = "members only" in self.modes.settings or bool(self.modes.masks.get("ban"))
        self.restrained = self.is_announce or self.slow > 0 or limits

    def forget(self, user_id: str) -> None:
        """Remove all roles and invitations of a deleted user."""
        self.moderators.discard(user_id)
        self.invited.discard(user_id)
        self.voiced.discard(user_id)
        if self.owner == user_id:
            self.owner = ""

    @contextmanager
    def demoting(self, user: User) -> Iterator[None]:
        """Suspend a moderator's role until the log has decided about it."""
        self.demoted.append(user.id)
        try:
            yield
        finally:
            self.demoted.remove(user.id)

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Admit no other users until the log has decided whether the room becomes private."""
        self.closings += 1
        try:
            yield
        finally:
            self.closings -= 1

    def snapshot(self) -> dict[str, object]:
        """Return the state from the log, as plain data."""
        return {
            "name": self.name,
            "former": self.former,
            "topic": self.topic,
            "owner": self.owner,
            "began": self.began,
            "since": self.since,
            "members": sorted(self.members),
            "moderators": sorted(self.moderators),
            "invited": sorted(self.invited),
            "private": self.is_private,
            "announce": self.is_announce,
            "slow": self.slow,
            "voiced": sorted(self.voiced),
            "bans": self.bans.snapshot(),
            "mutes": self.mutes.snapshot(),
            "modes": self.modes.snapshot(),
        }


class Pair(Conversation):
    """The direct messages of two users; the name of a guest from an earlier run is None.

    ``told`` maps the id of a user to the time, in seconds, of the last notice that the other user is offline.
    """

    __slots__ = ("names", "told")

    def __init__(self, names: dict[str, str | None]) -> None:
        ids = list(names)
        super().__init__(conversations.pair_id(ids[0], ids[-1]))
        self.names = names
        self.told: dict[str, float] = {}

    def peer_of(self, user: User) -> str | None:
        """Return the name of the other user, or the user's own name in a conversation with themselves."""
        return next((name for user_id, name in self.names.items() if user_id != user.id), user.name)

    def addressed(self, entry: events.Entry) -> events.Entry:
        """Return an entry with its addressee, which was blanked with the text if the message was deleted."""
        if not is_blank(entry):
            return entry
        to = next((name for user_id, name in self.names.items() if user_id != entry.author), entry.name)
        return replace(entry, body=Raw(encode_text(replace(decode_text(entry), to=to))))
