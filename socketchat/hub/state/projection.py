"""The projection: the state of users, rooms, direct messages and invites, which the log alone decides.

Only ``apply`` changes it, and only from an entry and the projection itself. It does not depend on sessions, guests, the
clock or proposals that are not stored yet, so all nodes that apply the same log have the same state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from typing import NamedTuple, TypeVar

from ...protocol import conversations
from ...protocol.conversations import pair_users
from ...protocol.text.confusables import looks
from .bots import Bots
from .conversations import Conversation, Pair, Room
from .invites import Invites
from .lookalikes import Lookalikes
from .restrictions import Restriction, Restrictions, of_account
from .users import User

GUEST_PAIRS = 100
"""Conversations with former guests that an account keeps: enough to read what they wrote meanwhile. Nobody can reply to
them, and each is sent at every login, so without a limit strangers could fill a welcome."""

Plain = dict[str, object]
Value = TypeVar("Value")


class ResetLink(NamedTuple):
    """A link with which the owner of a name takes it back; ``expires`` is in milliseconds since 1970."""

    user: str
    expires: int


class Projection:
    """Accounts by id, name and key; conversations by id.

    ``conversations`` also contains direct messages between guests of this node, and those without entries;
    ``snapshot`` omits both, and those with former guests and accounts.
    """

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.conversations: dict[str, Conversation] = {}
        self.rooms: dict[str, Room] = {}
        self.aliases: dict[str, Room] = {}  # renamed rooms, by the ids of their other names
        self.ignored_by: dict[str, dict[str, User]] = {}
        self.names: dict[str, User] = {}
        self.lookalikes = Lookalikes[User]()
        self.room_lookalikes = Lookalikes[Room]()
        self.additions: Counter[str] = Counter()  # the accounts that each key ever had
        self.invites = Invites()
        self.bots = Bots()
        self.resets: dict[str, ResetLink] = {}
        self.revocations: dict[tuple[str, str], int] = {}  # when each is due, in ms since 1970, by user id and key
        self.releases: Counter[str] = Counter()  # how often each look of a name was released
        self.former: set[str] = set()  # ids of removed accounts
        self.removals: Counter[str] = Counter()  # how often each room was removed, by id, and by look
        self._owned: dict[str, list[User]] = {}
        self._restricted: dict[str, dict[Room, None]] = {}  # the rooms that ever banned or muted a subject
        self.lobby = self.add_room(conversations.LOBBY)

    # Accounts

    def add_user(self, user: User) -> None:
        """Add an account, which owns its name from now on."""
        self.users[user.id] = user
        self.names[user.key] = user
        self.lookalikes.add(user.name, user)
        for key in user.devices:
            self.add_owner(key, user)

    def release(self, user: User) -> None:
        """Remove an account with its roles; the next owner of its name cannot read its direct messages."""
        for key in user.devices:
            self.remove_owner(key, user)
        self.releases.update(user.looks)
        self.former.add(user.id)
        self.bots.forget(user.id)
        del self.users[user.id]
        del self.names[user.key]
        self.lookalikes.remove(user.name, user)
        for room_id in user.rooms:
            self.set_member(user, self.rooms[room_id], member=False)
        for room in self.rooms.values():
            room.forget(user.id)
        for other in list(user.ignored):
            self.set_ignored(user, other, ignored=False)
        for pair_id in user.pairs:
            if self.users.keys().isdisjoint(pair_users(pair_id)):
                self.conversations.pop(pair_id, None)

    def add_owner(self, key: str, user: User) -> None:
        """Note that a key belongs to an account."""
        self._owned.setdefault(key, []).append(user)
        self.additions[key] += 1

    def remove_owner(self, key: str, user: User) -> None:
        """Note that a key no longer belongs to an account."""
        self.revocations.pop((user.id, key), None)
        owned = [each for each in self.owned(key) if each is not user]
        if owned:
            self._owned[key] = owned
        else:
            self._owned.pop(key, None)

    def owned(self, key: str) -> list[User]:
        """Return the accounts of a key."""
        return self._owned.get(key, [])

    def restrict(self, room: Room, restricted: Restrictions, restriction: Restriction, ts: int) -> None:
        """Add a ban or mute of a room, and extend it to all keys of the accounts that it covers."""
        restricted.add(restriction)
        for subject in restriction.subjects:
            self._restricted.setdefault(subject, {})[room] = None
        for user in self.covered(restriction.subjects):
            self.follow(user, ts)

    def follow(self, user: User, ts: int) -> None:
        """Extend the bans and mutes of an account to its other keys, and to the other accounts of these keys."""
        known = {user.id}
        accounts = [user]
        for each in accounts:  # the loop extends it
            subjects = of_account(each)
            rooms = {room for subject in subjects for room in self._restricted.get(subject, ())}
            for room in rooms:
                room.bans.follow(each, ts)
                room.mutes.follow(each, ts)
            for subject in subjects if rooms else ():
                self._restricted.setdefault(subject, {}).update(dict.fromkeys(rooms))
            for key in each.devices if rooms else ():
                accounts += [other for other in self.owned(key) if other.id not in known]
                known.update(other.id for other in self.owned(key))

    def covered(self, subjects: Iterable[str]) -> list[User]:
        """Return the accounts that these subjects name by id or by key."""
        found: dict[User, None] = {}
        for kind, _, value in (subject.partition(":") for subject in subjects):
            if kind == "user" and value in self.users:
                found[self.users[value]] = None
            elif kind == "key":
                found.update(dict.fromkeys(self.owned(value)))
        return list(found)

    def name_claims(self, user: User) -> tuple[str, ...]:
        """Return a new user's claims, one per look of the name; a released look gets a new claim.

        Claims of earlier versions start with "name", because they used other looks; the projection has those names.
        """
        return tuple(f"look.{self.releases[look]}:{look}" for look in sorted(user.looks))

    def room_claims(self, name: str) -> tuple[str, ...]:
        """Return a new room's claims on its id and the looks of its name; a removed room's get new claims."""
        by_look = (self._again("room look", look) for look in sorted(looks(name)))
        return (self._again("room", conversations.room_id(name)), *by_look)

    def removal_claim(self, room: Room) -> str:
        """Return the claim of a removal, which the log grants once each time the room was created."""
        return self._again("removed room", room.id)

    def _again(self, what: str, name: str) -> str:
        """Return a claim on a room's id or look, numbered by how often a removal released it."""
        count = self.removals[name]
        return f"{what}.{count}:{name}" if count else f"{what}:{name}"

    def forget_resets(self, user_id: str) -> None:
        """Invalidate the reset links of a user."""
        self.resets = {number: each for number, each in self.resets.items() if each.user != user_id}

    def set_ignored(self, user: User, other: str, *, ignored: bool) -> None:
        """Note whether a user ignores another one, given by id."""
        users = self.ignored_by.setdefault(other, {})
        if ignored:
            users[user.id] = user
            user.ignored |= {other}
        else:
            users.pop(user.id, None)
            user.ignored -= {other}
        if not users:
            del self.ignored_by[other]

    # Conversations

    def add_room(self, name: str, owner: str = "") -> Room:
        """Add a room."""
        room = Room(name, owner)
        self.conversations[room.id] = self.rooms[room.id] = room
        self.room_lookalikes.add(name, room)
        return room

    def room_named(self, name: str) -> Room | None:
        """Return the room that has this name or id, or had it."""
        room_id = conversations.room_id(name)
        return self.rooms.get(room_id) or self.aliases.get(room_id)

    def rename_room(self, room: Room, name: str) -> None:
        """Give a room another name; the old ones still lead to it, and stay reserved."""
        if room.name != name:
            room.former = [each for each in [*room.former, room.name] if each != name]
            room.name = name
        room_id = conversations.room_id(name)
        if room_id != room.id:
            self.aliases[room_id] = room
        self.room_lookalikes.remove(name, room)  # it may have had this look before
        self.room_lookalikes.add(name, room)

    def rename_claims(self, room: Room, name: str) -> tuple[str, ...]:
        """Return the claims of a room on another name, without those that it holds already."""
        held = {claim for each in (room.id, room.name, *room.former) for claim in self.room_claims(each)}
        return tuple(claim for claim in self.room_claims(name) if claim not in held)

    def remove_room(self, room: Room) -> None:
        """Remove an empty room with its names, roles, bans and mutes."""
        del self.conversations[room.id]
        del self.rooms[room.id]
        self.invites.forget_room(room.id)
        self.bots.forget_room(room.id)
        freed = Counter[str]()
        for name in (room.name, *room.former):
            self.room_lookalikes.remove(name, room)
            self.aliases.pop(conversations.room_id(name), None)
            freed |= Counter([conversations.room_id(name), *looks(name)])
        self.removals += freed
        if room.bans.are_any or room.mutes.are_any:
            for rooms in self._restricted.values():
                rooms.pop(room, None)

    @staticmethod
    def set_member(user: User, room: Room, *, member: bool) -> bool:
        """Add a user to a room, or remove the user; return whether that changed anything."""
        there = room.guests if user.is_guest else room.members
        if (user.id in there) == member:
            return False
        if member:
            there[user.id] = user
            user.add_room(room.id)
        else:
            del there[user.id]
            room.guest_moderators.discard(user.id)
            room.guest_voices.discard(user.id)
            user.remove_room(room.id)
        return True

    def add_pair(self, names: dict[str, str | None]) -> Pair:
        """Add the direct messages of two users; ``names`` maps their ids to their names, or to None if unknown."""
        pair = Pair(names)
        self.conversations[pair.id] = pair
        for user_id in names:
            if user_id in self.users:
                known = all(other in self.users or other in self.former for other in names)
                self.users[user_id].add_pair(pair.id, with_guest=not known)
        return pair

    def forget_guests(self, user: User, here: Container[str] = ()) -> list[Conversation]:
        """Drop an account's oldest direct messages with guests not ``here``, if it has too many; return those."""
        surplus = len(user.guest_pairs) - GUEST_PAIRS
        if surplus <= 0:
            return []
        gone = [pair_id for pair_id in user.guest_pairs if not any(each in here for each in pair_users(pair_id))]
        dropped = dict.fromkeys(gone[:surplus])
        user.guest_pairs = [pair_id for pair_id in user.guest_pairs if pair_id not in dropped]
        user.pairs = [pair_id for pair_id in user.pairs if pair_id not in dropped]
        return [pair for pair_id in dropped if (pair := self.conversations.pop(pair_id, None)) is not None]

    def known_pair(self, conversation_id: str) -> Pair | None:
        """Return a new pair for a conversation id from the log, or None if neither user has an account."""
        if conversations.is_room(conversation_id) or ":" not in conversation_id:
            return None
        names = {
            user_id: user.name if (user := self.users.get(user_id)) else None for user_id in pair_users(conversation_id)
        }
        return self.add_pair(names) if any(names.values()) else None

    # Comparing

    def snapshot(self) -> Plain:
        """Return the state as plain data, which is equal on all nodes that applied the same log."""
        spoken = sorted((each for each in self.conversations.values() if each.head), key=lambda each: each.id)
        return {
            "users": {user.id: user.snapshot() for user in _sorted(self.users)},
            "rooms": {room.id: room.snapshot() for room in _sorted(self.rooms)},
            "heads": {
                each.id: each.head
                for each in spoken
                if isinstance(each, Room) or all(user in self.users for user in pair_users(each.id))
            },
            "owned": {key: sorted(user.id for user in self._owned[key]) for key in sorted(self._owned)},
            "additions": dict(sorted(self.additions.items())),
            "releases": dict(sorted(self.releases.items())),
            "aliases": {each: self.aliases[each].id for each in sorted(self.aliases)},
            "removals": dict(sorted(self.removals.items())),
            "invites": {invite.id: invite.snapshot() for invite in _sorted(self.invites.by_id)},
            "bots": {user_id: self.bots.by_user[user_id].snapshot() for user_id in sorted(self.bots.by_user)},
            "revocations": sorted([*each, due] for each, due in self.revocations.items()),
            "resets": {number: list(self.resets[number]) for number in sorted(self.resets)},
        }


def _sorted(by_id: dict[str, Value]) -> list[Value]:
    return [by_id[each] for each in sorted(by_id)]
