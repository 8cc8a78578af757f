"""Permissions: the one place that decides what users may see, read and do; everything else is denied.

A room that the user may not see gets the same answer as an unknown room. Roles in the lobby are server-wide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum, IntEnum

from ...exceptions import (
    Banned,
    ChatError,
    InviteOnly,
    Muted,
    NoSuchRoom,
    NotAMember,
    ReadOnly,
    Refused,
    RoomFull,
)
from ...protocol.conversations import pair_id
from ...protocol.text.durations import in_words
from ..directory import Directory
from ..state.conversations import Conversation, Pair, Room
from ..state.restrictions import Restriction, Restrictions
from ..state.room_modes import NO_MODES
from ..state.users import User


class Action(Enum):
    """The actions in a conversation that need a permission."""

    SEE = "see that it exists"
    READ = "read its messages"
    JOIN = "become a member"
    SPEAK = "say something, without being muted"
    WRITE = "write a message, in a room for announcements too"
    TITLE = "set the topic"
    INVITE = "invite a user"
    MODERATE = "kick, ban and mute users"
    GOVERN = "appoint moderators, or make it private"
    OPERATE = "give the orders of the operator"


class Rank(IntEnum):
    """The rank of a user in a room; users cannot act against equals."""

    NOBODY = 0
    MODERATOR = 1
    ROOM_OWNER = 2
    SERVER_OWNER = 3
    OPERATOR = 4


NEEDED = {
    Action.INVITE: (Rank.MODERATOR, "the owner and moderators of"),
    Action.MODERATE: (Rank.MODERATOR, "the owner and moderators of"),
    Action.GOVERN: (Rank.ROOM_OWNER, "the owner of"),
    Action.OPERATE: (Rank.OPERATOR, "the operator of"),
}


class Permissions:
    """Decides from the state of the directory; ``now`` returns the milliseconds since 1970."""

    def __init__(self, directory: Directory, operator: User, now: Callable[[], int]) -> None:
        self._directory = directory
        self._operator = operator
        self.now = now

    def may(self, user: User, action: Action, where: Conversation) -> bool:
        """Tell whether a user may do something in a conversation."""
        return self._why_not(user, action, where) is None

    def check(self, user: User, action: Action, where: Conversation) -> None:
        """Raise ChatError unless a user may do something in a conversation."""
        error = self._why_not(user, action, where)
        if error is not None:
            raise error

    def check_speaks(self, user: User, room: Room) -> None:
        """Raise ChatError unless a user may speak in a room: like ``check``, but faster without restrictions."""
        if not self.is_free(user, room):
            self.check(user, Action.SPEAK, room)

    def is_free(self, user: User, room: Room) -> bool:
        """Tell whether a room has no restrictions, so that any user may speak there, and no one has to be looked up.

        Users under an older ban from the chat have no session, so that only pending bans count.
        """
        lobby = self._directory.lobby
        return not (
            room.is_private
            or room.closings
            or (room is not lobby and room.bans.are_any)
            or room.mutes.are_any
            or lobby.bans.coming
            or lobby.mutes.are_any
            or user is self._operator
        )

    def check_entry(self, subjects: Iterable[str]) -> None:
        """Raise Banned if any of these subjects is banned from the server."""
        bans = self._directory.lobby.bans
        if bans.are_any and (ban := bans.find(subjects, self.now())):
            raise Banned(f"You are banned from the chat{self._terms(ban)}")

    def check_outranks(self, user: User, other: User, room: Room) -> None:
        """Raise Refused unless a user may act against another one in a room."""
        if user is other:
            raise Refused("You cannot do that to yourself.")
        mine, theirs = self.rank(user, room), self.rank(other, room)
        if mine <= theirs:
            rank = "outranks you" if mine < theirs else "has the same rank as you"
            raise Refused(f"You cannot do that to {other.name}: {other.name} {rank} in {room.place}.")

    def room(self, user: User, name: str) -> Room:
        """Return the room with this name; raises NoSuchRoom also if the user may not see it."""
        by_operator = user is self._operator
        return self._directory.room(name, lambda room: self.may(user, Action.SEE, room), by_operator=by_operator)

    def conversation(self, user: User, name: str) -> Conversation | None:
        """Return the conversation with this name or id, or None for direct messages without any messages yet."""
        if not name.startswith("@"):
            return self.room(user, name)
        if ":" not in name:
            return self._directory.conversations.get(pair_id(user.id, self._directory.user(name[1:]).id))
        found = self._directory.conversations.get(name)
        if found is None:
            raise NoSuchRoom(f"No such conversation: {name}.")
        return found

    def user(self, user: User, name: str) -> User:
        """Return the user with this name, for the user who asks; raises NoSuchUser."""
        return self._directory.user(name, by_operator=user is self._operator)

    @staticmethod
    def is_hidden(room: Room) -> bool:
        """Tell whether only its members see who is in a room."""
        return room.is_closed or "secret" in room.modes.settings

    def rank(self, user: User, room: Room) -> Rank:
        """Return the rank of a user in a room."""
        lobby = self._directory.lobby
        if user is self._operator:
            return Rank.OPERATOR
        if user.id == lobby.owner:
            return Rank.SERVER_OWNER
        if user.id == room.owner:
            return Rank.ROOM_OWNER
        is_moderator = room.has_moderator(user) or lobby.has_moderator(user)
        return Rank.MODERATOR if is_moderator else Rank.NOBODY

    def has_voice(self, user: User, room: Room) -> bool:
        """Tell whether a user may write in a room for announcements, and without waiting in a slow room."""
        return room.has_voice(user) or self.rank(user, room) >= Rank.MODERATOR

    def _why_not(self, user: User, action: Action, where: Conversation) -> ChatError | None:
        if isinstance(where, Room):
            return self._why_not_room(user, action, where)
        if isinstance(where, Pair) and user.id in where.names and action in {Action.READ, Action.SPEAK, Action.WRITE}:
            return self._why_not_direct(user, action)
        return NoSuchRoom(f"No such conversation: {where.id}.")

    def _why_not_room(self, user: User, action: Action, room: Room) -> ChatError | None:
        is_member = room.has_member(user)
        if room.is_closed and not is_member and user is not self._operator:
            if not _is_expected(user, room) or self._covers(room.bans, user):
                return NoSuchRoom(f"No such room: {room.name}. /rooms lists the rooms, /join creates one.")
            if action not in {Action.SEE, Action.JOIN}:
                return NotAMember(f"Join {room.name} first.")
        if action is Action.SEE:
            return None
        if user is self._operator and action not in NEEDED:
            return Refused("The operator can manage rooms, but not read them or speak there.")
        lobby = self._directory.lobby
        if (ban := self._why_out(user, room) or self._why_out(user, lobby)) is not None:
            return ban
        match action:
            case Action.READ:
                return None
            case Action.JOIN:
                return None if is_member else self._why_not_join(user, room)
            case Action.SPEAK | Action.TITLE | Action.WRITE:
                silent = self._why_not_title(user, room) if action is Action.TITLE else None
                silent = silent or self._why_silent(user, room) or self._why_silent(user, lobby)
                return silent or (None if action is Action.SPEAK else self._why_not_write(user, room))
        least, who = NEEDED[action]
        return None if self.rank(user, room) >= least else Refused(f"Only {who} {room.place} can do that.")

    def _why_not_direct(self, user: User, action: Action) -> ChatError | None:
        lobby = self._directory.lobby
        return self._why_out(user, lobby) or (self._why_silent(user, lobby) if action is not Action.READ else None)

    def _why_out(self, user: User, room: Room) -> ChatError | None:
        if room.bans.are_any and (ban := self._covers(room.bans, user)):
            return Banned(f"You are banned from {room.place}{self._terms(ban)}")
        return None

    def _why_silent(self, user: User, room: Room) -> ChatError | None:
        if room.mutes.are_any and (mute := self._covers(room.mutes, user)):
            return Muted(f"You are muted in {room.place}{self._terms(mute)}")
        return None

    def _why_not_title(self, user: User, room: Room) -> ChatError | None:
        if not room.has_member(user):
            return NotAMember(f"Join {room.name} first to set its topic.")
        if "topic" in room.modes.settings and self.rank(user, room) < Rank.MODERATOR:
            return Refused(f"Only the owner and moderators of {room.name} set its topic.")
        return None

    def _why_not_join(self, user: User, room: Room) -> ChatError | None:
        modes = room.modes
        if modes is NO_MODES or user.id == room.owner or room.has_moderator(user):
            return None
        if modes.bans(user.mask):
            return Banned(f"You are banned from {room.name}.")
        if user.id in room.invited or user.id in room.guest_invited:
            return None
        if "invite only" in modes.settings and not modes.covers("invitation", user.mask):
            return InviteOnly(f"{room.name} is invite only; ask a moderator for an invitation.")
        limit = modes.settings.get("limit")
        if limit is not None and len(room.members) + len(room.guests) >= int(limit):
            return RoomFull(f"{room.name} is full: its limit is {limit}.")
        return None

    def _why_not_write(self, user: User, room: Room) -> ChatError | None:
        if room.modes is not NO_MODES and self.rank(user, room) < Rank.MODERATOR and not room.has_voice(user):
            if "members only" in room.modes.settings and not room.has_member(user):
                return NotAMember(f"Join {room.name} first; only its members write there.")
            if room.modes.bans(user.mask):
                return Banned(f"You are banned from {room.name}.")
        if not room.is_announce or self.has_voice(user, room):
            return None
        who = f"Only moderators and users with a voice write in {room.name}."
        return ReadOnly(f"{who} A moderator can give you one: /voice {user.name}")

    def _covers(self, some: Restrictions, user: User) -> Restriction | None:
        return some.covers(user, self.now())

    def _terms(self, found: Restriction) -> str:
        """Return the end of a sentence: the remaining time and the reason."""
        more = f" for another {in_words(-(-(found.until - self.now()) // 1000))}" if found.until else ""
        return f"{more}: {found.reason}." if found.reason else f"{more}."


def _is_expected(user: User, room: Room) -> bool:
    """Tell whether a private room admits a user who is not a member; its owner may return after leaving."""
    return not user.is_guest and (user.id in room.invited or user.id == room.owner or room.has_moderator(user))
