"""Logins: logs sessions in and out, and subscribes them to their conversations."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from ..exceptions import Refused, Replaced
from ..protocol import commands, events, limits
from ..protocol.limits import MISSED_ENTRIES, NEWEST_ENTRIES
from ..version import __version__
from .audience import Audience
from .delivery.presence import Presence, Timer
from .delivery.replay import Replay
from .directory import Directory
from .online import Online
from .policy.permissions import Permissions
from .policy.throttle import Throttle
from .sessions import Session
from .state import restrictions
from .state.conversations import Conversation, Pair, Room
from .state.users import User

RESUME_SECONDS = 15.0
"""Time to resume a broken link before others are told: a closed lid, an elevator, another access point."""

PENDING_NOTICE = (
    "A new password was set for your account without the old one. It becomes valid a day after that. "
    "Not you? /password keep keeps the current one."
)

TOKEN_BYTES = 16
"""128 random bits cannot be guessed."""

WELCOME_CONVERSATIONS = 500
"""Conversations in the line of ``welcome``, which has to stay under the limit for a line; as many follow in each turn
of the loop, which takes a few milliseconds."""

PAUSED_SECONDS = 0.1
"""Pause before checking again whether a slow reader can take more conversations of its welcome."""


class Logins:
    """Logs sessions in and out, and reports them to ``presence``; ``epoch`` is set when the journal is open."""

    def __init__(
        self,
        directory: Directory,
        online: Online,
        permissions: Permissions,
        replay: Replay,
        *,
        timer: Timer,
        token: Callable[[int], str],
        throttle: Throttle,
    ) -> None:
        self.epoch = ""
        self.listeners = Audience()
        self.present: dict[str, User] = {}
        self.resumable: dict[str, Session] = {}
        self.presence = Presence(timer, self._presence_audience, self.present)
        self._directory = directory
        self._online = online
        self._permissions = permissions
        self._replay = replay
        self._timer = timer
        self._token = token
        self._throttle = throttle

    def enter(self, session: Session, user: User, hello: commands.Hello, *, host: str | None = None) -> None:
        """Log a session in as ``user``: welcome it with the server's proof, start its replay, tell the others.

        Every login ends here, however the user was authenticated. A session that is gone is ignored. Raises Banned,
        TooMany, and Refused if the name was released meanwhile.
        """
        if session.gone:
            return
        if self._directory.users.get(user.id) is not user:
            raise Refused(f"The name {user.name} was released. Log in again to take it.")
        self._permissions.check_entry([*restrictions.of_user(user), restrictions.of_address(session.channel.peer)])
        self._throttle.check_sessions(user, len(self._online.of(user)))
        session.user = user
        self._throttle.log_in(session)
        session.listens = hello.listen == "all"
        self._online.add(user, session)
        heard = self._hears(session, user)
        first, more = heard[:WELCOME_CONVERSATIONS], heard[WELCOME_CONVERSATIONS:]
        resumes = session.listens and hello.epoch == self.epoch
        positions = hello.positions if resumes else None
        self._welcome(session, user, first, len(more), hello, host, positions)
        if session.listens:
            if resumes:
                session.places.fall_behind()
            session.places.listen(self.listeners)
            if user.pends(self._permissions.now()):
                session.tell(events.Alert(text=PENDING_NOTICE))
            for conversation in first:
                session.places.enter(conversation, None if positions is None else _start(conversation, positions))
            self._online.lingering.pop(user.id, None)
            if user.id not in self.present:
                self.present[user.id] = user
                self.presence.came(user, session)
            if hello.epoch is not None:
                self.presence.inform(session)
        session.places.awaits_more = bool(more)
        if more:
            self._timer(0, lambda: self._enter_more(session, user, more, positions))
        self._replay.advance(session)

    def enter_unregistered(self, session: Session, user: User, hello: commands.Hello, *, host: str | None) -> None:
        """Welcome a session that does not listen, under a new name; its first stored entry registers the name.

        Raises Banned.
        """
        if session.gone:
            return
        self._permissions.check_entry([*restrictions.of_user(user), restrictions.of_address(session.channel.peer)])
        session.user = user
        self._online.add(user, session)
        self._welcome(session, user, [self._directory.lobby], 0, hello, host, None)

    def registered(self, session: Session, account: User) -> None:
        """Assign a session that was welcomed under a new name to the account that now has the name."""
        if session.user is not None and session in self._online.of(session.user):
            self._online.remove(session.user, session)
            self._online.add(account, session)
        session.user, session.register = account, None
        self._throttle.log_in(session)

    def exit(self, session: Session, *, quits: bool) -> None:
        """End a session; without ``quit``, or after too many quits, the session can be resumed for a while."""
        session.end()
        user = session.user
        if user is None or session not in self._online.of(user):
            return
        self._take_out(session, user)
        if (quits or not session.rendering.resumes) and self._throttle.may_leave(session):
            self._give_up(session, user)
        else:
            if session.listens and not self._online.listens(user):
                self._online.lingering[user.id] = session
            self._timer(RESUME_SECONDS, lambda: self._give_up(session, user))

    def resume(self, token: str, by: Session) -> User | None:
        """Return the user whose session had this token, and close that session."""
        session = self.resumable.pop(token, None)
        if session is None or session.user is None or not session.user.lets_in(session.device):
            return None
        user = session.user
        by.device = session.device
        if session in self._online.of(user):
            bye = events.Bye(code=Replaced.code, text="This session continues in another connection.")
            session.link.close(session.rendering.event(bye))
            self.exit(session, quits=False)
        return user

    def expel(self, user: User, bye: events.Bye) -> None:
        """Close all sessions of a user immediately; none can be resumed."""
        self.resumable = {token: session for token, session in self.resumable.items() if session.user is not user}
        for session in list(self._online.of(user)):
            session.link.close(session.rendering.event(bye))
            self.exit(session, quits=True)
        if (lingering := self._online.lingering.get(user.id)) is not None:
            self._give_up(lingering, user)

    def expel_device(self, user: User, device: str, bye: events.Bye, *, spared: Session | None = None) -> None:
        """Close a user's sessions with one key ("": by password) immediately; none can be resumed."""
        dead = [
            token
            for token, each in self.resumable.items()
            if each.user is user and each.device == device and each is not spared
        ]
        for token in dead:
            session = self.resumable.pop(token)
            if session not in self._online.of(user):
                self._give_up(session, user)
        for session in [each for each in self._online.of(user) if each.device == device and each is not spared]:
            session.link.close(session.rendering.event(bye))
            self.exit(session, quits=True)

    def leave(self, session: Session) -> None:
        """End a guest's session, because its connection continues as another user."""
        if session.user is not None and not session.gone:
            self._take_out(session, session.user)
            self._give_up(session, session.user)
            session.user = session.outbox = None

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
            self._forget_guests(user)

    def _forget_guests(self, user: User) -> None:
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
        self.presence.came(user, by if by is not None and by in sessions else sessions[0], room.id)

    def dismiss(self, user: User, room: Room, why: str = "") -> None:
        """Unsubscribe a user from a room; ``why`` is empty if the user left it."""
        heard = [session for session in self._online.of(user) if session.places.hears(room)]
        if user.is_guest:
            was_member = self._directory.set_guest(user, room, member=False)
            if not (heard or was_member):
                return
        self.presence.went(user, room.id, kicked=bool(why))
        for session in heard:
            if session.places.hears(room):
                session.places.leave(room)
                session.tell(events.Left(conversation=room.id, text=why))
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

    def online(self, room: Room | None = None) -> list[str]:
        """Return the names of the users who are online, or of a room's online members, sorted."""
        return [user.name for user in self.users_online(room)]

    def count_online(self, room: Room) -> int:
        """Return the number of a room's online members."""
        present = self.present
        if room.is_lobby:
            return len(present)
        if len(present) < len(room.members):
            return sum(user_id in room.members or user_id in room.guests for user_id in present)
        return sum(user_id in present for members in (room.members, room.guests) for user_id in members)

    def users_online(self, room: Room | None = None) -> list[User]:
        """Return the users who are online, or a room's online members, sorted by name."""
        there = list(self.present.values())
        if room is not None and not room.is_lobby:
            members = [*room.members.values(), *room.guests.values()]
            there = [user for user in members if user.id in self.present]
        return sorted(there, key=lambda user: user.name.casefold())

    def users_at(self, subjects: Iterable[str]) -> list[User]:
        """Return the users who are connected from any address among the subjects of a restriction."""
        addresses = {subject for subject in subjects if subject.startswith("address:")}
        if not addresses:
            return []
        return [
            user
            for user in self._directory.users.values()
            if any(restrictions.of_address(session.channel.peer) in addresses for session in self._online.of(user))
        ]

    def _hears(self, session: Session, user: User) -> list[Conversation]:
        lobby = self._directory.lobby
        if session.rendering.follows:
            return [lobby, *self._directory.rooms_of(user), *self._directory.pairs_of(user)]
        session.room = lobby.id
        return [lobby, *self._directory.pairs_of(user)]

    def _welcome(  # noqa: PLR0917 - all are part of the welcome
        self,
        session: Session,
        user: User,
        heard: list[Conversation],
        following: int,
        hello: commands.Hello,
        host: str | None,
        positions: dict[str, int] | None,
    ) -> None:
        if session.rendering.resumes and session.register is None:
            session.token = self._token(TOKEN_BYTES)
            self.resumable[session.token] = session
        session.answer(
            events.Welcome(
                epoch=self.epoch,
                user=user.id,
                name=user.name,
                token=session.token,
                version=__version__,
                limits=limits.as_told(),
                conversations=[_described(each, user, positions) for each in heard],
                following=following,
                host=host,
                id=hello.id,
            ),
            hello,
        )

    def _enter_more(
        self, session: Session, user: User, heard: list[Conversation], positions: dict[str, int] | None
    ) -> None:
        """Send the conversations that did not fit into ``welcome``, some in each turn of the loop."""
        if session.gone or session.user is not user:
            return
        if session.paused:  # a slow reader must not get all of them at once
            self._timer(PAUSED_SECONDS, lambda: self._enter_more(session, user, heard, positions))
            return
        lines: list[bytes] = []
        for conversation in heard[:WELCOME_CONVERSATIONS]:
            lines.append(session.rendering.event(_described(conversation, user, positions)))
            if not self._may_hear(user, conversation):
                why = f"You are no longer in {conversation.name}." if isinstance(conversation, Room) else ""
                lines.append(session.rendering.event(events.Left(conversation=conversation.id, text=why)))
            elif session.listens:
                session.places.enter(conversation, None if positions is None else _start(conversation, positions))
        session.write(b"".join(lines))
        more = heard[WELCOME_CONVERSATIONS:]
        session.places.awaits_more = bool(more)
        if more:
            self._timer(0, lambda: self._enter_more(session, user, more, positions))
        self._replay.advance(session)

    def _may_hear(self, user: User, conversation: Conversation) -> bool:
        """Tell whether a user is still in a conversation that the welcome listed."""
        if isinstance(conversation, Room):
            return conversation.is_lobby or conversation.has_member(user)
        return conversation.id in self._directory.conversations

    def _take_out(self, session: Session, user: User) -> None:
        self._online.remove(user, session)
        self._replay.forget(session)
        session.places.leave_all()

    def _give_up(self, session: Session, user: User) -> None:
        """Forget a session that was not resumed; if it was the user's last one, report that the user left."""
        self.resumable.pop(session.token, None)
        if self._online.listens(user) or self._online.lingering.get(user.id, session) is not session:
            return
        self._online.lingering.pop(user.id, None)
        user.away = ""
        if self.present.pop(user.id, None) is not None:
            self.presence.went(user)
        if user.is_guest and not self._online.of(user) and user.id in self._directory.users:
            for other in self._directory.remove_guest(user):
                self._forget_guests(other)

    def _presence_audience(self, room: str | None) -> Audience:
        if room is None:
            return self.listeners
        found = self._directory.rooms.get(room)
        return found.audience if found is not None else Audience()  # a removed room has no audience


def _position(conversation: Conversation, positions: dict[str, int]) -> int:
    """Return the last seq that a returning client has; direct messages that it does not know are new."""
    unknown = 0 if isinstance(conversation, Pair) else conversation.head
    return max(conversation.floor - 1, min(positions.get(conversation.id, unknown), conversation.head))


def _start(conversation: Conversation, positions: dict[str, int]) -> int:
    """Return the seq after which replay starts for a returning client: its position, or one close to the head."""
    position, head = _position(conversation, positions), conversation.head
    return position if head - position <= MISSED_ENTRIES else head - NEWEST_ENTRIES


def _described(conversation: Conversation, user: User, positions: dict[str, int] | None) -> events.Conversation:
    """Return the event that describes a conversation; with positions, also the start of a replay that skips entries."""
    told = conversation.described_to(user)
    if positions is None or (start := _start(conversation, positions)) <= _position(conversation, positions):
        return told
    return replace(told, after=start)
