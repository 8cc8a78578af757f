"""The directory finds users and conversations by name: those in the projection, and the guests of this node."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable

from ..exceptions import NoSuchRoom, NoSuchUser
from ..protocol import conversations
from ..protocol.codec import decode_text
from ..protocol.events import Entry
from ..protocol.kinds import TEXT
from ..protocol.names import name_key
from ..protocol.spelling import nearest_name
from .policy.limits import SPELLINGS_BURST, SPELLINGS_SECONDS
from .policy.rate_limiter import RateLimiter
from .state.conversations import Conversation, Pair, Room
from .state.lookalikes import Lookalikes
from .state.projection import Projection
from .state.users import User


class Directory:
    """Finds users and conversations. Guests are in no log: the directory keeps them until their connection ends.

    ``clock`` returns seconds. With ``limited``, only some errors suggest the nearest name, whose search takes long.
    """

    def __init__(self, state: Projection, clock: Callable[[], float], *, limited: bool = True) -> None:
        self._state = state
        self._limited = limited
        self._spellings = RateLimiter(SPELLINGS_BURST, SPELLINGS_SECONDS, clock)
        self.guests: dict[str, User] = {}
        self.local_guests: set[str] = set()  # ids of those on this machine
        self._names: dict[str, User] = {}
        self._lookalikes = Lookalikes[User]()
        self.users = ChainMap(state.users, self.guests)
        self.conversations = state.conversations
        self.rooms = state.rooms
        self.room_named = state.room_named
        self.revocations = state.revocations
        self.lobby = state.lobby

    def add_guest(self, user: User, *, is_local: bool = False) -> None:
        """Add a guest, and reserve the guest's name."""
        self.guests[user.id] = user
        if is_local:
            self.local_guests.add(user.id)
        self._names[user.key] = user
        self._lookalikes.add(user.name, user)

    def remove_guest(self, user: User) -> list[User]:
        """Remove a guest, and the direct messages that only guests could read; return the accounts in the others."""
        del self.guests[user.id]
        self.local_guests.discard(user.id)
        del self._names[user.key]
        self._lookalikes.remove(user.name, user)
        for room in self.rooms_of(user):
            self._state.set_member(user, room, member=False)
        for other in list(user.ignored):
            self._state.set_ignored(user, other, ignored=False)
        for pair in self.pairs_of(user):
            if not any(user_id in self.users for user_id in conversations.pair_users(pair.id)):
                self.conversations.pop(pair.id, None)
        ids = {user_id for pair_id in user.pairs for user_id in conversations.pair_users(pair_id)}
        return [self._state.users[user_id] for user_id in ids if user_id in self._state.users]

    def rename_guest(self, user: User, name: str, key: str) -> None:
        """Give a guest another name."""
        del self._names[user.key]
        self._lookalikes.remove(user.name, user)
        user.rename(name, key)
        self._names[user.key] = user
        self._lookalikes.add(user.name, user)
        for pair in self.pairs_of(user):
            if isinstance(pair, Pair):
                pair.names[user.id] = name

    def forget_guests(self, user: User) -> list[Conversation]:
        """Drop an account's oldest direct messages with guests who are gone, if it has many; return those dropped."""
        return self._state.forget_guests(user, self.guests)

    def set_guest(self, guest: User, room: Room, *, member: bool) -> bool:
        """Add a guest to a room, or remove the guest; return whether that changed anything."""
        return self._state.set_member(guest, room, member=member)

    def set_ignored(self, guest: User, other: str, *, ignored: bool) -> None:
        """Note whether a guest ignores a user, given by id."""
        self._state.set_ignored(guest, other, ignored=ignored)

    def guests_like(self, name: str) -> list[User]:
        """Return the guests whose names look like this one."""
        return self._lookalikes.all(name)

    def rooms_of(self, user: User) -> list[Room]:
        """Return the rooms of a user, without the lobby."""
        return [self.rooms[room_id] for room_id in user.rooms]

    def pairs_of(self, user: User) -> list[Conversation]:
        """Return the direct messages of a user."""
        return [pair for pair_id in user.pairs if (pair := self.conversations.get(pair_id)) is not None]

    def holder(self, key: str) -> User | None:
        """Return the user whose name has this key."""
        return self._state.names.get(key) or self._names.get(key)

    def lookalike(self, name: str) -> User | None:
        """Return the user with this name or one that looks like it."""
        return self.holder(name_key(name)) or self._state.lookalikes.find(name) or self._lookalikes.find(name)

    def room_lookalike(self, name: str) -> Room | None:
        """Return the room with this name or one that looks like it."""
        return self.room_named(name) or self._state.room_lookalikes.find(name)

    def user(self, name: str, *, by_operator: bool = False) -> User:
        """Return the user with this name; raises NoSuchUser with the nearest name."""
        user = self.holder(name_key(name))
        if user is None:
            near = nearest_name(name, self.holder) if self._looks_for_nearest() else None
            how = "`socketchat admin users` lists the users" if by_operator else "/users lists who is online"
            hint = f"Did you mean {near.name}?" if near else f"{how}."
            raise NoSuchUser(f"No such user: {name}. {hint}")
        return user

    def room(self, name: str, sees: Callable[[Room], bool], *, by_operator: bool = False) -> Room:
        """Return the room with this name; raises NoSuchRoom unless it exists and the asker ``sees`` it."""
        room = self.room_named(name)
        if room is None or not sees(room):
            near = nearest_name(name, lambda key: self._seen(key, sees)) if self._looks_for_nearest() else None
            how = "`socketchat admin rooms`" if by_operator else "/rooms"
            hint = (
                f"Did you mean {near.name}?"
                if near
                else f"{how} lists the rooms{', /join creates one' * (not by_operator)}."
            )
            raise NoSuchRoom(f"No such room: {name}. {hint}")
        return room

    def pair(self, one: User, other: User) -> tuple[Pair, bool]:
        """Return the direct messages of two users, and whether they are new."""
        found = self.known_pair(one, other)
        return (self._add_pair({one.id: one.name, other.id: other.name}), True) if found is None else (found, False)

    def known_pair(self, one: User, other: User) -> Pair | None:
        """Return the direct messages of two users, or None if they have none."""
        found = self.conversations.get(conversations.pair_id(one.id, other.id))
        return found if isinstance(found, Pair) else None

    def pair_of(self, entry: Entry) -> Pair | None:
        """Return a new pair for an entry of an unknown conversation, or None if no user here can read it."""
        if conversations.is_room(entry.conversation) or ":" not in entry.conversation:
            return None
        ids = conversations.pair_users(entry.conversation)
        if not any(user_id in self.users for user_id in ids):
            return None
        to = decode_text(entry).to if entry.kind in TEXT else None
        names = {
            user_id: user.name if (user := self.users.get(user_id)) else entry.name if user_id == entry.author else to
            for user_id in ids
        }
        pair = self._add_pair(names)
        pair.head = entry.seq - 1
        return pair

    def _looks_for_nearest(self) -> bool:
        """Tell whether the nearest name may be looked for; each search counts."""
        return not self._limited or not self._spellings.take("")

    def _seen(self, key: str, sees: Callable[[Room], bool]) -> Room | None:
        room = self.room_named(key)
        return room if room is not None and sees(room) else None

    def _add_pair(self, names: dict[str, str | None]) -> Pair:
        pair = self._state.add_pair(names)
        for user_id in names:
            if user_id in self.guests:
                self.guests[user_id].add_pair(pair.id)
        return pair
