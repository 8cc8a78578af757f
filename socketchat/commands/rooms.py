"""Rooms: making, entering, leaving and listing them, and their topics."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ..exceptions import ChatError, NotAMember, Refused, TooLong
from ..hub import Action, Hub, Pending, Session, User
from ..hub.state import facts
from ..hub.state.conversations import Room
from ..journal import SERVER_LOG, Conflict, Outcome, Stored
from ..protocol import commands, events
from ..protocol.conversations import room_id
from ..protocol.names import check_room
from ..protocol.text.hygiene import clean_line
from .chat import speaker

TOPIC_BYTES = 512
"""A topic is one line above a conversation."""

ROOMS_PER_EVENT = 200
"""Rooms in one line of an answer: 200 of the longest topics stay under the limit of a line."""


def join(hub: Hub, session: Session, command: commands.Join) -> None:
    """Make the user a member, and the room too where there is none."""
    name = check_room(command.room)
    user = speaker(session)
    room = hub.directory.rooms.get(room_id(name))
    if room is not None and hub.permissions.may(user, Action.SEE, room):
        _enter(hub, session, command, room)
        return

    hub.caps.check_membership(user)
    hub.caps.check_room(user, session.channel.peer)
    if room is not None:  # to try whether a room is there costs as much as to make it
        hub.permissions.room(user, command.room)

    def decided(outcome: Outcome) -> None:
        if session.gone:
            return
        made = hub.directory.rooms.get(room_id(name))
        if made is not None and isinstance(outcome, Stored | Conflict):
            try:
                _enter(hub, session, command, made)
            except ChatError as error:
                session.refuse(error, command.id)
        else:
            session.refuse(hub.why_not(outcome), command.id, retry=True)

    _store_fact(hub, session, "room", facts.RoomFact(name), decided, claims=(f"room:{room_id(name)}",))


def leave(hub: Hub, session: Session, command: commands.Leave) -> None:
    """End the user's membership."""
    user = speaker(session)
    room = hub.permissions.room(user, command.room)
    if room.is_lobby:
        raise Refused(f"Nobody leaves {room.name}; /quit leaves the chat.")
    if user.id not in room.members:
        raise NotAMember(f"You are not in {room.name}.")

    def left() -> None:
        hub.attendance.dismiss(user, room)
        _ok(session, command)

    _change_membership(hub, session, command, room, left, member=False)


def rooms(hub: Hub, session: Session, command: commands.Rooms) -> None:
    """List the rooms by name."""
    user = speaker(session)
    lines = [
        _described(hub, user, room)
        for room in sorted(hub.directory.rooms.values(), key=lambda room: room.id)
        if hub.permissions.may(user, Action.SEE, room)
    ]
    for start in range(0, len(lines), ROOMS_PER_EVENT):
        session.tell(events.Rooms(rooms=lines[start : start + ROOMS_PER_EVENT], id=command.id))
    _ok(session, command)


def _described(hub: Hub, user: User, room: Room) -> events.Room:
    """Return the line of a room in the list; of one that the user may not read it tells the name only."""
    if not hub.permissions.may(user, Action.READ, room):
        return events.Room(room.name, 0)
    is_member = room.is_lobby or user.id in room.members
    return events.Room(room.name, len(hub.attendance.online(room)), room.topic, is_member)


def topic(hub: Hub, session: Session, command: commands.Topic) -> None:
    """Tell the topic of a room, or store a new one as an entry of the room."""
    user = speaker(session)
    room = hub.permissions.room(user, command.room)
    if command.text is None:
        hub.permissions.check(user, Action.READ, room)
        session.tell(events.Topic(room=room.name, text=room.topic, id=command.id))
        _ok(session, command)
        return
    hub.permissions.check(user, Action.TITLE, room)
    text = clean_line(command.text).strip()
    if len(text.encode()) > TOPIC_BYTES:
        raise TooLong(f"A topic has at most {TOPIC_BYTES} bytes.")

    def stored(outcome: Outcome) -> None:
        if isinstance(outcome, Stored):
            if command.id is not None:
                session.tell(events.Ok(id=command.id, conversation=room.id, seq=outcome.entry.seq))
        else:
            session.refuse(hub.why_not(outcome), command.id, retry=True)

    body = msgspec.json.encode(events.Text(text))
    hub.submit(Pending(room.id, user, "topic", body, session=session, then=stored))


def _enter(hub: Hub, session: Session, command: commands.Join, room: Room) -> None:
    """Make the user a member where that is needed, and the room the session's current one."""
    user = speaker(session)
    hub.permissions.check(user, Action.JOIN, room)

    def arrived() -> None:
        hub.attendance.move(session, room)
        _ok(session, command)

    def admitted() -> None:
        hub.attendance.admit(user, room, session)
        arrived()

    if not room.is_lobby and user.id not in room.members:
        hub.caps.check_membership(user)
        _change_membership(hub, session, command, room, admitted, member=True)
        return
    if session.rendering.follows:
        session.tell(room.described_to(user))
    arrived()


def _change_membership(
    hub: Hub, session: Session, command: commands.Command, room: Room, done: Callable[[], None], *, member: bool
) -> None:
    """Store a membership, then call ``done``; that of a guest ends with the connection and is not stored."""
    user = speaker(session)
    if user.is_guest:
        done()
        return

    def decided(outcome: Outcome) -> None:
        if isinstance(outcome, Stored):
            done()
        else:
            session.refuse(hub.why_not(outcome), command.id, retry=True)

    _store_fact(hub, session, "member", facts.MemberFact(room.id, user.id, member), decided)


def _store_fact(
    hub: Hub,
    session: Session,
    kind: str,
    body: msgspec.Struct,
    then: Callable[[Outcome], None],
    *,
    claims: tuple[str, ...] = (),
) -> None:
    hub.submit(
        Pending(
            SERVER_LOG,
            speaker(session),
            kind,
            facts.encode(body),
            session=session,
            claims=claims,
            then=then,
        )
    )


def _ok(session: Session, command: commands.Command) -> None:
    if command.id is not None:
        session.tell(events.Ok(id=command.id))
