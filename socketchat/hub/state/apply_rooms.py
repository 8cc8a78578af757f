"""Applies facts to rooms: members, topics, roles, settings, bans and mutes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...exceptions import Banned, Kicked
from ...protocol.events import Changed, Entry, Text
from ...protocol.text.durations import in_words
from . import facts
from .changes import Admitted, Change, Dismissed, MadePrivate, RoomChanged, RoomRemoved, ShutOut
from .conversations import Room
from .projection import Projection
from .restrictions import Restriction, as_stored
from .room_modes import NO_MODES, Modes
from .users import User


def make_room(state: Projection, entry: Entry, fact: facts.RoomFact) -> Sequence[Change]:
    """Add a room, owned by its author; a room of a removed one's name continues that log, after its old entries."""
    if entry.conversation in state.rooms:  # a damaged store lost the fact that removed it
        _empty_and_remove(state, state.rooms[entry.conversation])
    room = state.add_room(fact.name, entry.author)
    room.since = room.made = entry.ts
    if entry.conversation == room.id:
        room.begin_after(entry.seq)
    return ()


def remove_room(state: Projection, entry: Entry, fact: facts.RemovedRoomFact) -> Sequence[Change]:
    """Remove a room with its members and roles; with ``expires``, only if it is still unused."""
    room = state.rooms.get(entry.conversation)
    if room is None or room.is_lobby or (fact.expires and not _is_unused(room, entry, fact)):
        return ()
    members = _empty_and_remove(state, room)
    room.head = entry.seq
    why = f"{room.name} was unused and has expired." if fact.expires else f"The operator removed {room.name}."
    return [*(Dismissed(user, room, why) for user in members), RoomRemoved(room, why)]


def rename_room(state: Projection, entry: Entry, fact: facts.RenamedRoomFact) -> Sequence[Change]:
    """Give a room another name, unless another room has it."""
    room = state.rooms.get(fact.room)
    if room is None or room.is_lobby or state.room_named(fact.name) not in {None, room}:
        return ()
    former = room.name
    state.rename_room(room, fact.name)
    return _changed(room, entry, name=fact.name, former=former)


def _is_unused(room: Room, entry: Entry, fact: facts.RemovedRoomFact) -> bool:
    """Tell whether a room has no entry before this one, and no members, or the same as when the fact was proposed."""
    return entry.seq == room.began + 1 and (room.since == fact.since if fact.since else not room.members)


def _empty_and_remove(state: Projection, room: Room) -> list[User]:
    """Remove a room, and return its members."""
    members = list(room.members.values())
    for user in members:
        state.set_member(user, room, member=False)
    state.remove_room(room)
    return members


def set_member(state: Projection, entry: Entry, fact: facts.MemberFact) -> Sequence[Change]:
    """Make an account a member of a room, or end its membership."""
    user, room = state.users.get(fact.user), state.rooms.get(fact.room)
    if user is None or room is None or not state.set_member(user, room, member=fact.member):
        return ()
    room.since = entry.ts
    return [Admitted(user, room) if fact.member else Dismissed(user, room, "", fact.reason)]


def set_topic(state: Projection, entry: Entry, fact: Text) -> Sequence[Change]:
    """Replace the topic of a room."""
    room = state.rooms.get(entry.conversation)
    if room is not None:
        room.topic, room.topic_by, room.topic_at = fact.text, entry.name, entry.ts
    return ()


def act(state: Projection, entry: Entry, fact: facts.ActFact) -> Sequence[Change]:
    """Apply an act of a moderator, an owner or the operator; ignore unknown acts."""
    room, change = state.rooms.get(fact.room), ACTS.get(fact.act)
    return () if room is None or change is None else change(state, room, entry, fact)


def _changed(room: Room, entry: Entry, **what: Any) -> Sequence[Change]:
    """Return the change of a setting, or of a role of a user."""
    return [RoomChanged(room, Changed(conversation=room.id, by=entry.name, **what))]


def _make_owner(_state: Projection, room: Room, entry: Entry, fact: facts.ActFact) -> Sequence[Change]:
    room.owner = fact.user
    room.moderators.discard(fact.user)
    return _changed(room, entry, user=fact.name, owner=True)


def _make_moderator(_state: Projection, room: Room, entry: Entry, fact: facts.ActFact) -> Sequence[Change]:
    room.moderators.add(fact.user)
    return _changed(room, entry, user=fact.name, moderator=True)


def _remove_moderator(_state: Projection, room: Room, entry: Entry, fact: facts.ActFact) -> Sequence[Change]:
    room.moderators.discard(fact.user)
    return _changed(room, entry, user=fact.name, moderator=False)


def _give_voice(state: Projection, room: Room, entry: Entry, fact: facts.ActFact) -> Sequence[Change]:
    if fact.user not in state.users:  # the account was deleted meanwhile
        return ()
    room.voiced.add(fact.user)
    return _changed(room, entry, user=fact.name, voice=True)


def _take_voice(_state: Projection, room: Room, entry: Entry, fact: facts.ActFact) -> Sequence[Change]:
    room.voiced.discard(fact.user)
    return _changed(room, entry, user=fact.name, voice=False)


def _make_private(_state: Projection, room: Room, entry: Entry, _fact: facts.ActFact) -> Sequence[Change]:
    room.is_private = True
    left = MadePrivate(room, f"{entry.name} made {room.name} private.")
    return [left, *_changed(room, entry, private=True)]


def _make_public(_state: Projection, room: Room, entry: Entry, _fact: facts.ActFact) -> Sequence[Change]:
    room.is_private = False
    return _changed(room, entry, private=False)


def _announce(_state: Projection, room: Room, entry: Entry, _fact: facts.ActFact) -> Sequence[Change]:
    room.restrain(announce=True)
    return _changed(room, entry, announce=True)


def _unannounce(_state: Projection, room: Room, entry: Entry, _fact: facts.ActFact) -> Sequence[Change]:
    room.restrain(announce=False)
    return _changed(room, entry, announce=False)


def _slow_down(_state: Projection, room: Room, entry: Entry, fact: facts.ActFact) -> Sequence[Change]:
    room.restrain(slow=fact.seconds)
    return _changed(room, entry, slow=fact.seconds)


def _set(_state: Projection, room: Room, entry: Entry, fact: facts.ActFact) -> Sequence[Change]:
    value = fact.reason if fact.act == "set" else None
    _modes(room).set(fact.name, value)
    room.restrain()
    return _changed(room, entry, setting=fact.name, value=value)


def _mask(_state: Projection, room: Room, entry: Entry, fact: facts.ActFact) -> Sequence[Change]:
    lifted = fact.act == "unmask"
    if lifted:
        _modes(room).lift_mask(fact.name, fact.reason)
    else:
        _modes(room).set_mask(fact.name, fact.reason, entry.name, entry.ts)
    room.restrain()
    return _changed(room, entry, kind=fact.name, mask=fact.reason, lifted=lifted)


def _modes(room: Room) -> Modes:
    """Return the modes of a room, to change them."""
    if room.modes is NO_MODES:
        room.modes = Modes()
    return room.modes


def _invite(_state: Projection, room: Room, _entry: Entry, fact: facts.ActFact) -> Sequence[Change]:
    room.invited.add(fact.user)
    return ()


def _mute(state: Projection, room: Room, entry: Entry, fact: facts.ActFact) -> Sequence[Change]:
    state.restrict(room, room.mutes, restriction(fact, entry.ts), entry.ts)
    return ()


def _unmute(_state: Projection, room: Room, _entry: Entry, fact: facts.ActFact) -> Sequence[Change]:
    room.mutes.lift(as_stored(fact.subjects, fact.name))
    return ()


def _unban(_state: Projection, room: Room, _entry: Entry, fact: facts.ActFact) -> Sequence[Change]:
    room.bans.lift(as_stored(fact.subjects, fact.name))
    return ()


def _ban(state: Projection, room: Room, entry: Entry, fact: facts.ActFact) -> Sequence[Change]:
    state.restrict(room, room.bans, restriction(fact, entry.ts), entry.ts)
    return _shut_out(state, room, entry, fact, Banned.code, _why(room, entry, fact, "banned"))


def _kick(state: Projection, room: Room, entry: Entry, fact: facts.ActFact) -> Sequence[Change]:
    return _shut_out(state, room, entry, fact, Kicked.code, _why(room, entry, fact, "kicked"))


ACTS: dict[str, Callable[[Projection, Room, Entry, facts.ActFact], Sequence[Change]]] = {
    "owner": _make_owner,
    "mod": _make_moderator,
    "unmod": _remove_moderator,
    "voice": _give_voice,
    "unvoice": _take_voice,
    "announce": _announce,
    "unannounce": _unannounce,
    "slow": _slow_down,
    "unslow": _slow_down,
    "private": _make_private,
    "public": _make_public,
    "set": _set,
    "unset": _set,
    "mask": _mask,
    "unmask": _mask,
    "invite": _invite,
    "mute": _mute,
    "unmute": _unmute,
    "ban": _ban,
    "unban": _unban,
    "kick": _kick,
}


def covered(state: Projection, fact: facts.ActFact) -> list[User]:
    """Return the accounts that an act covers, including those with the same keys."""
    return state.covered([f"user:{fact.user}", *fact.subjects])


def restriction(fact: facts.ActFact, ts: int) -> Restriction:
    """Return the restriction that an act sets at the time ``ts``."""
    subjects = tuple(as_stored(fact.subjects, fact.name))
    return Restriction(subjects, fact.name, ts + fact.seconds * 1000 if fact.seconds else 0, fact.reason)


def _shut_out(  # noqa: PLR0917 - the act, and the texts about it
    state: Projection, room: Room, entry: Entry, fact: facts.ActFact, code: str, why: str
) -> Sequence[Change]:
    """End the roles and memberships of the accounts that a kick or a ban covers; guests are not in this state."""
    users = covered(state, fact)
    for user in users:
        room.invited.discard(user.id)
        room.moderators.discard(user.id)
        room.voiced.discard(user.id)
    members = [user for user in users if state.set_member(user, room, member=False)]
    if members:
        room.since = entry.ts
    out = ShutOut(room, tuple(users), tuple(fact.subjects), code, why, fact.reason, entry.name)
    return [*(Dismissed(user, room, why, fact.reason, entry.name) for user in members), out]


def _why(room: Room, entry: Entry, fact: facts.ActFact, verb: str) -> str:
    how_long = f" for {in_words(fact.seconds)}" if fact.seconds else ""
    return f"{entry.name} {verb} you from {room.place}{how_long}" + (f": {fact.reason}." if fact.reason else ".")
