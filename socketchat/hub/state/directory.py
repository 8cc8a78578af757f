"""The directory: which users, rooms and direct messages exist, as the log tells it, and the guests of the moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec

from ...exceptions import NoSuchRoom, NoSuchUser
from ...journal import State
from ...protocol import conversations
from ...protocol.events import Entry, Text
from ...protocol.names import name_key
from ...protocol.spelling import nearest_name
from ...protocol.text.confusables import looks
from . import accounts, facts, moderation
from .conversations import Conversation, Pair, Room
from .invites import Invites
from .lookalikes import Lookalikes
from .users import Device, User


class Directory:
    """Finds users by id and name, and conversations by id; a projection of the log, but for the guests."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.conversations: dict[str, Conversation] = {}
        self.rooms: dict[str, Room] = {}
        self.ignored_by: dict[str, dict[str, User]] = {}
        self._names: dict[str, User] = {}
        self._lookalikes = Lookalikes[User]()
        self._room_lookalikes = Lookalikes[Room]()
        self._owned: dict[str, list[User]] = {}
        self.additions: Counter[str] = Counter()  # how many names a key was ever given, by the key
        self.invites = Invites()
        self.resets: dict[str, accounts.Reset] = {}
        self.releases: Counter[str] = Counter()  # how often what a name looks like became free again
        self.lobby = self._add_room(conversations.LOBBY)

    def load(self, state: State) -> None:
        """Apply what a journal knew when it was opened."""
        for entry in state.facts:
            self.apply(entry)
        for user_id, marks in state.marks.items():
            if user_id in self.users:
                self.users[user_id].read = dict(marks)
        for conversation_id, head in state.heads.items():
            conversation = self.conversations.get(conversation_id) or self._known_pair(conversation_id)
            if conversation is not None:
                conversation.head = head
                conversation.floor = state.floors.get(conversation_id, 1)

    def apply(self, entry: Entry) -> None:
        """Change the state as a fact says; facts of kinds that are not known here change nothing."""
        match entry.kind:
            case "user":
                fact = msgspec.json.decode(entry.body, type=facts.UserFact)
                user = User(fact.id, fact.name, name_key(fact.name), fact.key)
                user.devices[fact.key] = Device(fact.label, entry.ts)
                self.add_user(user)
                if fact.invite is not None:
                    self._invited(user, fact.invite)
            case "invite":
                self.invites.made(msgspec.json.decode(entry.body, type=facts.InviteFact))
            case "revoked invite":
                self.invites.revoked(msgspec.json.decode(entry.body, type=facts.RevokedInviteFact).id)
            case "room":
                self._add_room(msgspec.json.decode(entry.body, type=facts.RoomFact).name, entry.author)
            case "member":
                member = msgspec.json.decode(entry.body, type=facts.MemberFact)
                self._set_member(member)
            case "topic":
                self.rooms[entry.conversation].topic = msgspec.json.decode(entry.body, type=Text).text
            case "ignore":
                ignore = msgspec.json.decode(entry.body, type=facts.IgnoreFact)
                self._set_ignored(entry.author, ignore)
            case "act":
                moderation.apply(self, entry)
            case _:
                accounts.apply(self, entry)

    def add_user(self, user: User) -> None:
        """Enter a user, who owns the name from now on."""
        self.users[user.id] = user
        self._names[user.key] = user
        self._lookalikes.add(user.name, user)
        for device in user.devices:
            self.add_device(device, user)

    def add_device(self, device: str, user: User) -> None:
        """Note that a device's key proves to be a user."""
        self._owned.setdefault(device, []).append(user)
        self.additions[device] += 1

    def remove_device(self, device: str, user: User) -> None:
        """Note that a device's key proves to be a user no longer."""
        owned = [each for each in self.owned(device) if each is not user]
        if owned:
            self._owned[device] = owned
        else:
            self._owned.pop(device, None)

    def owned(self, device: str) -> list[User]:
        """Return the accounts that a device's key proves the owner of."""
        return self._owned.get(device, [])

    def release(self, user: User) -> None:
        """Forget an account: its name is free for somebody else, who reads none of its direct messages."""
        for device in list(user.devices):
            self.remove_device(device, user)
        self.releases.update(user.looks)
        self.remove_guest(user)

    def name_claims(self, user: User) -> tuple[str, ...]:
        """Return the claims of a new user on what the name looks like; a released one is claimed anew.

        Claims of earlier versions begin with "name", as they compared other looks. Those names are in the directory.
        """
        return tuple(f"look.{self.releases[look]}:{look}" for look in sorted(user.looks))

    def room_claims(self, name: str) -> tuple[str, ...]:
        """Return the claims of a new room, on its id and on what its name looks like."""
        return (f"room:{conversations.room_id(name)}", *(f"room look:{look}" for look in sorted(looks(name))))

    def remove_guest(self, user: User) -> None:
        """Forget a guest, and the direct messages that only guests could read."""
        del self.users[user.id]
        del self._names[user.key]
        self._lookalikes.remove(user.name, user)
        for room in user.rooms:
            del room.members[user.id]
        for other in list(user.ignored):
            self.set_ignored(user, other, ignored=False)
        for pair in user.pairs:
            others = [self.users[user_id] for user_id in pair.names if user_id in self.users]
            if not others:
                del self.conversations[pair.id]

    def set_member(self, user: User, room: Room, *, member: bool) -> None:
        """Enter a user among the members of a room, or take the user out."""
        if member and user.id not in room.members:
            room.members[user.id] = user
            user.rooms.append(room)
        elif not member and user.id in room.members:
            del room.members[user.id]
            user.rooms.remove(room)

    def holder(self, key: str) -> User | None:
        """Return the user who has the name with this key."""
        return self._names.get(key)

    def lookalike(self, name: str) -> User | None:
        """Return the user whose name is this one, or looks like it."""
        return self.holder(name_key(name)) or self._lookalikes.find(name)

    def room_lookalike(self, name: str) -> Room | None:
        """Return the room whose name is this one, or looks like it."""
        return self.rooms.get(conversations.room_id(name)) or self._room_lookalikes.find(name)

    def user(self, name: str, *, by_operator: bool = False) -> User:
        """Return the user of that name; raises NoSuchUser with the nearest name."""
        user = self._names.get(name_key(name))
        if user is None:
            near = nearest_name(name, self._names.get)
            how = "`socketchat admin users` lists the users" if by_operator else "/users lists who is online"
            hint = f"did you mean {near.name}?" if near else f"{how}."
            raise NoSuchUser(f"There is no user {name}; {hint}")
        return user

    def room(self, name: str, sees: Callable[[Room], bool], *, by_operator: bool = False) -> Room:
        """Return the room of that name; raises NoSuchRoom where there is none, or none that the asker ``sees``."""
        room = self.rooms.get(name) or self.rooms.get(conversations.room_id(name))
        if room is None or not sees(room):
            near = nearest_name(name, lambda key: self._seen(key, sees))
            how = "`socketchat admin rooms`" if by_operator else "/rooms"
            hint = f"did you mean {near.name}?" if near else f"{how} lists the rooms."
            raise NoSuchRoom(f"There is no room {name}; {hint}")
        return room

    def _seen(self, key: str, sees: Callable[[Room], bool]) -> Room | None:
        room = self.rooms.get(f"#{key}")
        return room if room is not None and sees(room) else None

    def set_ignored(self, user: User, other: str, *, ignored: bool) -> None:
        """Note whether a user wants to read what another one says, who is known by the id."""
        users = self.ignored_by.setdefault(other, {})
        if ignored:
            users[user.id] = user
            user.ignored.add(other)
        else:
            users.pop(user.id, None)
            user.ignored.discard(other)
        if not users:
            del self.ignored_by[other]

    def pair(self, one: User, other: User) -> tuple[Pair, bool]:
        """Return the direct messages of two users, and whether they are new."""
        found = self.conversations.get(conversations.pair_id(one.id, other.id))
        if isinstance(found, Pair):
            return found, False
        return self._add_pair({one.id: one.name, other.id: other.name}), True

    def _set_member(self, fact: facts.MemberFact) -> None:
        user = self.users.get(fact.user)
        if user is not None:  # otherwise the name was released meanwhile
            self.set_member(user, self.rooms[fact.room], member=fact.member)

    def _set_ignored(self, author: str, fact: facts.IgnoreFact) -> None:
        user = self.users.get(author)
        if user is not None:  # likewise
            self.set_ignored(user, fact.user, ignored=fact.ignored)

    def _invited(self, user: User, invite_id: str) -> None:
        """Count the use of an invite, and make the newcomer a member of its room."""
        invite = self.invites.used(invite_id)
        if invite is not None and invite.room in self.rooms:
            self.set_member(user, self.rooms[invite.room], member=True)

    def _known_pair(self, conversation_id: str) -> Pair | None:
        """Return a new pair for an id from the log, if one of the two still exists."""
        if conversations.is_room(conversation_id) or ":" not in conversation_id:
            return None
        names = {
            user_id: user.name if (user := self.users.get(user_id)) else None
            for user_id in conversations.pair_users(conversation_id)
        }
        return self._add_pair(names) if any(names.values()) else None

    def _add_pair(self, names: dict[str, str | None]) -> Pair:
        pair = Pair(names)
        self.conversations[pair.id] = pair
        for user_id in names:
            if user_id in self.users:
                self.users[user_id].pairs.append(pair)
        return pair

    def _add_room(self, name: str, owner: str = "") -> Room:
        room = Room(name, owner)
        self.conversations[room.id] = self.rooms[room.id] = room
        self._room_lookalikes.add(name, room)
        return room
