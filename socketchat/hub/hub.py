"""The hub knows who is here and who hears what; it changes durable state only when the journal says so.

Commands end in ``submit``, which returns at once. The journal orders and stores what came in and calls ``committed``
with the outcomes of a batch: facts are applied in log order, then the entries are delivered, grouped by conversation.
Everything runs on one thread, and nothing here awaits, so no state changes in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from hashlib import blake2b
from secrets import token_urlsafe
from typing import cast

from .. import __version__
from ..exceptions import ChatError, KeyReused, NameTaken, Replaced, StorageProblem
from ..journal import Conflict, Duplicate, Journal, Outcome, Proposal, State, StorageRefused, Stored
from ..protocol import commands, events, limits
from ..protocol.limits import UNACKNOWLEDGED_BYTES, UNACKNOWLEDGED_ENTRIES
from .conversations import Conversation, Pair, Room
from .delivery import Delivery
from .directory import Directory
from .presence import Audience, Presence, Timer
from .replay import Replay
from .sessions import Session, refusal
from .users import User

UNDER_WAY_BYTES = 16_777_216
"""Bytes of entries under way in all; when a disk stalls, memory holds this much and no more."""

RESUME_SECONDS = 15.0
"""A link that broke is given this long before the others are told: a lid, a lift, another access point."""

TOKEN_BYTES = 16
"""128 random bits cannot be guessed."""

WELCOME_CONVERSATIONS = 500
"""Conversations told in the line of ``welcome``, which has to stay under the limit of a line; the others follow."""


class Pending(Proposal):
    """A proposal with the session that made it, the id of its command, and what is to be done with the outcome."""

    __slots__ = ("id", "session", "then")

    def __init__(
        self,
        conversation: str,
        author: User,
        kind: str,
        body: bytes,
        *,
        session: Session,
        command_id: int | None = None,
        key: tuple[int, int] | None = None,
        claims: tuple[str, ...] = (),
        fact: bool = False,
        then: Callable[[Outcome], None] | None = None,
    ) -> None:
        self.conversation = conversation
        self.author = author.id
        self.name = author.name
        self.kind = kind
        self.body = body
        self.key = key
        self.claims = claims
        self.fact = fact
        self.session = session
        self.id = command_id
        self.then = then


class Hub:
    """Everybody who is here.

    ``timer`` calls back after seconds, ``spawn`` runs a coroutine, ``token`` makes unguessable words.
    """

    def __init__(
        self,
        journal: Journal,
        timer: Timer,
        spawn: Callable[[Coroutine[None, None, None]], object],
        *,
        token: Callable[[int], str] = token_urlsafe,
    ) -> None:
        self.journal = journal
        self.timer = timer
        self.spawn = spawn
        self.token = token
        self.epoch = ""
        self.directory = Directory()
        self.listeners: Audience = {}
        self.present: dict[str, User] = {}
        self.resumable: dict[str, Session] = {}
        self.presence = Presence(timer, self._presence_audience)
        self.replay = Replay(journal, spawn, self._caught_up)
        self.claimed: Counter[str] = Counter()  # accounts under way, by what their name looks like
        self._under_way_bytes = 0
        self._crowd: dict[Session, None] = {}

    def load(self, state: State) -> None:
        """Begin with what the journal knew when it was opened."""
        self.epoch = state.epoch
        self.directory.load(state)
        self.journal.committed = self.committed

    # Taking commands

    def takes(self, session: Session) -> bool:
        """Tell whether a session may hand in a command now; if not, its link is told to proceed later."""
        if (
            session.blocked
            or session.paused
            or session.under_way >= UNACKNOWLEDGED_ENTRIES
            or session.under_way_bytes >= UNACKNOWLEDGED_BYTES
        ):
            session.stalled = True
            return False
        if self._under_way_bytes >= UNDER_WAY_BYTES:
            self._crowd[session] = None
            return False
        return True

    def submit(self, pending: Pending) -> None:
        """Hand a proposal to the journal; with a ``then``, the session's next command waits for the outcome."""
        session = pending.session
        session.blocked = pending.then is not None
        size = len(pending.body)
        session.under_way += 1
        session.under_way_bytes += size
        self._under_way_bytes += size
        self.journal.submit(pending)

    def unblock(self, session: Session) -> None:
        """Let a session that was ``blocked`` go on."""
        session.blocked = False
        self._proceed(session)

    def outbox_key(self, session: Session, outbox: str) -> int:
        """Return the journal's number for an outbox: another user's outbox of the same name is another one."""
        if session.outbox != outbox:
            author = session.user.id if session.user else ""
            digest = blake2b(f"{author} {outbox}".encode(), digest_size=8).digest()
            session.outbox, session.outbox_key = outbox, int.from_bytes(digest)
        return session.outbox_key

    # Applying outcomes

    def committed(self, outcomes: Sequence[Outcome]) -> None:
        """Apply a batch of outcomes in order, then tell everybody."""
        delivery = Delivery()
        waiting: dict[Session, None] = {}
        for outcome in outcomes:
            session = self._apply(outcome, delivery)
            if session.stalled:
                waiting[session] = None
        if self.presence.pending:
            self.presence.settle(delivery.authors())
        if self.replay.reads:
            for conversation, group in delivery.groups.items():
                self.replay.extend(conversation, [entry for entry, _ in group])
        delivery.send()
        for session in delivery.behind:
            self.replay.advance(session)
        for session in waiting:
            self._proceed(session)
        if self._crowd and self._under_way_bytes < UNDER_WAY_BYTES:
            crowd, self._crowd = self._crowd, {}
            for session in crowd:
                session.link.proceed()

    def _apply(self, outcome: Outcome, delivery: Delivery) -> Session:
        """Apply one outcome, and return the session that waited for it."""
        pending = cast("Pending", outcome.proposal)  # the hub submits no others
        session = pending.session
        size = len(pending.body)
        session.under_way -= 1
        session.under_way_bytes -= size
        self._under_way_bytes -= size
        if type(outcome) is Stored:
            self._stored(pending, outcome.entry, delivery)
        elif pending.then is None and (answer := self._answer(pending, outcome)) is not None:
            delivery.answer(session, session.rendering.event(answer))
        if pending.then is not None:
            session.blocked = False
            try:
                pending.then(outcome)
            except Exception as error:  # noqa: BLE001 - costs this connection, not the others of the batch
                session.link.fail(error)
        return session

    def _stored(self, pending: Pending, entry: events.Entry, delivery: Delivery) -> None:
        if pending.fact:
            self.directory.apply(entry)
        conversation = self.directory.conversations.get(entry.conversation)
        if conversation is not None:
            delivery.add(conversation, entry, pending.session)
        if pending.id is not None and pending.then is None:
            ok = events.Ok(id=pending.id, conversation=entry.conversation, seq=entry.seq)
            delivery.answer(pending.session, pending.session.rendering.event(ok))

    def _answer(self, pending: Pending, outcome: Outcome) -> events.Event | None:
        """Return the answer to what was not stored just now."""
        if not isinstance(outcome, Duplicate) or outcome.entry is None:
            retry = isinstance(outcome, StorageRefused) and outcome.retry
            return refusal(self.why_not(outcome), pending.id, retry=retry)
        entry = outcome.entry
        if entry.conversation != pending.conversation or bytes(entry.body) != pending.body:
            return refusal(KeyReused("This key was used for another message; take a new key."), pending.id)
        if pending.id is None:
            return None
        return events.Ok(id=pending.id, conversation=entry.conversation, seq=entry.seq, duplicate=True)

    @staticmethod
    def why_not(outcome: Outcome) -> ChatError:
        """Return why a proposal was not stored."""
        match outcome:
            case StorageRefused(reason=reason):
                return StorageProblem(reason)
            case Conflict(claim=claim):
                return NameTaken(f"{claim.partition(':')[2]} is taken.")
            case _:
                return KeyReused("This key is older than others of its outbox that are stored; take a new key.")

    # Sessions

    def enter(self, session: Session, user: User, hello: commands.Hello) -> None:
        """Let a session in as ``user``: welcome it, replay what it lacks, tell the others."""
        session.user = user
        session.listens = hello.listen == "all"
        user.sessions.append(session)
        heard = self._hears(session, user)
        self._welcome(session, user, heard, hello.id)
        if not session.listens:
            return
        self.listeners.setdefault(session.rendering, {})[session] = None
        for conversation in heard:
            conversation.add(session)
        if hello.epoch == self.epoch:
            session.positions = {each.id: _position(each, hello.positions) for each in heard}
            self.replay.advance(session)
        user.lingers = None
        if user.id not in self.present:
            self.present[user.id] = user
            self.presence.came(user, session)

    def exit(self, session: Session, *, quits: bool) -> None:
        """Let a session go; a link that broke without ``quit`` may be resumed for a while."""
        session.end()
        self._crowd.pop(session, None)
        user = session.user
        if user is None or session not in user.sessions:
            return
        user.sessions.remove(session)
        self.replay.forget(session)
        for conversation in list(session.heard):
            conversation.remove(session)
        if session.listens:
            sessions = self.listeners[session.rendering]
            del sessions[session]
            if not sessions:
                del self.listeners[session.rendering]
        if quits or not session.rendering.resumes:
            self._give_up(session, user)
        else:
            if session.listens and not user.listens:
                user.lingers = session
            self.timer(RESUME_SECONDS, lambda: self._give_up(session, user))

    def resume(self, token: str) -> User | None:
        """Return the user whose session had this token, after closing what is left of that session."""
        session = self.resumable.pop(token, None)
        if session is None or session.user is None:
            return None
        user = session.user
        if session in user.sessions:
            bye = events.Bye(code=Replaced.code, text="This session goes on elsewhere.")
            session.link.close(session.rendering.event(bye))
            self.exit(session, quits=False)
        return user

    def pair(self, one: User, other: User) -> Pair:
        """Return the direct messages of two users; where they are new, the sessions of both hear them from now on."""
        pair, is_new = self.directory.pair(one, other)
        if is_new:
            for user in {one, other}:
                for session in user.sessions:
                    if session.listens:
                        session.tell(pair.described_to(user))
                        pair.add(session)
        return pair

    def admit(self, user: User, room: Room, by: Session) -> None:
        """Make a user a member of a room for those who are here; ``by`` is the session that asked."""
        self.directory.set_member(user, room, member=True)
        for session in user.sessions:
            if session.listens and session.rendering.follows:
                room.add(session)
                session.tell(room.described_to(user))
        self.presence.came(user, by, room.id)

    def dismiss(self, user: User, room: Room) -> None:
        """End a user's membership for those who are here."""
        self.directory.set_member(user, room, member=False)
        self.presence.went(user, room.id)
        for session in user.sessions:
            if room in session.heard:
                room.remove(session)
                session.tell(events.Left(conversation=room.id))
                if session.room == room.id:
                    self.move(session, self.directory.lobby)

    def move(self, session: Session, room: Room) -> None:
        """Make a room the current one of a session that hears only that."""
        if session.user is None or session.rendering.follows:
            return
        for conversation in list(session.heard):
            if isinstance(conversation, Room):
                conversation.remove(session)
        session.room = room.id
        room.add(session)
        session.tell(room.described_to(session.user))

    def pause(self, session: Session) -> None:
        """Note that a session's buffer is full: from now on it is behind."""
        session.paused = True
        if session.positions is None:
            session.positions = {each.id: each.head for each in session.heard}

    def drain(self, session: Session) -> None:
        """Note that a session's buffer has room again."""
        session.paused = False
        self.replay.advance(session)
        self._proceed(session)

    def online(self, room: Room | None = None) -> list[str]:
        """Return the names of the users who are online, or of a room's members among them, sorted."""
        there = list(self.present.values())
        if room is not None and not room.is_lobby:
            there = [user for user_id, user in room.members.items() if user_id in self.present]
        return sorted((user.name for user in there), key=str.casefold)

    def _hears(self, session: Session, user: User) -> list[Conversation]:
        if session.rendering.follows:
            return [self.directory.lobby, *user.rooms, *user.pairs]
        session.room = self.directory.lobby.id
        return [self.directory.lobby, *user.pairs]

    def _welcome(self, session: Session, user: User, heard: list[Conversation], command_id: int | None) -> None:
        if session.rendering.resumes:
            session.token = self.token(TOKEN_BYTES)
            self.resumable[session.token] = session
        described = [each.described_to(user) for each in heard]
        session.tell(
            events.Welcome(
                epoch=self.epoch,
                user=user.id,
                name=user.name,
                token=session.token,
                version=__version__,
                limits=limits.as_told(),
                conversations=described[:WELCOME_CONVERSATIONS],
                id=command_id,
            )
        )
        for conversation in described[WELCOME_CONVERSATIONS:]:
            session.tell(conversation)

    def _give_up(self, session: Session, user: User) -> None:
        """Forget a session that did not come back, and its user's presence if that was the last one."""
        self.resumable.pop(session.token, None)
        if user.listens or (user.lingers is not None and user.lingers is not session):
            return
        user.lingers = None
        if self.present.pop(user.id, None) is not None:
            self.presence.went(user)
        if user.is_guest and not user.sessions and user.id in self.directory.users:
            self.directory.remove_guest(user)

    def _proceed(self, session: Session) -> None:
        if session.stalled:
            session.stalled = False
            session.link.proceed()

    def _caught_up(self, session: Session) -> None:
        if session.missed_presence:
            session.missed_presence = False
            session.tell(events.Presence(online=self.online()))

    def _presence_audience(self, room: str | None) -> Audience:
        return self.listeners if room is None else self.directory.rooms[room].audience


def _position(conversation: Conversation, positions: dict[str, int]) -> int:
    """Return the last seq that a returning client has; direct messages that it does not know began meanwhile."""
    unknown = 0 if isinstance(conversation, Pair) else conversation.head
    return max(0, min(positions.get(conversation.id, unknown), conversation.head))
