"""Subscriptions: which rooms and direct messages the sessions of a user hear."""

from __future__ import annotations

from ...protocol import events
from ..directory import Directory
from ..online import Online
from ..sessions import Session
from ..state.conversations import Pair, Room
from ..state.users import User
from .presence import Presence


class Subscriptions:
    """Subscribes sessions to conversations, and reports to ``presence`` who joined and left a room."""

    def __init__(self, directory: Directory, online: Online, presence: Presence) -> None:
        self._directory = directory
        self._online = online
        self._presence = presence

    def pair(self, one: User, other: User) -> Pair:
        """Return the direct messages of two users; if they are new, subscribe both users' sessions."""
        pair, is_new = self._directory.pair(one, other)
        if is_new:
            self._hear(pair)
        return pair

    def pair_of(self, entry: events.Entry) -> Pair | None:
        """Return the new direct messages that an entry starts, or None if neither user is known here."""
        pair = self._directory.pair_of(entry)
        if pair is not None:
            self._hear(pair)
        return pair

    def _hear(self, pair: Pair) -> None:
        for user in [user for each in pair.names if (user := self._directory.users.get(each)) is not None]:
            for session in self._online.of(user):
                if session.listens:
                    session.tell(pair.described_to(user))
                    session.places.enter(pair)
            self.forget_guests(user)

    def forget_guests(self, user: User) -> None:
        """Drop a user's oldest direct messages with guests who are gone, if the user has many."""
        for pair in self._directory.forget_guests(user):
            for session in self._online.of(user):
                if pair in session.places.heard:
                    session.places.leave(pair)
                    session.tell(events.Left(conversation=pair.id))

    def admit(self, user: User, room: Room, by: Session | None) -> None:
        """Subscribe a new member to a room; ``by`` is the session that asked. Guests are members on this node only."""
        sessions = self._online.of(user)
        if not sessions:
            return
        if user.is_guest:
            self._directory.set_guest(user, room, member=True)
        for session in sessions:
            if session.listens and session.rendering.follows:
                session.places.enter(room)
                session.tell(room.described_to(user))
        self._presence.came(user, by if by is not None and by in sessions else sessions[0], room.id)

    def hear(self, session: Session, room: Room) -> None:
        """Let a session hear a room that its user is in already; in the lobby, also who comes and goes."""
        session.places.enter(room)
        if room.is_lobby:
            session.places.listen(self._presence.listeners)

    def unhear(self, session: Session, room: Room) -> None:
        """Let a session no longer hear a room, which its user stays in."""
        session.places.leave(room)
        if room.is_lobby:
            session.places.listen(None)

    @staticmethod
    def tell(room: Room, event: events.Event) -> None:
        """Tell the sessions that hear a room; the event is encoded once per rendering."""
        for rendering, sessions in room.audience.items():
            if data := rendering.event(event):
                for session in list(sessions):
                    session.write(data)

    def dismiss(self, user: User, room: Room, why: str = "", reason: str = "", by: str = "") -> None:
        """Unsubscribe a user from a room; ``why`` is empty if the user left it, perhaps with a ``reason``."""
        heard = [session for session in self._online.of(user) if session.places.hears(room)]
        if user.is_guest:
            was_member = self._directory.set_guest(user, room, member=False)
            if not (heard or was_member):
                return
        self._presence.went(user, room.id, kicked=bool(why), reason=reason, by=by)
        for session in heard:
            if session.places.hears(room):
                session.places.leave(room)
                session.tell(events.Left(conversation=room.id, text=why, reason=reason, by=by))
                if session.room == room.id:
                    self.move(session, self._directory.lobby)
                    session.put_out = room.name if why else ""

    def move(self, session: Session, room: Room) -> None:
        """Make a room the current one, for a session that hears only its current room."""
        if session.user is None or session.gone or session.rendering.follows:
            return
        for conversation in list(session.places.heard):
            if isinstance(conversation, Room):
                session.places.leave(conversation)
        session.room, session.put_out = room.id, ""
        session.places.enter(room)
        session.tell(room.described_to(session.user))
