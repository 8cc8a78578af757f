"""The hub holds the sessions and delivers entries; it changes durable state only on outcomes of the journal.

``submit`` hands a message to the journal without waiting; a handler that needs the outcome awaits ``record``. The
journal orders and stores the proposals, and calls ``committed`` with the outcomes of a batch. Then the hub applies
the facts in log order, with their effects on the sessions of this node, and delivers the entries by conversation.
Everything runs on one thread, and ``committed`` never waits, so no other code changes state meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from hashlib import blake2b
from secrets import token_urlsafe
from time import monotonic

import msgspec

from ..journal import (
    SERVER_LOG,
    Journal,
    Outcome,
    Revision,
    State,
    Stored,
)
from ..journal.bodies import said
from ..protocol import events
from ..protocol.kinds import CHANGES, FACTS, SAID
from ..protocol.limits import UNACKNOWLEDGED_BYTES, UNACKNOWLEDGED_ENTRIES
from .about import About
from .awaitables import Later, Recorder
from .background import Background, Foreground
from .delivery.fan_out import Delivery
from .delivery.presence import Presence, Timer
from .delivery.replay import Replay
from .delivery.subscriptions import Subscriptions
from .directory import Directory
from .effects import Effects
from .former import Former
from .logins import PAUSED_SECONDS, Logins
from .online import Online
from .policy.admission import Admission
from .policy.guess_limits import GuessLimits
from .policy.password_hasher import NoPasswords, PasswordHasher
from .policy.permissions import Permissions
from .policy.quotas import Quotas
from .policy.slow_mode import SlowMode
from .policy.throttle import Throttle
from .proposals import Pending, answer_to
from .revocations import Revocations
from .room_expiry import RoomExpiry
from .sessions import Session
from .state import facts
from .state.apply import apply, load
from .state.changes import Change
from .state.projection import Projection
from .state.users import User

UNDER_WAY_BYTES = 16_777_216
"""Most bytes of submitted entries without an outcome: a bound on memory if the disk stalls."""


class Hub:
    """All users and sessions of this node.

    ``timer`` calls back after a number of seconds, ``spawn`` runs a coroutine, ``token`` makes unguessable words, and
    ``clock`` returns seconds. The time of day is the journal's: bans and delays end by the time that entries get.
    Without an ``admission``, newcomers cannot register; without a ``hasher``, users cannot log in by password.
    ``background`` runs work that takes too long for the loop. Without ``limited``, rates and quotas are off.
    """

    def __init__(
        self,
        journal: Journal,
        timer: Timer,
        spawn: Callable[[Coroutine[None, None, None]], object],
        *,
        token: Callable[[int], str] = token_urlsafe,
        clock: Callable[[], float] = monotonic,
        admission: Admission | None = None,
        limited: bool = True,
        hasher: PasswordHasher | None = None,
        background: Background | None = None,
    ) -> None:
        self.journal = journal
        self.timer = timer
        self.spawn = spawn
        self.token = token
        self.operator = User("operator", "operator", "operator")  # manages the server on its own machine
        self.admission = admission or Admission()
        self.now = journal.now
        self.clock = clock
        self.hasher = hasher or NoPasswords()
        self.background = background or Foreground()
        self.about = About(token)
        self.host_key = b""  # SHA-256 of the public key that the server shows under TLS
        self.state = Projection()
        self.directory = Directory(self.state, clock, limited=limited)
        self.online = Online()
        self.permissions = Permissions(self.directory, self.operator, self.now)
        self.guess_limits = GuessLimits(clock)
        self.quotas = Quotas(self.directory, clock, limited=limited)
        self.slow_mode = SlowMode(clock)
        self.throttle = Throttle(timer, clock, self._proceed, limited=limited)
        self.replay = Replay(journal, spawn, self._caught_up, self.throttle.charge_replay, timer)
        self.former = Former(self.now)
        self.presence = Presence(timer, self.directory, self.online)
        self.subscriptions = Subscriptions(self.directory, self.online, self.presence)
        self.logins = Logins(
            self.directory,
            self.online,
            self.permissions,
            self.replay,
            presence=self.presence,
            subscriptions=self.subscriptions,
            former=self.former,
            timer=timer,
            token=token,
            throttle=self.throttle,
        )
        recorder = Recorder(self.submit, spawn)
        self.record = recorder.record
        self.propose = recorder.propose
        self.note = recorder.note
        self._expiry = RoomExpiry(self.state, self.online.present, timer, self.now, partial(self.note, self.operator))
        self.until = recorder.until
        self._effects = Effects(self.logins, self.subscriptions, self.directory, self.online)
        self.claimed: Counter[str] = Counter()  # accounts being registered, by the look of their name
        self._under_way_bytes = 0
        self._crowd: dict[Session, None] = {}
        self._waiting: dict[Session, None] | None = None  # while a batch is applied: sessions to resume after it

    def load(self, state: State) -> None:
        """Load the state of the journal that was opened."""
        self.logins.epoch = state.epoch
        load(self.state, state)
        for entry in state.facts:
            if entry.kind == "wrong passwords" and msgspec.json.decode(entry.body, type=facts.WrongPasswordsFact).count:
                self.guess_limits.recall(entry.name, (self.now() - entry.ts) / 1000)
        self.journal.committed = self.committed
        self.journal.revised = self.revised
        self._expiry.begin()
        Revocations(self.state, self.timer, self.now, self.note).begin()

    # Taking commands

    def takes(self, session: Session) -> int:
        """Return how many messages a session may hand in now, or 0 and call its link's ``proceed`` later.

        If there are any, the session may hand in one other command instead.
        """
        if (
            session.blocked
            or session.paused
            or session.under_way >= UNACKNOWLEDGED_ENTRIES
            or session.under_way_bytes >= UNACKNOWLEDGED_BYTES
        ):
            session.stalled = True
            return 0
        if self._under_way_bytes >= UNDER_WAY_BYTES:
            self._crowd[session] = None
            return 0
        if session.allowance.left < 1 and not self.throttle.refill(session):
            return 0
        if session.register is not None:  # the first message registers the name
            return 1
        return int(min(UNACKNOWLEDGED_ENTRIES - session.under_way, session.allowance.left))

    def submit(self, pending: Pending) -> None:
        """Hand a proposal to the journal; never blocks."""
        session = pending.session
        if session is not None:
            size = len(pending.body)
            session.under_way += 1
            session.under_way_bytes += size
            self._under_way_bytes += size
        self.journal.submit(pending)

    def unblock(self, session: Session) -> None:
        """Resume a session after the answer to its command; if a batch is being applied, after the batch."""
        session.blocked = False
        if self._waiting is not None:
            self._waiting[session] = None
        else:
            self._proceed(session)

    def next_turn(self, session: Session) -> Later[bool]:
        """Wait for the other sessions' turn and for a slow reader to drain; return whether the session is connected.

        A handler with a long answer awaits this after each part.
        """

        def begin(resume: Callable[[bool], None]) -> None:
            def look() -> None:
                if session.paused and not session.gone:
                    self.timer(PAUSED_SECONDS, look)
                else:
                    resume(not session.gone)

            self.timer(0, look)

        return Later(begin)

    def pause_for(self, seconds: float) -> Later[None]:
        """Wait for some seconds; meanwhile the session takes no other command."""

        def begin(resume: Callable[[None], None]) -> None:
            self.timer(seconds, partial(resume, None))

        return Later(begin)

    def outbox_key(self, session: Session, outbox: str) -> int:
        """Return the journal's number for an outbox; users' outboxes of the same name are distinct.

        Guests differ by the outbox alone, which cannot be guessed: a guest who returns is another user.
        """
        if session.outbox != outbox:
            author = session.user.id if session.user and not session.user.is_guest else ""
            digest = blake2b(f"{author} {outbox}".encode(), digest_size=8).digest()
            session.outbox, session.outbox_key = outbox, int.from_bytes(digest)
        return session.outbox_key

    # Applying outcomes

    def committed(self, outcomes: Sequence[Outcome]) -> None:
        """Apply a batch of outcomes in order, then deliver the entries."""
        delivery = Delivery(self.state.ignored_by, self.online.of)
        waiting: dict[Session, None] = {}
        self._waiting = waiting
        try:
            self._apply(outcomes, delivery, waiting)
        finally:
            self._waiting = None
        if self.presence.pending:
            self.presence.settle(delivery.authors())
        if self.replay.reads:
            for conversation, group in delivery.groups.items():
                self.replay.extend(conversation, [entry for entry, _, _ in group])
        for conversation_id, seqs in delivery.changed:
            self.replay.drop(conversation_id, seqs)
        delivery.send()
        for session in delivery.behind:
            self.replay.advance(session)
        for session in waiting:
            self._proceed(session)
        if self._crowd and self._under_way_bytes < UNDER_WAY_BYTES:
            crowd, self._crowd = self._crowd, {}
            for session in crowd:
                session.link.proceed()

    def revised(self, revision: Revision) -> None:
        """Stop serving entries that were blanked or dropped."""
        for conversation_id, seqs in revision.blanked.items():
            self.replay.drop(conversation_id, seqs)
        for conversation_id, floor in revision.floors.items():
            self.replay.drop_below(conversation_id, floor)
            if conversation_id in self.directory.conversations:
                conversation = self.directory.conversations[conversation_id]
                conversation.floor = max(conversation.floor, floor)

    def _apply(self, outcomes: Sequence[Outcome], delivery: Delivery, waiting: dict[Session, None]) -> None:
        """Apply outcomes, and add the sessions that may wait for them to ``waiting``."""
        for outcome in outcomes:
            pending: Pending | None = outcome.proposal  # type: ignore[assignment]  # the hub submits no others
            if pending is None or pending.session is None:
                self._apply_without_session(outcome, pending, delivery)
                continue
            session = pending.session
            size = len(pending.body)
            session.under_way -= 1
            session.under_way_bytes -= size
            self._under_way_bytes -= size
            if type(outcome) is Stored:
                if pending.text is not None:
                    self._heard(pending, session, outcome.entry, delivery)
                else:
                    self._stored(pending, session, outcome.entry, outcome.changed, delivery)
            elif pending.then is None and (answer := answer_to(pending, outcome)) is not None:
                delivery.answer(session, session.rendering.answer(answer, session, pending.command))
            if pending.then is not None:
                pending.then(outcome)
            if session.stalled:
                waiting[session] = None

    def _apply_without_session(self, outcome: Outcome, pending: Pending | None, delivery: Delivery) -> None:
        """Apply and deliver an outcome of another node, or one without a session."""
        if isinstance(outcome, Stored):
            entry = outcome.entry
            if entry.kind in FACTS:
                self._follow(apply(self.state, entry), None)
            if entry.kind in CHANGES and (of := said(entry).of) is not None:
                delivery.changed.append((entry.conversation, (of, *outcome.changed)))
            conversation = self.state.conversations.get(entry.conversation) or self.subscriptions.pair_of(entry)
            if conversation is not None and entry.seq > conversation.head:
                delivery.add(conversation, entry, None)
                if conversation.slow and entry.kind in SAID:
                    self.slow_mode.note(entry.author, self.state.rooms[conversation.id])
        if pending is not None and pending.then is not None:
            pending.then(outcome)

    def _heard(self, pending: Pending, session: Session, entry: events.Entry, delivery: Delivery) -> None:
        """Deliver a message to a room: the most common case of ``_stored``."""
        room = self.state.conversations.get(entry.conversation)
        if room is not None:
            delivery.add(room, entry, session, pending.text)
        command = pending.command
        if command is not None and command.id is not None:
            ok = events.Ok(id=command.id, conversation=entry.conversation, seq=entry.seq)
            delivery.answer(session, session.rendering.answer(ok, session, command))

    def _stored(
        self, pending: Pending, session: Session, entry: events.Entry, changed: tuple[int, ...], delivery: Delivery
    ) -> None:
        if entry.kind in FACTS:
            self._follow(apply(self.state, entry), session)
        if pending.of is not None and entry.kind in CHANGES:
            delivery.changed.append((entry.conversation, (pending.of, *changed)))
        conversation = self.state.conversations.get(entry.conversation)
        if conversation is not None:
            if entry.seq > conversation.head:  # not the fact that recreates a removed room
                delivery.add(conversation, entry, None if pending.kind in session.rendering.echoed else session)
        elif entry.conversation != SERVER_LOG and (conversation := self.subscriptions.pair_of(entry)) is not None:
            delivery.add(conversation, entry, session)
        if pending.told is not None:
            delivery.tell(session, pending.told)
        command = pending.command
        if command is not None and command.id is not None and pending.then is None:
            ok = events.Ok(id=command.id, conversation=entry.conversation, seq=entry.seq)
            delivery.answer(session, session.rendering.answer(ok, session, command))

    def _follow(self, changes: Sequence[Change], by: Session | None) -> None:
        try:
            self._effects.follow(changes, by)
        except Exception as error:  # noqa: BLE001 - costs one connection, not the others of the batch
            if by is not None:
                by.link.fail(error)
            else:
                self.spawn(_fail(error))

    # Slow sessions

    def pause(self, session: Session) -> None:
        """Mark a session as behind, because its buffer is full."""
        session.paused = True
        session.places.fall_behind()

    def drain(self, session: Session) -> None:
        """Resume a session whose buffer has room again."""
        session.paused = False
        self.replay.advance(session)
        self._proceed(session)

    def _proceed(self, session: Session) -> None:
        if session.stalled:
            session.stalled = False
            session.link.proceed()

    def _caught_up(self, session: Session) -> None:
        if session.places.missed_presence:
            session.places.missed_presence = False
            self.presence.inform(session)
        session.tell(events.Live())


async def _fail(error: Exception) -> None:
    """Raise an error that belongs to no connection, so that ``spawn`` logs it."""
    raise error
