"""What moderators and owners did, as the log tells it: roles, private rooms, bans and mutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ...protocol.events import Entry
from . import facts
from .restrictions import Restriction, as_stored, of_address
from .users import User

if TYPE_CHECKING:
    from .directory import Directory

_decode = msgspec.json.Decoder(facts.ActFact).decode


def apply(directory: Directory, entry: Entry) -> None:
    """Change the state as an act says."""
    fact = _decode(entry.body)
    room = directory.rooms[fact.room]
    match fact.act:
        case "owner":
            room.owner = fact.user
            room.moderators.discard(fact.user)
        case "mod":
            room.moderators.add(fact.user)
        case "unmod":
            room.moderators.discard(fact.user)
        case "private" | "public":
            room.is_private = fact.act == "private"
        case "invite":
            room.invited.add(fact.user)
        case "ban" | "mute" | "unban" | "unmute":
            where = room.bans if fact.act.endswith("ban") else room.mutes
            if fact.act.startswith("un"):
                where.lift(as_stored(fact.subjects, fact.name))
            else:
                where.add(restriction(fact, entry.ts))
    if fact.act in {"kick", "ban"}:
        for user in covered(directory, fact):
            room.invited.discard(user.id)
            room.moderators.discard(user.id)
            directory.set_member(user, room, member=False)


def covered(directory: Directory, fact: facts.ActFact) -> list[User]:
    """Return the users whom an act is about, and those with the same keys or at the same addresses."""
    ids = [fact.user, *(subject.removeprefix("user:") for subject in fact.subjects if subject.startswith("user:"))]
    there = [user for each in ids if (user := directory.users.get(each)) is not None]
    keys = [subject.removeprefix("key:") for subject in fact.subjects if subject.startswith("key:")]
    same = [other for key in keys for other in directory.owned(key)]
    if any(subject.startswith("address:") for subject in fact.subjects):
        same += [other for other in directory.users.values() if _comes_from(other, fact.subjects)]
    return list(dict.fromkeys(there + same))


def _comes_from(user: User, subjects: list[str]) -> bool:
    return any(of_address(session.channel.peer) in subjects for session in user.sessions)


def restriction(fact: facts.ActFact, ts: int) -> Restriction:
    """Return the restriction that an act of ``ts`` means."""
    subjects = tuple(as_stored(fact.subjects, fact.name))
    return Restriction(subjects, fact.name, ts + fact.seconds * 1000 if fact.seconds else 0, fact.reason)
