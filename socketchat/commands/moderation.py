"""Moderation: who has which role, who may enter, and who may speak.

An act is one entry of the server log, which is only appended to. Restrictions hold as soon as they are submitted, and
are undone if the log refuses them; what an act permits, and what it ends for those who are here, comes when it is
stored, in the order of the log. Then the room is told in one line, which is an entry of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from ..exceptions import Banned, Kicked, NotAMember, Refused, UsageProblem
from ..hub import Action, Hub, Pending, Session, User
from ..hub.networks import is_address, is_loopback
from ..hub.policy.permissions import place
from ..hub.state import facts, moderation, restrictions
from ..hub.state.conversations import Room
from ..hub.state.restrictions import Restriction, Restrictions
from ..journal import SERVER_LOG, Outcome, Stored
from ..protocol import commands, events, operator
from ..protocol.conversations import LOBBY
from ..protocol.names import name_key
from ..protocol.text.durations import in_words
from ..protocol.text.hygiene import clean_line
from .chat import speaker

REASON_CHARACTERS = 200
"""A reason is the end of one line."""


class Act(NamedTuple):
    """What somebody may do in a room, and is about to do."""

    hub: Hub
    session: Session
    command_id: int | None
    actor: User
    room: Room

    @property
    def place(self) -> str:
        """What the room is called in a sentence."""
        return place(self.room)

    def other(self, name: str) -> User:
        """Return the user of that name, if the actor may act against that one."""
        other = self.hub.permissions.user(self.actor, name)
        self.hub.permissions.check_outranks(self.actor, other, self.room)
        return other

    def sentence(self, what: str) -> str:
        """Return what people are told."""
        return f"{self.actor.name} {what}."

    def submit(
        self, fact: facts.ActFact, what: str, *, undo: Callable[[], None] | None, done: Callable[[], None] | None
    ) -> None:
        """Ask the log; ``undo`` is called with any outcome, then ``done`` if it is stored, and the room is told."""

        def decided(outcome: Outcome) -> None:
            if undo is not None:
                undo()
            if not isinstance(outcome, Stored):
                self.session.refuse(self.hub.why_not(outcome), self.command_id, retry=True)
                return
            if done is not None:
                done()
            if what:
                self.tell(self.room.id, events.Text(self.sentence(what)))
            if self.command_id is not None:
                self.session.tell(events.Ok(id=self.command_id))

        body = facts.encode(fact)
        self.hub.submit(Pending(SERVER_LOG, self.actor, "act", body, session=self.session, then=decided))

    def tell(self, conversation: str, text: events.Text) -> None:
        """Store a line for those who are there."""
        body = msgspec.json.encode(text)
        self.hub.submit(Pending(conversation, self.actor, "notice", body, session=self.session))

    def restrict(
        self, fact: facts.ActFact, what: str, where: Restrictions, done: Callable[[], None] | None = None
    ) -> None:
        """Submit an act whose restriction holds at once."""
        for user in moderation.covered(self.hub.directory, fact):  # an owner's bot has the owner's key
            self.hub.permissions.check_outranks(self.actor, user, self.room)
        coming = Restriction(tuple(fact.subjects), fact.name, 0, fact.reason)
        where.begin(coming)
        what += f" for {in_words(fact.seconds)}" if fact.seconds else ""
        what += f": {fact.reason}" if fact.reason else ""
        self.submit(fact, what, undo=lambda: where.end(coming), done=done)

    def lift(self, word: str, name: str, where: Restrictions, *, was: str, what: str) -> None:
        """Submit the end of a restriction, whose user may be gone; it must not cover the actor, or an equal."""
        user = self.hub.directory.holder(name_key(name))
        subjects = restrictions.of_user(user) if user is not None else restrictions.of_name(name)
        found = where.find([*subjects, restrictions.of_address(name)], self.hub.now())
        if found is None:
            raise Refused(f"{name} is not {was} {self.place}.")
        fact = facts.ActFact(word, self.room.id, name=found.name, subjects=list(found.subjects))
        for each in moderation.covered(self.hub.directory, fact):
            self.hub.permissions.check_outranks(self.actor, each, self.room)
        self.submit(fact, what.format(found.name), undo=None, done=None)


def mod(hub: Hub, session: Session, command: commands.Mod) -> None:
    """Make a user a moderator."""
    act = _begin(hub, session, command, command.room, Action.GOVERN)
    other = act.other(command.name)
    if other.is_guest:
        raise Refused(f"{other.name} is a guest; a moderator has to own the name.")
    act.submit(_fact("mod", act, other), f"made {other.name} a moderator of {act.place}", undo=None, done=None)


def unmod(hub: Hub, session: Session, command: commands.Unmod) -> None:
    """Make a user a moderator no longer."""
    act = _begin(hub, session, command, command.room, Action.GOVERN)
    other = act.other(command.name)
    if not act.room.has_moderator(other):
        raise Refused(f"{other.name} is no moderator of {act.place}.")
    act.room.demoted.append(other.id)
    what = f"ended that {other.name} is a moderator of {act.place}"
    act.submit(_fact("unmod", act, other), what, undo=lambda: act.room.demoted.remove(other.id), done=None)


def kick(hub: Hub, session: Session, command: commands.Kick) -> None:
    """Make a user leave, or take an invitation back."""
    act = _begin(hub, session, command, command.room, Action.MODERATE)
    other = act.other(command.name)
    room = act.room
    what = f"kicked {other.name} from {act.place}"
    is_in = bool(other.sessions or other.lingers) if room.is_lobby else other.id in room.members
    if not is_in:
        if not room.is_private or other.id not in room.invited:
            raise NotAMember(f"{other.name} is not in {act.place}.")
        what = f"took back that {other.name} is invited to {room.name}"
    fact = _fact("kick", act, other, subjects=[f"user:{other.id}"], reason=command.reason)
    act.restrict(fact, what, room.bans, lambda: _out(act, fact, "kicked"))


def ban(hub: Hub, session: Session, command: commands.Ban) -> None:
    """Make a user leave, and keep the user out."""
    act = _begin(hub, session, command, command.room, Action.MODERATE)
    other = act.other(command.name)
    hub.caps.check_restriction(act.room, act.room.bans, hub.now())
    subjects = restrictions.of_user(other)
    fact = _fact("ban", act, other, subjects=subjects, reason=command.reason, seconds=command.seconds)
    act.restrict(fact, f"banned {other.name} from {act.place}", act.room.bans, lambda: _out(act, fact, "banned"))


def unban(hub: Hub, session: Session, command: commands.Unban) -> None:
    """Let a user in again."""
    act = _begin(hub, session, command, command.room, Action.MODERATE)
    act.lift("unban", command.name, act.room.bans, was="banned from", what=f"lets {{}} into {act.place} again")


def mute(hub: Hub, session: Session, command: commands.Mute) -> None:
    """Let a user not speak."""
    act = _begin(hub, session, command, command.room, Action.MODERATE)
    other = act.other(command.name)
    hub.caps.check_restriction(act.room, act.room.mutes, hub.now())
    subjects = restrictions.of_user(other)
    fact = _fact("mute", act, other, subjects=subjects, reason=command.reason, seconds=command.seconds)
    act.restrict(fact, f"muted {other.name} in {act.place}", act.room.mutes)


def unmute(hub: Hub, session: Session, command: commands.Unmute) -> None:
    """Let a user speak again."""
    act = _begin(hub, session, command, command.room, Action.MODERATE)
    act.lift("unmute", command.name, act.room.mutes, was="muted in", what=f"lets {{}} speak in {act.place} again")


def access(hub: Hub, session: Session, command: commands.Access) -> None:
    """Make a room private, or public."""
    act = _begin(hub, session, command, command.room, Action.GOVERN)
    room = act.room
    if room.is_lobby:
        raise Refused(f"{room.name} is where everyone is; make another room private.")
    word = "private" if command.private else "public"
    if room.is_private == command.private:
        raise Refused(f"{room.name} is {word} already.")
    if command.private and act.actor.is_guest:
        raise Refused("Guests are in public rooms only, so that they make none private.")
    what = f"made {room.name} {word}"
    fact = facts.ActFact(word, room.id)
    if not command.private:
        act.submit(fact, what, undo=None, done=None)
        return

    def undo() -> None:
        room.is_private = False

    def guests_leave() -> None:
        room.is_private = True
        for user in [user for user in room.members.values() if user.is_guest]:
            hub.attendance.dismiss(user, room, act.sentence(what))

    room.is_private = True  # nobody comes in meanwhile
    act.submit(fact, what, undo=undo, done=guests_leave)


def invite(hub: Hub, session: Session, command: commands.Invite) -> None:
    """Let a user join a private room, and say so in a direct message."""
    act = _begin(hub, session, command, command.room, Action.INVITE)
    room = act.room
    other = hub.directory.user(command.name)
    if not room.is_private:
        raise Refused(f"{room.name} is public; {other.name} can join it without being invited.")
    if other.is_guest:
        raise Refused(f"{other.name} is a guest, and guests are in public rooms only.")
    if other.id in room.members:
        raise Refused(f"{other.name} is in {room.name} already.")
    hub.permissions.check_speaks(act.actor, hub.directory.lobby)  # as in any direct message
    hub.caps.check_invitation(room)

    def tell() -> None:
        text = f"{act.actor.name} invites {other.name} to {room.name}; /join {room.name} enters it."
        act.tell(hub.attendance.pair(act.actor, other).id, events.Text(text, other.name))

    act.submit(_fact("invite", act, other), "", undo=None, done=tell)


def owner(hub: Hub, session: Session, order: operator.SetOwner) -> None:
    """Make a user the owner of the server."""
    act = _begin(hub, session, order, LOBBY, Action.GOVERN)
    other = act.other(order.name)
    if other.is_guest:
        raise Refused(f"{other.name} is a guest; the owner of the server has to own the name.")
    act.submit(_fact("owner", act, other), f"made {other.name} the owner of {act.place}", undo=None, done=None)


def room_owner(hub: Hub, session: Session, order: operator.SetRoomOwner) -> None:
    """Make a user the owner of a room, whose own one is gone; those in the room are told."""
    act = _begin(hub, session, order, order.room, Action.GOVERN)
    if act.room.is_lobby:
        raise Refused("The owner of the server owns the lobby: `socketchat admin owner NAME`.")
    other = hub.permissions.user(act.actor, order.name)
    if other.is_guest:
        raise Refused(f"{other.name} is a guest; the owner of a room has to own the name.")
    if act.room.bans.covers(other, hub.now()):
        raise Refused(f"{other.name} is banned from {act.room.name}, and cannot own it.")
    act.submit(_fact("owner", act, other), f"made {other.name} the owner of {act.place}", undo=None, done=None)


def operator_ban(hub: Hub, session: Session, order: operator.BanUser) -> None:
    """Keep a user or an address out of the chat."""
    act = _begin(hub, session, order, LOBBY, Action.MODERATE)
    other = None if is_address(order.name) else act.other(_name(hub, order.name))
    peers = {order.name} if other is None else set()
    if other is not None and order.addresses:
        peers = {each.channel.peer for each in other.sessions if each.channel.peer}
        if not peers:
            raise Refused(f"{other.name} is not here, so no address is known; ban the name alone.")
    if peers and not order.seconds:
        raise UsageProblem("An address is somebody else's one day; say for how long it is banned, such as 7d.")
    if any(map(is_loopback, peers)):
        raise Refused("That is this machine's own address, which everybody behind a tunnel has too.")
    subjects = [] if other is None else restrictions.of_user(other)
    subjects += sorted(map(restrictions.of_address, peers))
    named = other or User("", order.name, "")
    fact = _fact("ban", act, named, subjects=subjects, reason=order.reason, seconds=order.seconds)
    act.restrict(fact, f"banned {named.name} from {act.place}", act.room.bans, lambda: _out(act, fact, "banned"))


def operator_unban(hub: Hub, session: Session, order: operator.UnbanUser) -> None:
    """Let a user or an address in again."""
    unban(hub, session, commands.Unban(room=LOBBY, name=order.name, id=order.id))


def _name(hub: Hub, word: str) -> str:
    """Return a word that is to be a name; raises UsageProblem where it was meant for a network."""
    if hub.directory.holder(name_key(word)) is None and any(mark in word for mark in "./:"):
        raise UsageProblem(
            f"{word} is neither a name nor an address. Names are banned, and single addresses such as 203.0.113.9; "
            "`ban NAME --address --for 7d` bans the addresses that NAME comes from too."
        )
    return word


def _begin(hub: Hub, session: Session, command: commands.Command, room: str, action: Action) -> Act:
    actor = speaker(session)
    act = Act(hub, session, command.id, actor, hub.permissions.room(actor, room))
    hub.permissions.check(actor, action, act.room)
    return act


def _fact(
    word: str, act: Act, other: User, *, subjects: list[str] | None = None, seconds: int = 0, reason: str = ""
) -> facts.ActFact:
    """Return what is stored of an act; its reason is read by all, so that who is muted gives none."""
    reason = clean_line(reason).strip().removesuffix(".")[:REASON_CHARACTERS]
    if reason and act.actor is not act.hub.operator:
        act.hub.permissions.check(act.actor, Action.SPEAK, act.room)
    return facts.ActFact(word, act.room.id, other.id, other.name, subjects or [], seconds, reason)


def _out(act: Act, fact: facts.ActFact, verb: str) -> None:
    """Make those whom a kick or a ban covers leave, and tell them why."""
    why = act.sentence(f"{verb} you from {act.place}" + (f": {fact.reason}" if fact.reason else ""))
    for user in moderation.covered(act.hub.directory, fact):
        if act.room.is_lobby:
            code = Kicked.code if fact.act == "kick" else Banned.code
            act.hub.attendance.expel(user, events.Bye(code=code, text=why))
        else:
            act.hub.attendance.dismiss(user, act.room, why)
