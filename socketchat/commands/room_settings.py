"""The settings of a room, and who has a voice in it."""

from __future__ import annotations

from ..exceptions import Refused, TooLong
from ..hub import Action, Hub, Session
from ..hub.proposals import why_not
from ..hub.state import facts
from ..hub.state.conversations import Room
from ..journal import Conflict, Stored
from ..protocol import commands, events
from ..protocol.names import check_room
from ..protocol.text.durations import in_full, in_words
from .handler import OK, Answer
from .moderation import Moderating, begin
from .rooms import looks_like

SLOW_SECONDS = 21_600
"""Longest time between two messages in a slow room: six hours; with more, it should be for announcements."""

SHOWN_NAMES = 500
"""Most names of users with one role in an answer: even the longest stay under the limit for a line."""


async def settings(hub: Hub, session: Session, command: commands.Settings) -> Answer:
    """Show the settings of a room, or change them."""
    act = begin(hub, session, command.room)
    if command.announce is None and command.slow is None and command.name is None:
        session.answer(_described(hub, act.room, command.id), command)
        return OK
    hub.permissions.check(act.actor, Action.MODERATE, act.room)
    if command.announce is not None:
        await _announce(act, on=command.announce)
    if command.slow is not None:
        await _slow_down(act, command.slow)
    if command.name is not None:
        await _rename(act, check_room(command.name))
    return OK


async def voice(hub: Hub, session: Session, command: commands.Voice) -> Answer:
    """Give a user a voice."""
    act = begin(hub, session, command.room)
    other = hub.permissions.user(act.actor, command.name)
    if other.is_guest and not act.room.has_member(other):
        raise Refused(f"{other.name} is a guest, who can have a voice only in a room, while there.")
    if act.room.has_voice(other) or (hub.permissions.has_voice(other, act.room) and not session.rendering.invites):
        raise Refused(f"{other.name} may write in {act.room.name} already.")
    if other.is_guest:
        act.room.guest_voices.add(other.id)
        act.changed(events.Changed(conversation=act.room.id, by=act.actor.name, user=other.name, voice=True))
        return OK
    hub.quotas.check_voice(act.room)
    await act.record(act.fact("voice", other), f"gave {other.name} a voice in {act.room.name}")
    return OK


async def unvoice(hub: Hub, session: Session, command: commands.Unvoice) -> Answer:
    """Take a user's voice away."""
    act = begin(hub, session, command.room)
    other = hub.permissions.user(act.actor, command.name)
    if not act.room.has_voice(other):
        raise Refused(f"{other.name} has no voice in {act.room.name}.")
    if other.is_guest:
        act.room.guest_voices.discard(other.id)
        act.changed(events.Changed(conversation=act.room.id, by=act.actor.name, user=other.name, voice=False))
        return OK
    await act.record(act.fact("unvoice", other), f"took {other.name}'s voice in {act.room.name} away")
    return OK


async def _announce(act: Moderating, *, on: bool) -> None:
    room = act.room
    if room.is_announce == on:
        raise Refused(f"{room.name} is {'' if on else 'not '}for announcements already.")
    who = "only moderators and users with a voice" if on else "everyone"
    await act.record(facts.ActFact("announce" if on else "unannounce", room.id), f"let {who} write in {room.name}")


async def _slow_down(act: Moderating, seconds: int) -> None:
    room = act.room
    if seconds > SLOW_SECONDS:
        raise TooLong(f"Too long: {in_words(seconds)}; the limit for a slow room is {in_words(SLOW_SECONDS)}.")
    if room.slow == seconds:
        raise Refused(f"{room.name} is {f'at {in_full(seconds)}' if seconds else 'not slow'} already.")
    pace = f"one message every {in_full(seconds)}"
    what = f"slowed {room.name} down: {pace}" if seconds else f"ended the slow mode of {room.name}"
    await act.record(facts.ActFact("slow" if seconds else "unslow", room.id, seconds=seconds), what)


async def _rename(act: Moderating, name: str) -> None:
    """Give the room another name, if no other room has or had it, or one that looks like it."""
    hub, room = act.hub, act.room
    hub.permissions.check(act.actor, Action.GOVERN, room)
    if room.is_lobby:
        raise Refused("The lobby keeps its name.")
    if name == room.name:
        raise Refused(f"{name} is the name of this room already.")
    hub.permissions.check_speaks(act.actor, hub.directory.lobby)  # everyone reads room names
    if hub.directory.room_lookalike(name) not in {None, room}:
        raise looks_like(hub, act.actor, name)
    if name not in room.former:
        hub.quotas.check_rename(room, act.actor)
    former = room.name
    outcome = await hub.propose(
        act.session,
        "renamed room",
        facts.RenamedRoomFact(room.id, name),
        claims=hub.state.rename_claims(room, name),
    )
    if isinstance(outcome, Conflict):  # another room was first
        raise looks_like(hub, act.actor, name)
    if not isinstance(outcome, Stored):
        raise why_not(outcome)
    act.tell(room.id, events.Text(f"{act.actor.name} renamed {former} to {name}."))


def _described(hub: Hub, room: Room, command_id: int | None) -> events.Settings:
    """Return the settings of a room, with the names of users that still have an account."""
    users = hub.directory.users
    owner = users.get(room.owner)

    def names(ids: set[str]) -> list[str]:
        return sorted((users[each].name for each in ids if each in users), key=str.casefold)[:SHOWN_NAMES]

    return events.Settings(
        conversation=room.id,
        room=room.name,
        topic=room.topic,
        owner=owner.name if owner is not None else "",
        moderators=names(room.moderators),
        voiced=names(room.voiced),
        private=room.is_private,
        announce=room.is_announce,
        slow=room.slow,
        former=room.former,
        id=command_id,
    )
