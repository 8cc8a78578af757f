"""Presence: reports joins and leaves, at most once in 50 ms, and sends snapshots to sessions that missed some."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Protocol

from ...protocol import events
from ...protocol.events import Person, Why
from ...protocol.limits import PRESENCE_NAMES
from ..audience import Audience
from ..directory import Directory
from ..online import Online
from ..sessions import Rendering, Session
from ..state.conversations import Room
from ..state.users import User
from .watching import Watching

COALESCE_SECONDS = 0.05
"""Time between reports: the return of 1,000 clients takes twenty lines a second, and users do not notice the delay."""

PEOPLE_PER_EVENT = 500
"""Users in one line of a snapshot: with the longest names, at four bytes a character, the line is 80 KB."""

_UNDONE_BY: dict[Why, tuple[Why, ...]] = {
    "joined": ("left", "kicked"),
    "online": ("offline",),
    "left": ("joined",),
    "kicked": ("joined",),
    "offline": ("online",),
}
"""Reasons that are not reported if the opposite follows before the report."""

_OF_MEMBERS: tuple[Why, ...] = ("online", "offline")


class Timer(Protocol):
    """Calls back later: an event loop, or a clock that a test advances."""

    def __call__(self, seconds: float, callback: Callable[[], None], /) -> object:
        """Call ``callback`` after this many seconds."""


class Changes:
    """The users who appeared and disappeared since the last report to an audience."""

    def __init__(self) -> None:
        self.appeared: dict[str, tuple[User, Why, str, str]] = {}  # by the user's id
        self.disappeared: dict[str, tuple[User, Why, str, str]] = {}  # by the key of the name
        self.newcomers: dict[Session, None] = {}

    def appear(self, user: User, why: Why) -> None:
        """Note that a user appeared."""
        before = self.disappeared.pop(user.key, None)
        if before is None or before[1] not in _UNDONE_BY[why]:
            self.appeared[user.id] = (user, why, "", "")

    def disappear(self, user: User, why: Why, reason: str = "", by: str = "") -> None:
        """Note that a user disappeared."""
        before = self.appeared.pop(user.id, None)
        if before is None or before[1] not in _UNDONE_BY[why]:
            self.disappeared[user.key] = (user, why, reason, by)

    def offline(self) -> set[str]:
        """Return the ids of the users who went offline."""
        return {user.id for user, why, _, _ in self.disappeared.values() if why == "offline"}

    def event(
        self, room: str | None, total: int, *, shows_members: bool, without: Container[str] = ()
    ) -> events.Presence | None:
        """Return the event to send, if any; ``without`` are the ids of users to leave out."""
        shown: list[list[Person]] = []
        for changes in (self.appeared, self.disappeared):
            people = [
                Person(user=user.id, name=user.name, why=why, reason=reason, by=by)
                for user, why, reason, by in changes.values()
            ]
            if room is not None and not shows_members:
                people = [person for person in people if person.why not in _OF_MEMBERS]
            shown.append(people)
        appeared, disappeared = shown
        if without:
            appeared = [person for person in appeared if person.user not in without]
            disappeared = [person for person in disappeared if person.user not in without]
        if not appeared and not disappeared:
            return None
        most = len(self.appeared) + len(self.disappeared) if shows_members else PRESENCE_NAMES
        many = len(appeared) > most or len(disappeared) > most
        return events.Presence(
            appeared=appeared[:most],
            disappeared=disappeared[:most],
            appeared_count=len(appeared) if many else 0,
            disappeared_count=len(disappeared) if many else 0,
            room=room,
            total=total,
        )


class Presence:
    """Collects changes per room (None: the chat), and reports the first immediately, the next ones together.

    ``listeners`` are the sessions that hear the reports about the chat.
    """

    def __init__(self, timer: Timer, directory: Directory, online: Online) -> None:
        self.listeners = Audience()
        self._timer = timer
        self._directory = directory
        self._online = online
        self.watching = Watching()
        self.pending: dict[str | None, Changes] = {}
        self._uninformed: dict[Session, None] = {}
        self._resting = False
        self._shows = False

    def came(self, user: User, session: Session, room: str | None = None) -> None:
        """Report that a user came online or joined a room, except to ``session``, which already knows."""
        before = self.pending.get(room, Changes()).disappeared.get(user.key)
        if before is not None and before[0] is not user:
            self._flush()  # the former user of the name has to leave first
        for place in self._places(user, room):
            changes = self.pending.setdefault(place, Changes())
            changes.appear(user, "online" if room is None else "joined")
            changes.newcomers[session] = None
        if room is None:
            self.watching.tell(user, user.name, online=True)
        self._wake()

    def went(
        self, user: User, room: str | None = None, *, kicked: bool = False, reason: str = "", by: str = ""
    ) -> None:
        """Report that a user went offline, left a room or was kicked."""
        why: Why = "offline" if room is None else "kicked" if kicked else "left"
        for place in self._places(user, room):
            self.pending.setdefault(place, Changes()).disappear(user, why, reason, by)
        if room is None:
            self.watching.tell(user, user.name, online=False)
        self._wake()

    def inform(self, session: Session) -> None:
        """Send a snapshot to a session that may have missed reports."""
        self._uninformed[session] = None
        if not self._shows:
            self._shows = True
            self._timer(0, self._show)

    def tell_about(self, user: User, event: events.Event, *, own: bool = True) -> None:
        """Tell an event about a user to the sessions that see the user: those in the chat, and in the user's rooms.

        The user's ``own`` sessions are told in any case, or not.
        """
        heard = [self.listeners, *(room.audience for room in self._directory.rooms_of(user))]
        told = set(self._online.of(user))
        for session in told if own else ():
            session.tell(event)
        for rendering in {rendering for audience in heard for rendering in audience}:
            data = rendering.event(event)
            for audience in heard if data else ():
                for session, places in audience.get(rendering, {}).items():
                    if session not in told and not places.is_behind:
                        told.add(session)
                        session.write(data)
        for session in self.watching.of(user):
            if session not in told and session.rendering.tells_watched:
                session.tell(event)

    def invited(self, by: User, user: User, room: Room) -> None:
        """Tell a user's sessions about an invitation, and those in the room that want to know."""
        event = events.Invited(conversation=room.id, by=by.name, name=user.name)
        for session in self._online.of(user):
            if session.listens:
                session.tell(event)
        for rendering, sessions in room.audience.items():
            if data := rendering.event(event) if rendering.invites else b"":
                for session in sessions:
                    if session.user is not user and session.user is not by:
                        session.write(data)

    def report(self) -> None:
        """Send all pending reports now, for a session that asks for everything that happened before."""
        if self.pending:
            self._flush()

    def settle(self, user_ids: Iterable[str]) -> None:
        """Send pending reports if one of these users just came, so that users join before their first message."""
        if self.pending and any(not changes.appeared.keys().isdisjoint(user_ids) for changes in self.pending.values()):
            self._flush()

    def _places(self, user: User, room: str | None) -> list[str | None]:
        """Return the audiences of a change; a change in the chat is also reported in the user's rooms."""
        if room is not None:
            return [room]
        shown = [each for each in user.rooms if any(rendering.shows_members for rendering in self._audience_of(each))]
        return [None, *shown]

    def _audience_of(self, room: str | None) -> Audience:
        if room is None:
            return self.listeners
        found = self._directory.rooms.get(room)
        return found.audience if found is not None else Audience()  # a removed room has no audience

    def _wake(self) -> None:
        if not self._resting:
            self._resting = True
            self._timer(0, self._rest_over)

    def _rest_over(self) -> None:
        self._resting = bool(self.pending)
        if self._resting:
            self._flush()
            self._timer(COALESCE_SECONDS, self._rest_over)

    def _flush(self) -> None:
        pending, self.pending = self.pending, {}
        gone: dict[Session, set[str]] = {}
        for room, changes in pending.items():
            if changes.appeared or changes.disappeared:
                self._tell(room, changes, gone)

    def _tell(self, room: str | None, changes: Changes, gone: dict[Session, set[str]]) -> None:
        """Report changes; ``gone`` maps sessions to the users whose going offline was reported to them already."""
        offline = changes.offline()
        total = len(self._online.present)
        for rendering, sessions in self._audience_of(room).items():
            event = changes.event(room, total, shows_members=rendering.shows_members)
            if event is None:
                continue
            data = rendering.event(event)
            for session, places in sessions.items():
                if places.is_behind:
                    places.missed_presence = True
                elif rendering.shows_members and (without := _known(session, changes, offline, gone)):
                    others = changes.event(room, total, shows_members=True, without=without)
                    if others is not None:
                        session.tell(others)
                elif session not in changes.newcomers or event.appeared_count:
                    session.write(data)
                else:
                    without = {session.user.id} if session.user is not None else set()
                    others = changes.event(room, total, shows_members=rendering.shows_members, without=without)
                    if others is not None:
                        session.tell(others)

    def _show(self) -> None:
        """Send snapshots to the sessions that missed reports; the list is encoded once per rendering."""
        self._shows = bool(self._uninformed)
        if self._shows:
            self._timer(COALESCE_SECONDS, self._show)
        uninformed, self._uninformed = self._uninformed, {}
        data: dict[Rendering, list[bytes]] = {}
        for session in uninformed:
            if session.places.is_behind:
                session.places.missed_presence = True
                continue
            if session.rendering not in data:
                data[session.rendering] = [session.rendering.event(event) for event in self._snapshot()]
            for line in data[session.rendering]:
                session.write(line)

    def _snapshot(self) -> list[events.Presence]:
        people = [Person(user=user.id, name=user.name) for user in self._online.present.values()]
        return [
            events.Presence(online=people[start : start + PEOPLE_PER_EVENT], start=start, total=len(people))
            for start in range(0, max(1, len(people)), PEOPLE_PER_EVENT)
        ]


def _known(session: Session, changes: Changes, offline: set[str], gone: dict[Session, set[str]]) -> set[str]:
    """Return the users whom a report to a session omits: its own, and those in another room's report already."""
    before = gone.get(session, set())
    if offline:
        gone[session] = before | offline
    own = {session.user.id} if session.user is not None and session.user.id in changes.appeared else set()
    return own | (before & offline)
