"""Rooms: creating, joining, leaving and listing them, and their topics."""

from __future__ import annotations

from hmac import compare_digest

from ..exceptions import NameTaken, NotAMember, Refused, TooLong, WrongKey
from ..hub import Action, Hub, Session, User
from ..hub.proposals import why_not
from ..hub.state import facts
from ..hub.state.conversations import Room
from ..journal import SERVER_LOG, Conflict, Stored
from ..protocol import commands, events
from ..protocol.conversations import room_id
from ..protocol.names import check_room
from ..protocol.text.hygiene import clean_line
from .handler import ANSWERED, OK, Answer
from .messages import farewell, speaker

TOPIC_BYTES = 512
"""Longest topic: it is one line above a conversation."""

ROOMS_PER_EVENT = 200
"""Rooms in one line of an answer: 200 of the longest topics stay under the limit for a line."""

LOOKED_AT_PER_TURN = 20_000
"""Rooms and members processed in one turn of the loop, plus one room: a few milliseconds."""


async def join(hub: Hub, session: Session, command: commands.Join) -> Answer:
    """Join a room and make it the session's current one; create the room if it does not exist."""
    user = speaker(session)
    room = await _found_or_made(hub, session, command.room)
    hub.permissions.check(user, Action.JOIN, room)
    if not room.has_member(user):
        _check_key(user, room, command.key)
        hub.quotas.check_membership(user)
        await _set_member(hub, session, room, member=True)
        room = hub.permissions.room(user, room.id)  # it may have been removed meanwhile
    elif session.rendering.follows:
        hub.subscriptions.hear(session, room)
        session.answer(room.described_to(user), command)
    hub.subscriptions.move(session, room)
    return OK


def _check_key(user: User, room: Room, key: str) -> None:
    """Raise WrongKey if a room has another key, unless the user is expected."""
    wanted = room.modes.settings.get("key")
    if wanted is None or user.id in {room.owner, *room.invited, *room.guest_invited} or room.has_moderator(user):
        return
    if not compare_digest(wanted.encode(), key.encode()):
        raise WrongKey(f"{room.name} needs a key to join; ask its members for it.")


async def leave(hub: Hub, session: Session, command: commands.Leave) -> Answer:
    """End the user's membership."""
    user = speaker(session)
    room = hub.permissions.room(user, command.room)
    if room.is_lobby:
        raise Refused(f"You cannot leave {room.name}; /quit leaves the chat.")
    if not room.has_member(user):
        raise NotAMember(f"You are not in {room.name}.")
    await _set_member(hub, session, room, member=False, reason=farewell(hub, session, command.reason))
    return OK


async def rooms(hub: Hub, session: Session, command: commands.Rooms) -> Answer:
    """List the rooms by name."""
    user = speaker(session)
    rooms = sorted(hub.directory.rooms.values(), key=lambda room: room.id)
    lines: list[events.Room] = []
    start = looked_at = 0
    for room in rooms:
        looked_at += 1 + min(len(room.members), len(hub.online.present))
        hidden = hub.permissions.is_hidden(room) and not room.has_member(user)
        if hub.permissions.may(user, Action.SEE, room) and not (hidden and not room.is_closed):
            lines.append(_described(hub, user, room))
        if len(lines) == ROOMS_PER_EVENT or looked_at > LOOKED_AT_PER_TURN or room is rooms[-1]:
            if lines:
                session.answer(events.Rooms(rooms=lines, id=command.id, start=start), command)
            start += len(lines)
            lines, looked_at = [], 0
            if room is not rooms[-1] and not await hub.next_turn(session):
                return ANSWERED
    return OK


async def topic(hub: Hub, session: Session, command: commands.Topic) -> Answer:
    """Show the topic of a room, or store a new one as an entry of the room."""
    user = speaker(session)
    room = hub.permissions.room(user, command.room)
    if command.text is None:
        session.answer(events.Topic(room=room.name, text=room.topic, id=command.id), command)
        return OK
    hub.permissions.check(user, Action.TITLE, room)
    text = command.text.strip()
    if len(text) <= TOPIC_BYTES:  # cleaning may lengthen it, and is slow for long texts
        text = clean_line(text).strip()
    if (size := len(text.encode())) > TOPIC_BYTES:
        raise TooLong(f"Too long: {size:,} bytes; the limit for a topic is {TOPIC_BYTES}.")
    entry = await hub.record(session, "topic", events.Text(text), conversation=room.id)
    return Answer(room.id, entry.seq)


def room_named(hub: Hub, user: User, name: str) -> Room | None:
    """Return the room with this name, or None if the user sees none."""
    room = hub.directory.room_named(name) if name.startswith("#") else None
    return room if room is not None and hub.permissions.may(user, Action.SEE, room) else None


async def _found_or_made(hub: Hub, session: Session, name: str) -> Room:
    """Return the room with this name; create it if the user sees none."""
    user, asked, name = speaker(session), name, check_room(name)
    room = hub.directory.room_named(name)
    if room is not None and hub.permissions.may(user, Action.SEE, room):
        return room
    hub.permissions.check_speaks(user, hub.directory.lobby)  # everyone reads room names
    hub.quotas.check_membership(user)
    hub.quotas.check_room(user, session.channel.peer)
    if room is not None:  # probing for a room costs as much as creating it
        return hub.permissions.room(user, asked)
    return await make_room(hub, session, name)


async def make_room(hub: Hub, session: Session, name: str) -> Room:
    """Create a room, or return it if another user was first; raises NameTaken if it looks like another room."""
    user = speaker(session)
    if hub.directory.room_lookalike(name) is not None:
        raise looks_like(hub, user, name)
    where = room_id(name) if hub.state.removals[room_id(name)] else SERVER_LOG  # a removed room continues its log
    claims = hub.state.room_claims(name)
    outcome = await hub.propose(session, "room", facts.RoomFact(name), conversation=where, claims=claims)
    made = hub.directory.room_named(name)
    if made is not None and isinstance(outcome, Stored | Conflict):  # a conflict: another user was first
        return made
    raise looks_like(hub, user, name) if isinstance(outcome, Conflict) else why_not(outcome)


def looks_like(hub: Hub, user: User, name: str) -> NameTaken:
    """Return the error for a new room that looks like another one; do not name a room that the user may not see."""
    room = hub.directory.room_lookalike(name)
    if room is not None and hub.permissions.may(user, Action.SEE, room):
        return NameTaken(f"{name!r} looks like {room.name!r}. Join that room, or choose another name.")
    return NameTaken(f"{name!r} looks like another room; choose another name.")


async def _set_member(hub: Hub, session: Session, room: Room, *, member: bool, reason: str = "") -> None:
    """Store a membership; a guest's ends with the connection and is not stored."""
    user = speaker(session)
    if not user.is_guest:
        await hub.record(session, "member", facts.MemberFact(room.id, user.id, member, reason))
    elif member:
        hub.subscriptions.admit(user, room, session)
    else:
        hub.subscriptions.dismiss(user, room, reason=reason)


def _described(hub: Hub, user: User, room: Room) -> events.Room:
    """Return a room's line in the list; for a room that the user may not read, only its name."""
    if not hub.permissions.may(user, Action.READ, room):
        return events.Room(room.name, 0)
    online, is_member = hub.online.count(room), room.has_member(user)
    return events.Room(room.name, online, room.topic, is_member, announce=room.is_announce, slow=room.slow)
