"""Any commands of anybody in any order, in one turn or in several: nobody reads what a model of the log does not allow.

The model knows nothing of the hub: it follows the entries in the order in which they were stored. What a session hears
live has to be allowed at or after its place in that order, and what it asks for in some state since it asked.
"""

import re
from dataclasses import dataclass, field
from itertools import count
from random import Random

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from socketchat.protocol import commands, events, operator
from tests.hub.stage import CountingJournal, Peer, Stage

OWNERS = ("ann", "ben", "cat", "dan")
GUESTS = ("gil", "gus")
NAMES = OWNERS + GUESTS
ROOMS = ("#ops", "#dev")
PLACES = ("#lobby", *ROOMS)
ACTS = (
    commands.Invite,
    commands.Kick,
    commands.Ban,
    commands.Unban,
    commands.Mute,
    commands.Unmute,
    commands.Mod,
    commands.Unmod,
)
TOKEN = re.compile(rb"t\d+x")


class OrderedJournal(CountingJournal):
    """Remembers the entries of all logs in the order in which they were stored."""

    def __init__(self, loop, **options) -> None:
        super().__init__(loop, **options)
        self.order: list[events.Entry] = []

    def _store(self, proposal, now):
        outcome = super()._store(proposal, now)
        if hasattr(outcome, "entry") and outcome.entry is not None:
            self.order.append(outcome.entry)
        return outcome


@dataclass
class Model:
    """What the log says: who is where, what is private, who is out, who ignores whom."""

    members: dict[str, set[str]] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    invited: dict[str, set[str]] = field(default_factory=dict)
    bans: dict[tuple[str, str], int] = field(default_factory=dict)
    ignored: set[tuple[str, str]] = field(default_factory=set)

    def copy(self) -> "Model":
        return msgspec.msgpack.decode(msgspec.msgpack.encode(self), type=Model)

    def follow(self, entry: events.Entry) -> None:
        body = msgspec.json.decode(entry.body)
        match entry.kind:
            case "member":
                there = self.members.setdefault(body["room"], set())
                (there.add if body["member"] else there.discard)(body["user"])
            case "ignore":
                pair = (entry.author, body["user"])
                (self.ignored.add if body["ignored"] else self.ignored.discard)(pair)
            case "act":
                self._act(body["act"], body["room"], body, entry.ts)

    def _act(self, act: str, room: str, body: dict, ts: int) -> None:
        user = body.get("user", "")
        if act in {"private", "public"}:
            (self.private.add if act == "private" else self.private.discard)(room)
        elif act == "invite":
            self.invited.setdefault(room, set()).add(user)
        elif act in {"kick", "ban"}:
            self.members.get(room, set()).discard(user)
            self.invited.get(room, set()).discard(user)
        if act == "ban":
            seconds = body.get("seconds", 0)
            self.bans[room, user] = ts + seconds * 1000 if seconds else 2**60
        elif act == "unban":
            for subject in body["subjects"]:
                self.bans.pop((room, subject.removeprefix("user:")), None)

    def sees(self, user: str, room: str, now: int) -> bool:
        inside = user in self.members.get(room, ())
        welcome = user in self.invited.get(room, ()) and now >= self.bans.get((room, user), 0)
        return inside or welcome or room not in self.private

    def reads(self, user: str, room: str, now: int) -> bool:
        if any(now < self.bans.get((place, user), 0) for place in (room, "#lobby")):
            return False
        return user in self.members.get(room, ()) or room not in self.private

    def hears(self, user: str, room: str, *, is_guest: bool, now: int) -> bool:
        if is_guest:  # whose membership is in no log
            return self.reads(user, room, now)
        return room == "#lobby" or user in self.members.get(room, ())


OWNED = {"ann": "#lobby", "ben": "#ops", "cat": "#dev"}


def asked(by: str, number: int, chance: Random) -> commands.Command:
    """Return any command about any room and anybody, often what an owner may do, with a token where it takes a text."""
    room, name, token = chance.choice(PLACES), chance.choice(NAMES), f"t{number}x"
    to = chance.choice([*PLACES, *ROOMS, "@" + name])
    if by in OWNED and chance.random() < 0.4:
        room = OWNED[by]
        kinds = [commands.Access, commands.Access, *ACTS] if room != "#lobby" else [commands.Unban, commands.Mod]
        return made(chance.choice(kinds), room, name, chance)
    match chance.randrange(12):
        case 0 | 1 | 2:
            return commands.Send(to=to, text=token, kind=chance.choice(["message", "action"]))
        case 3 | 4:
            return commands.History(conversation=to)
        case 5:
            return commands.Join(room=room)
        case 6:
            return chance.choice([commands.Users(room=room), commands.Rooms(), commands.Topic(room=room)])
        case 7:
            return commands.Topic(room=room, text=token)
        case 8:
            return chance.choice([commands.Ignore(name=name), commands.Ignore(), commands.Unignore(name=name)])
        case 9 if chance.random() < 0.3:
            return commands.Leave(room=room)
        case _:
            return made(chance.choice([commands.Access, *ACTS]), room, name, chance)


def made(kind: type[commands.Command], room: str, name: str, chance: Random) -> commands.Command:
    """Return a command of a moderator or an owner."""
    if kind is commands.Access:
        return commands.Access(room=room, private=chance.random() < 0.7)
    if kind in {commands.Ban, commands.Mute}:
        return kind(room=room, name=name, seconds=chance.choice([0, 60, 60]))
    return kind(room=room, name=name)


class Reading(RuleBasedStateMachine):
    """After each rule everything is stored and delivered, and what everybody has read is held against the model."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage(OrderedJournal)
        self.peers: dict[str, Peer] = {}
        self.model = Model()
        self.followed = 0
        self.said: dict[bytes, int] = {}
        self.numbers = count(1)

    @initialize()
    def everybody_comes(self) -> None:
        for name in NAMES:
            self._come(name)
        self.stage.order(operator.Owner(id=1, name="ann"))
        for name in ("ben", "cat", *NAMES):
            for room in ROOMS if name != "ben" else ("#ops",):
                self.peers[name].do(commands.Join, room=room)
        self._look()

    def _come(self, name: str) -> None:
        comes = {"gus": self.stage.plain, "gil": self.stage.guest}.get(name, self.stage.native)
        self.peers[name] = comes(name)

    @rule(seed=st.integers(0, 2**32), times=st.integers(1, 20), at_once=st.integers(1, 4))
    def they_ask(self, seed: int, times: int, at_once: int) -> None:
        chance = Random(seed)
        for time in range(times):
            name = chance.choice(NAMES)
            if self.peers[name].last_words is not None:
                self._come(name)
            peer = self.peers[name]
            command = asked(name, next(self.numbers), chance)
            if isinstance(command, commands.History) and chance.random() < 0.2:
                command = commands.History(conversation=chance.choice(sorted(self.stage.hub.directory.conversations)))
            peer.ask(msgspec.structs.replace(command, id=peer.next_id()))
            if time % at_once == 0:
                self._look()
        self._look()

    @rule(name=st.sampled_from(NAMES))
    def one_comes_back(self, name: str) -> None:
        old = self.peers[name]
        if old.last_words is None:
            old.ask(commands.Quit())
        self.stage.settle()
        self._look()
        self._come(name)
        self._look()

    @rule(name=st.sampled_from(OWNERS))
    def a_link_breaks_and_comes_back(self, name: str) -> None:
        old = self.peers[name]
        old.drop()
        positions = dict.fromkeys(PLACES, 0)
        self.peers[name] = self.stage.native(name, epoch=self.stage.hub.attendance.epoch, positions=positions)
        self._look(replayed=name)

    @rule()
    def the_server_starts_again(self) -> None:
        self._look()
        self.stage.hub = self.stage.new_hub()
        for name in NAMES:
            self._come(name)
        self._look()

    @rule(seconds=st.sampled_from([0.05, 61]))
    def time_passes(self, seconds: float) -> None:
        self.stage.turns.wait(seconds)
        self._look()

    def _look(self, replayed: str = "") -> None:
        """Hold what was read since the last time against the states since then."""
        self.stage.settle()
        order, now = self.stage.journal.order, self.stage.now
        states = [(self.followed, self.model)]
        for index in range(self.followed, len(order)):
            self.model = self.model.copy()
            self.model.follow(order[index])
            states.append((index + 1, self.model))
            for token in TOKEN.findall(bytes(order[index].body)):
                self.said[token] = index
        self.followed = len(order)
        for name, peer in self.peers.items():
            for line in peer.take().splitlines():
                self._check(name, peer, line, states, now, replayed=replayed == name)

    def _check(self, name: str, peer: Peer, line: bytes, states: list, now: int, *, replayed: bool) -> None:
        user = peer.session.user.id if peer.session.user else ""
        live = b'"type":"entry"' in line or name == "gus"
        for token in TOKEN.findall(line):
            index = self.said[token]
            entry = self.stage.journal.order[index]
            room = entry.conversation
            if entry.kind != "topic":
                assert any((user, entry.author) not in model.ignored for _, model in states), line
            if not room.startswith("#"):
                assert user in room[1:].split(":"), line
            elif live and not replayed and b"[topic]" not in line:
                later = [model for place, model in states if place > index]
                assert any(model.hears(user, room, is_guest=name in GUESTS, now=now) for model in later), line
            else:
                assert any(model.reads(user, room, now) for _, model in states), line
        if b'"error"' not in line and not line.startswith(b"[error]"):
            for room in ROOMS:
                if room.encode() in line and not TOKEN.search(line) and b'"text"' not in line and b"[" not in line:
                    assert any(model.sees(user, room, now) for _, model in states) or b'"left"' in line, line

    def teardown(self) -> None:
        self._look()


TestReading = Reading.TestCase
TestReading.settings = settings(stateful_step_count=30, max_examples=60)
