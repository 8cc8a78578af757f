"""The users who are online on this node, and their sessions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .sessions import Session
from .state import restrictions
from .state.conversations import Room
from .state.users import User


class Online:
    """The live sessions by user; ``present`` are the users who are online, by id.

    ``lingering`` holds, by user id, the last session of a user whose link broke and who may still resume it.
    """

    def __init__(self) -> None:
        self._sessions: dict[str, tuple[Session, ...]] = {}  # most have one: a list would take twice the memory
        self.present: dict[str, User] = {}
        self.most = 0  # at a time
        self.lingering: dict[str, Session] = {}

    def came(self, user: User) -> None:
        """Add a user to those who are online."""
        self.present[user.id] = user
        self.most = max(self.most, len(self.present))

    def of(self, user: User) -> Sequence[Session]:
        """Return the sessions of a user, oldest first."""
        return self._sessions.get(user.id, ())

    def add(self, user: User, session: Session) -> None:
        """Add a session of a user."""
        self._sessions[user.id] = (*self.of(user), session)

    def remove(self, user: User, session: Session) -> None:
        """Remove a session of a user."""
        left = tuple(other for other in self.of(user) if other is not session)
        if left:
            self._sessions[user.id] = left
        else:
            del self._sessions[user.id]

    def listens(self, user: User) -> bool:
        """Tell whether any session of a user hears messages."""
        return any(session.listens for session in self.of(user))

    def users(self, room: Room | None = None) -> list[User]:
        """Return the users who are online, or a room's online members, sorted by name."""
        there = list(self.present.values())
        if room is not None and not room.is_lobby:
            members = [*room.members.values(), *room.guests.values()]
            there = [user for user in members if user.id in self.present]
        return sorted(there, key=lambda user: user.name.casefold())

    def names(self, room: Room | None = None) -> list[str]:
        """Return the names of the users who are online, or of a room's online members, sorted."""
        return [user.name for user in self.users(room)]

    def count(self, room: Room) -> int:
        """Return the number of a room's online members."""
        present = self.present
        if room.is_lobby:
            return len(present)
        if len(present) < len(room.members):
            return sum(user_id in room.members or user_id in room.guests for user_id in present)
        return sum(user_id in present for members in (room.members, room.guests) for user_id in members)

    def at_addresses(self, subjects: Iterable[str]) -> list[User]:
        """Return the users who are connected from any address among the subjects of a restriction."""
        addresses = {subject for subject in subjects if subject.startswith("address:")}
        if not addresses:
            return []
        found = {
            session.user: None
            for sessions in self._sessions.values()
            for session in sessions
            if session.user is not None and restrictions.of_address(session.channel.peer) in addresses
        }
        return list(found)
