"""Moderation: roles, private rooms, kicks, bans and mutes.

An act is one entry of the server log. A restriction takes effect as soon as it is submitted, and is undone if the log
refuses it. All other effects, such as a new role or the end of a session, follow when the act is applied, in log
order. Then a notice, which is an entry of its own, tells the room.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from ..exceptions import AlreadyThere, NotAMember, Refused
from ..hub import Action, Hub, Pending, Session, User
from ..hub.state import facts, restrictions
from ..hub.state.apply_rooms import covered
from ..hub.state.conversations import Room
from ..hub.state.restrictions import Restriction, Restrictions
from ..protocol import commands, events
from ..protocol.names import name_key
from ..protocol.text.durations import in_words
from ..protocol.text.hygiene import clean_line
from .handler import OK, Answer
from .messages import check_begins, speaker

REASON_CHARACTERS = 200
"""Longest reason: it has to fit at the end of a line."""


class Moderating(NamedTuple):
    """An actor who may moderate, and the room."""

    hub: Hub
    session: Session
    actor: User
    room: Room

    def other(self, name: str) -> User:
        """Return the user with this name; raises Refused if the actor may not act against that user."""
        other = self.hub.permissions.user(self.actor, name)
        self.hub.permissions.check_outranks(self.actor, other, self.room)
        return other

    def fact(
        self, word: str, other: User, *, subjects: list[str] | None = None, seconds: int = 0, reason: str = ""
    ) -> facts.ActFact:
        """Return the fact of an act. Everyone reads its reason, so muted moderators cannot give one."""
        reason = clean_line(reason.strip()[:REASON_CHARACTERS]).strip().removesuffix(".")[:REASON_CHARACTERS]
        if reason and self.actor is not self.hub.operator:
            self.hub.permissions.check(self.actor, Action.SPEAK, self.room)
        return facts.ActFact(word, self.room.id, other.id, other.name, subjects or [], seconds, reason)

    async def record(self, fact: facts.ActFact, what: str = "") -> None:
        """Store an act, then tell the room ``what`` the actor did."""
        await self.hub.record(self.session, "act", fact)
        if what:
            self.tell(self.room.id, events.Text(f"{self.actor.name} {what}.", act=fact.act))

    async def restrict(self, fact: facts.ActFact, what: str, where: Restrictions) -> None:
        """Store an act with a restriction, which takes effect immediately."""
        self.check_outranks_all(fact)  # a bot may share its owner's key
        what += f" for {in_words(fact.seconds)}" if fact.seconds else ""
        what += f": {fact.reason}" if fact.reason else ""
        with where.pending(Restriction(tuple(fact.subjects), fact.name, 0, fact.reason)):
            await self.record(fact, what)

    async def lift(self, word: str, name: str, where: Restrictions, *, was: str, what: str) -> str:
        """Lift a restriction, and return the name on it; its user may be gone.

        Raises Refused if the restriction covers the actor or a user whom the actor does not outrank.
        """
        user = self.hub.directory.holder(name_key(name))
        subjects = restrictions.of_user(user) if user is not None else restrictions.of_name(name)
        found = where.find([*subjects, restrictions.of_address(name)], self.hub.now())
        if found is None:
            raise Refused(f"{name} is not {was} {self.room.place}.")
        fact = facts.ActFact(word, self.room.id, name=found.name, subjects=list(found.subjects))
        self.check_outranks_all(fact)
        await self.record(fact, what.format(found.name))
        return found.name

    def check_outranks_all(self, fact: facts.ActFact) -> None:
        """Raise Refused unless the actor outranks every user whom the act covers on this node."""
        for user in covered(self.hub.state, fact):
            if user is self.actor and fact.name != user.name:
                raise Refused(f"{fact.name} has the same key as you, so this would apply to you too.")
            self.hub.permissions.check_outranks(self.actor, user, self.room)
        for user in self.hub.online.at_addresses(fact.subjects):
            self.hub.permissions.check_outranks(self.actor, user, self.room)

    def changed(self, event: events.Changed) -> None:
        """Tell a room about the role of a guest, which is in no log."""
        self.hub.subscriptions.tell(self.room, event)

    def tell(self, conversation: str, text: events.Text) -> None:
        """Store a notice in a conversation."""
        body = msgspec.json.encode(text)
        actor = self.actor
        self.hub.submit(Pending(conversation, actor.id, actor.name, "notice", body, session=self.session))


def begin(hub: Hub, session: Session, room: str) -> Moderating:
    """Return the actor and the room; the dispatcher has checked the actor's right."""
    actor = speaker(session)
    return Moderating(hub, session, actor, hub.permissions.room(actor, room))


async def mod(hub: Hub, session: Session, command: commands.Mod) -> Answer:
    """Make a user a moderator."""
    act = begin(hub, session, command.room)
    other = act.other(command.name)
    if other.is_guest and (act.room.is_lobby or not act.room.has_member(other)):
        raise Refused(f"{other.name} is a guest, who can be a moderator only in a room, while there.")
    if act.room.has_moderator(other):
        raise Refused(f"{other.name} is already a moderator of {act.room.place}.")
    if other.is_guest:  # on this node, until the guest leaves
        act.room.guest_moderators.add(other.id)
        act.changed(events.Changed(conversation=act.room.id, by=act.actor.name, user=other.name, moderator=True))
        return OK
    await act.record(act.fact("mod", other), f"made {other.name} a moderator of {act.room.place}")
    return OK


async def unmod(hub: Hub, session: Session, command: commands.Unmod) -> Answer:
    """Remove a moderator."""
    act = begin(hub, session, command.room)
    other = act.other(command.name)
    if not act.room.has_moderator(other):
        raise Refused(f"{other.name} is not a moderator of {act.room.place}.")
    if other.is_guest:
        act.room.guest_moderators.discard(other.id)
        act.changed(events.Changed(conversation=act.room.id, by=act.actor.name, user=other.name, moderator=False))
        return OK
    with act.room.demoting(other):
        await act.record(act.fact("unmod", other), f"removed {other.name} as moderator of {act.room.place}")
    return OK


async def kick(hub: Hub, session: Session, command: commands.Kick) -> Answer:
    """Kick a user, or withdraw an invitation."""
    act = begin(hub, session, command.room)
    other = act.other(command.name)
    room = act.room
    what = f"kicked {other.name} from {room.place}"
    is_in = bool(hub.online.of(other)) or other.id in hub.online.lingering if room.is_lobby else room.has_member(other)
    if not is_in:
        if not room.is_private or other.id not in room.invited:
            raise NotAMember(f"{other.name} is not in {room.place}.")
        what = f"withdrew {other.name}'s invitation to {room.name}"
    fact = act.fact("kick", other, subjects=[f"user:{other.id}"], reason=command.reason)
    await act.restrict(fact, what, room.bans)
    return OK


async def ban(hub: Hub, session: Session, command: commands.Ban) -> Answer:
    """Ban a user."""
    act = begin(hub, session, command.room)
    other = act.other(command.name)
    hub.quotas.check_restriction(act.room, act.room.bans, hub.now())
    subjects = restrictions.of_user(other)
    fact = act.fact("ban", other, subjects=subjects, reason=command.reason, seconds=command.seconds)
    await act.restrict(fact, f"banned {other.name} from {act.room.place}", act.room.bans)
    return OK


async def unban(hub: Hub, session: Session, command: commands.Unban) -> Answer:
    """Lift a ban."""
    await lift_ban(begin(hub, session, command.room), command.name)
    return OK


async def lift_ban(act: Moderating, name: str) -> str:
    """Lift a ban, and return the name on it."""
    what = f"lifted the ban of {{}} from {act.room.place}"
    return await act.lift("unban", name, act.room.bans, was="banned from", what=what)


async def mute(hub: Hub, session: Session, command: commands.Mute) -> Answer:
    """Mute a user."""
    act = begin(hub, session, command.room)
    other = act.other(command.name)
    hub.quotas.check_restriction(act.room, act.room.mutes, hub.now())
    subjects = restrictions.of_user(other)
    fact = act.fact("mute", other, subjects=subjects, reason=command.reason, seconds=command.seconds)
    await act.restrict(fact, f"muted {other.name} in {act.room.place}", act.room.mutes)
    return OK


async def unmute(hub: Hub, session: Session, command: commands.Unmute) -> Answer:
    """Lift a mute."""
    act = begin(hub, session, command.room)
    what = f"unmuted {{}} in {act.room.place}"
    await act.lift("unmute", command.name, act.room.mutes, was="muted in", what=what)
    return OK


async def access(hub: Hub, session: Session, command: commands.Access) -> Answer:
    """Make a room private or public, or say which it is."""
    act = begin(hub, session, command.room)
    room = act.room
    if command.private is None:
        how = "private: only members and invited users see it" if room.is_closed else "public: everyone can join it"
        session.answer(events.Help(text=f"{room.name} is {how}.", id=command.id), command)
        return OK
    hub.permissions.check(act.actor, Action.GOVERN, room)
    if room.is_lobby:
        raise Refused(f"{room.name} is open to everyone; make another room private.")
    word = "private" if command.private else "public"
    if room.is_closed == command.private:
        raise Refused(f"{room.name} is {word} already.")
    if command.private and act.actor.is_guest:
        raise Refused("Guests cannot make a room private, because they can only be in public rooms.")
    fact, what = facts.ActFact(word, room.id), f"made {room.name} {word}"
    if command.private:
        with room.closing():
            await act.record(fact, what)
    else:
        await act.record(fact, what)
    return OK


async def invite(hub: Hub, session: Session, command: commands.Invite) -> Answer:
    """Invite a user to a room; an account gets a direct message for a private room, in which guests cannot be."""
    act = begin(hub, session, command.room)
    room = act.room
    other = hub.directory.user(command.name)
    if not (room.is_closed or session.rendering.invites):
        raise Refused(f"{room.name} is public; {other.name} can join it without an invitation.")
    if other.is_guest and room.is_closed:
        raise Refused(f"{other.name} is a guest; guests can only be in public rooms.")
    if room.has_member(other):
        raise AlreadyThere(f"{other.name} is already in {room.name}.")
    hub.permissions.check_speaks(act.actor, hub.directory.lobby)  # as for any direct message
    hub.quotas.check_invitation(room)
    check_begins(hub, session, act.actor, other)
    if other.is_guest:
        room.guest_invited.add(other.id)
    else:
        await act.record(act.fact("invite", other))
        if room.is_closed:
            text = f"{act.actor.name} invited {other.name} to {room.name}. To enter: /join {room.name}"
            act.tell(hub.subscriptions.pair(act.actor, other).id, events.Text(text, other.name, act="invite"))
    hub.presence.invited(act.actor, other, room)
    return OK
