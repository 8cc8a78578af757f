"""The hub knows who is here and who hears what; it changes durable state only when the journal says so.

A message is handed to the journal by ``submit``, which returns at once; a handler that needs the outcome awaits
``record``. The journal orders and stores what came in and calls ``committed`` with the outcomes of a batch: facts are
applied in log order, with their effects on the sessions of this node, then the entries are delivered, grouped by
conversation. All of it runs on one thread, and ``committed`` never waits, so no state changes in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from hashlib import blake2b
from secrets import token_urlsafe
from time import monotonic, time_ns

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
from ..protocol.kinds import CHANGES, ECHOED, FACTS
from ..protocol.limits import UNACKNOWLEDGED_BYTES, UNACKNOWLEDGED_ENTRIES
from .background import Background, Foreground
from .delivery.attendance import PAUSED_SECONDS, Attendance
from .delivery.fan_out import Delivery
from .delivery.presence import Timer
from .delivery.replay import Replay
from .directory import Directory
from .effects import Effects
from .expiry import Expiry
from .later import Later
from .outcomes import answer_to
from .pending import Pending
from .policy.admission import Admission
from .policy.guess_limits import GuessLimits
from .policy.hasher import Hasher, NoPasswords
from .policy.permissions import Permissions
from .policy.quotas import Quotas
from .policy.throttle import Throttle
from .recorder import Recorder
from .roster import Roster
from .sessions import Session
from .state import facts
from .state.apply import apply, load
from .state.changes import Change
from .state.projection import Projection
from .state.users import User

UNDER_WAY_BYTES = 16_777_216
"""Bytes of entries under way in all; when a disk stalls, memory holds them and their commands, and no more."""


def now_ms() -> int:
    """Return the milliseconds since 1970."""
    return time_ns() // 1_000_000


class Hub:
    """Everybody who is here.

    ``timer`` calls back after seconds, ``spawn`` runs a coroutine, ``token`` makes unguessable words, ``clock`` returns
    seconds, and ``now`` the milliseconds since 1970. Without an ``admission`` no newcomer comes in, and without a
    ``hasher`` nobody by password. ``background`` runs what takes too long for a turn of the loop. Without ``limited``,
    sessions may be as fast as they can, and users make as much as they like.
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
        now: Callable[[], int] = now_ms,
        limited: bool = True,
        hasher: Hasher | None = None,
        background: Background | None = None,
    ) -> None:
        self.journal = journal
        self.timer = timer
        self.spawn = spawn
        self.token = token
        self.operator = User("operator", "operator", "operator")  # whoever manages the server on its own machine
        self.admission = admission or Admission()
        self.now = now
        self.clock = clock
        self.hasher = hasher or NoPasswords()
        self.background = background or Foreground()
        self.host_key = b""  # SHA-256 of the public key that the server shows under TLS
        self.state = Projection()
        self.directory = Directory(self.state)
        self.roster = Roster()
        self.permissions = Permissions(self.directory, self.operator, now)
        self.replay = Replay(journal, spawn, self._caught_up)
        self.guess_limits = GuessLimits(clock)
        self.quotas = Quotas(self.directory, clock, limited=limited)
        self.throttle = Throttle(timer, clock, self._proceed, limited=limited)
        self.attendance = Attendance(
            self.directory,
            self.roster,
            self.permissions,
            self.replay,
            timer=timer,
            token=token,
            throttle=self.throttle,
        )
        recorder = Recorder(self.submit, spawn)
        self.record = recorder.record
        self.propose = recorder.propose
        self.note = recorder.note
        self._expiry = Expiry(self.state, timer, now, partial(self.note, self.operator))
        self.until = recorder.until
        self._effects = Effects(self.attendance, self.directory, self.roster)
        self.claimed: Counter[str] = Counter()  # accounts under way, by what their name looks like
        self._under_way_bytes = 0
        self._crowd: dict[Session, None] = {}
        self._waiting: dict[Session, None] | None = None  # while a batch is applied: who may go on after it

    def load(self, state: State) -> None:
        """Begin with what the journal knew when it was opened."""
        self.attendance.epoch = state.epoch
        load(self.state, state)
        for entry in state.facts:
            if entry.kind == "wrong passwords" and msgspec.json.decode(entry.body, type=facts.WrongPasswordsFact).count:
                self.guess_limits.recall(entry.name, (self.now() - entry.ts) / 1000)
        self.journal.committed = self.committed
        self.journal.revised = self.revised
        self._expiry.begin()

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
        return session.allowance.left >= 1 or self.throttle.refill(session)

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
        """Let a session go on whose command is answered; after the batch, if one is being applied."""
        session.blocked = False
        if self._waiting is not None:
            self._waiting[session] = None
        else:
            self._proceed(session)

    def next_turn(self, session: Session) -> Later[bool]:
        """Let the others have their turn, and a slow reader take what it was sent; return whether it is still here.

        A handler that answers much awaits this after each part.
        """

        def begin(resume: Callable[[bool], None]) -> None:
            def look() -> None:
                if session.paused and not session.gone:
                    self.timer(PAUSED_SECONDS, look)
                else:
                    resume(not session.gone)

            self.timer(0, look)

        return Later(begin)

    def outbox_key(self, session: Session, outbox: str) -> int:
        """Return the journal's number for an outbox: another user's outbox of the same name is another one.

        Guests are told apart by the outbox alone, which nobody guesses: one that comes back is another user by then.
        """
        if session.outbox != outbox:
            author = session.user.id if session.user and not session.user.is_guest else ""
            digest = blake2b(f"{author} {outbox}".encode(), digest_size=8).digest()
            session.outbox, session.outbox_key = outbox, int.from_bytes(digest)
        return session.outbox_key

    # Applying outcomes

    def committed(self, outcomes: Sequence[Outcome]) -> None:
        """Apply a batch of outcomes in order, then tell everybody."""
        delivery = Delivery(self.state.ignored_by, self.roster.of)
        waiting: dict[Session, None] = {}
        self._waiting = waiting
        try:
            self._apply(outcomes, delivery, waiting)
        finally:
            self._waiting = None
        if self.attendance.presence.pending:
            self.attendance.presence.settle(delivery.authors())
        if self.replay.reads:
            for conversation, group in delivery.groups.items():
                self.replay.extend(conversation, [entry for entry, _ in group])
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
        """Serve nothing any more that was blanked, or that is kept no longer."""
        for conversation_id, seqs in revision.blanked.items():
            self.replay.drop(conversation_id, seqs)
        for conversation_id, floor in revision.floors.items():
            self.replay.drop_below(conversation_id, floor)
            if conversation_id in self.directory.conversations:
                conversation = self.directory.conversations[conversation_id]
                conversation.floor = max(conversation.floor, floor)

    def _apply(self, outcomes: Sequence[Outcome], delivery: Delivery, waiting: dict[Session, None]) -> None:
        """Apply outcomes, and add the sessions that may have waited for them to ``waiting``."""
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
                self._stored(pending, session, outcome.entry, outcome.changed, delivery)
            elif pending.then is None and (answer := answer_to(pending, outcome)) is not None:
                delivery.answer(session, session.rendering.answer(answer, session, pending.command))
            if pending.then is not None:
                pending.then(outcome)
            if session.stalled:
                waiting[session] = None

    def _apply_without_session(self, outcome: Outcome, pending: Pending | None, delivery: Delivery) -> None:
        """Apply and deliver what another node submitted, or what no session waits for."""
        if isinstance(outcome, Stored):
            entry = outcome.entry
            if entry.kind in FACTS:
                self._follow(apply(self.state, entry), None)
            if entry.kind in CHANGES and (of := said(entry).of) is not None:
                delivery.changed.append((entry.conversation, (of, *outcome.changed)))
            conversation = self.state.conversations.get(entry.conversation) or self.attendance.pair_of(entry)
            if conversation is not None and entry.seq > conversation.head:
                delivery.add(conversation, entry, None)
        if pending is not None and pending.then is not None:
            pending.then(outcome)

    def _stored(
        self, pending: Pending, session: Session, entry: events.Entry, changed: tuple[int, ...], delivery: Delivery
    ) -> None:
        if entry.kind in FACTS:
            self._follow(apply(self.state, entry), session)
        if pending.of is not None and entry.kind in CHANGES:
            delivery.changed.append((entry.conversation, (pending.of, *changed)))
        conversation = self.state.conversations.get(entry.conversation)
        if conversation is not None:
            if entry.seq > conversation.head:  # behind the fact that makes a removed room again, a room begins
                delivery.add(conversation, entry, None if pending.kind in ECHOED else session)
        elif entry.conversation != SERVER_LOG and (conversation := self.attendance.pair_of(entry)) is not None:
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

    # Sessions that are slow

    def pause(self, session: Session) -> None:
        """Note that a session's buffer is full: from now on it is behind."""
        session.paused = True
        session.places.fall_behind()

    def drain(self, session: Session) -> None:
        """Note that a session's buffer has room again."""
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
            self.attendance.presence.inform(session)
        session.tell(events.Live())


async def _fail(error: Exception) -> None:
    """Let whoever runs what is spawned log an error that belongs to no connection."""
    raise error
