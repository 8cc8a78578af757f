"""Any commands of any users in any order: users read only what a model of the log allows.

The model does not know the hub: it follows the entries in the order of the log. Live entries must be allowed at or
after their place in that order, and answers must be allowed in some state since the command.
"""

import re
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import get_args

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from socketchat.hub import User
from socketchat.journal.apply import Applied
from socketchat.journal.memory import MemoryStore
from socketchat.protocol import commands, events, operator
from socketchat.wire.native import NATIVE
from socketchat.wire.plain import PLAIN
from tests.commands.account.test_passwords import HERE
from tests.hub.asking import ASKED, GUESTS, NAMES, OWNERS, PLACES, ROOMS, WORD, Asking, asked, secret
from tests.hub.stage import CountingJournal, Peer, Stage
from tests.keys import key_of

TOKEN = re.compile(rb"t\d+x")


class OrderedStore(MemoryStore):
    def __init__(self, order: list[events.Entry]) -> None:
        super().__init__()
        self.entries = order

    def take(self, applied: Applied) -> None:
        super().take(applied)
        self.entries.extend(stored.entry for stored in applied.entries)


class OrderedJournal(CountingJournal):
    """Remembers the entries of all logs in the order in which they were stored."""

    def __init__(self, loop, **options) -> None:
        self.order: list[events.Entry] = []
        super().__init__(loop, store=OrderedStore(self.order), **options)


@dataclass
class Model:
    """The state of the log: members, roles, private rooms, bans, and ignored users."""

    members: dict[str, set[str]] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    invited: dict[str, set[str]] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)
    moderators: dict[str, set[str]] = field(default_factory=dict)
    bans: dict[tuple[str, str], int] = field(default_factory=dict)
    ignored: set[tuple[str, str]] = field(default_factory=set)

    def copy(self) -> "Model":
        return msgspec.msgpack.decode(msgspec.msgpack.encode(self), type=Model)

    def follow(self, entry: events.Entry) -> None:
        body = msgspec.json.decode(entry.body)
        match entry.kind:
            case "room":
                self.owner[body["name"]] = entry.author
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
        elif act == "mod":
            self.moderators.setdefault(room, set()).add(user)
        elif act == "unmod":
            self.moderators.get(room, set()).discard(user)
        elif act in {"kick", "ban"}:
            for those in (self.members, self.invited, self.moderators):
                those.get(room, set()).discard(user)
        if act == "ban":
            seconds = body.get("seconds", 0)
            self.bans[room, user] = ts + seconds * 1000 if seconds else 2**60
        elif act == "unban":
            for subject in body["subjects"]:
                self.bans.pop((room, subject.removeprefix("user:")), None)

    def sees(self, user: str, room: str, now: int) -> bool:
        inside = user in self.members.get(room, ())
        has_role = user == self.owner.get(room) or user in self.moderators.get(room, ())
        is_welcome = (has_role or user in self.invited.get(room, ())) and now >= self.bans.get((room, user), 0)
        return inside or is_welcome or room not in self.private

    def reads(self, user: str, room: str, now: int) -> bool:
        if any(now < self.bans.get((place, user), 0) for place in (room, "#lobby")):
            return False
        return user in self.members.get(room, ()) or room not in self.private

    def hears(self, user: str, room: str, *, is_guest: bool, now: int) -> bool:
        if is_guest:  # whose membership is in no log
            return self.reads(user, room, now)
        return room == "#lobby" or user in self.members.get(room, ())


def test_every_command_is_exercised() -> None:
    assert set(ASKED) == set(get_args(commands.ANY))


class Reading(RuleBasedStateMachine):
    """After each rule everything is stored and delivered, and everything read is checked against the model."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage(OrderedJournal)
        self.peers: dict[str, Peer] = {}
        self.model = Model()
        self.followed = 0
        self.said: dict[bytes, int] = {}
        self.numbers = count(1)
        self.texts: dict[tuple[str, int], list[bytes]] = {}
        self.authors: dict[tuple[str, int], str] = {}
        self.deleted: dict[bytes, int] = {}
        self.were: dict[str, User | None] = {}

    @initialize()
    def everybody_comes(self) -> None:
        for name in NAMES:
            self._come(name)
        self.stage.order(operator.SetOwner(id=1, name="ann"))
        for name in ("ben", "cat", *NAMES):
            for room in ROOMS if name != "ben" else ("#den",):
                self.peers[name].do(commands.Join, room=room)
        for name in ("ann", "cat"):
            self.peers[name].do(commands.Password, password=secret(name))
        for name in NAMES:
            for to in (*PLACES, *("@" + other for other in OWNERS)):
                self.peers[name].say(f"t{next(self.numbers)}x {WORD}", to=to)
        self._look()

    def _come(self, name: str, **hello) -> None:
        """Log in as a guest or by key, or by password if the user's key is revoked."""
        peer = self.stage.connect(PLAIN if name == "gus" else NATIVE, HERE)
        if name in GUESTS:
            peer.ask(commands.Hello(name=name))
        else:
            peer.log_in(key_of(name), name=name, label=f"device of {name}", **hello)
        self.stage.settle()
        if peer.session.user is None and name in OWNERS:
            peer.ask(commands.Login(name=name, password=secret(name)))
        self.peers[name] = peer

    @rule(seed=st.integers(0, 2**32), times=st.integers(5, 40), at_once=st.integers(1, 4))
    def they_ask(self, seed: int, times: int, at_once: int) -> None:
        chance = Random(seed)
        for time in range(times):
            name = chance.choice(NAMES)
            if self.peers[name].last_words is not None:
                self._come(name)
            peer = self.peers[name]
            command = asked(Asking(peer, name, next(self.numbers), chance))
            peer.ask(msgspec.structs.replace(command, id=peer.next_id()))
            if time % at_once == 0:
                self._look()
        self._look()

    @rule(name=st.sampled_from(NAMES), seed=st.integers(0, 2**32), times=st.integers(1, 5))
    def one_asks_before_the_login(self, name: str, seed: int, times: int) -> None:
        """No answer contains a text of a user; the user's own name is refused, too."""
        stranger, chance = self.stage.connect(), Random(seed)
        for _ in range(times):
            command = asked(Asking(stranger, name, next(self.numbers), chance))
            if not isinstance(command, commands.Hello) or command.key is not None:
                stranger.ask(msgspec.structs.replace(command, id=stranger.next_id()))
        self.stage.settle()
        assert stranger.session.user is None
        assert not TOKEN.search(stranger.take())
        self._look()

    @rule(name=st.sampled_from(OWNERS))
    def one_comes_by_password(self, name: str) -> None:
        """The session ends when the password is changed elsewhere; at first no user has one."""
        self.peers[name].ask(commands.Quit())
        self.stage.settle()
        self._look()
        peer = self.stage.connect(NATIVE, HERE)
        peer.ask(commands.Login(name=name, password=secret(name)))
        self.stage.settle()
        self.peers[name] = peer
        self._look()

    @rule(name=st.sampled_from(NAMES))
    def one_stalls(self, name: str) -> None:
        self.peers[name].stall()

    @rule(name=st.sampled_from(NAMES))
    def one_reads_again(self, name: str) -> None:
        if self.peers[name].stuck and self.peers[name].last_words is None:
            self.peers[name].read_again()
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
        self._come(name, epoch=self.stage.hub.logins.epoch, positions=dict.fromkeys(PLACES, 0))
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
        """Check the new output against the states since the last check."""
        self.stage.settle()
        order, now = self.stage.journal.order, self.stage.now
        states = [(self.followed, self.model)]
        for index in range(self.followed, len(order)):
            self.model = self.model.copy()
            self.model.follow(order[index])
            states.append((index + 1, self.model))
            self._note(order[index], index)
        self.followed = len(order)
        for name, peer in self.peers.items():
            read = peer.take()
            for line in read.splitlines():
                self._check(name, peer, line, states, now, replayed=replayed == name)
            self.were[name] = peer.session.user

    def _note(self, entry: events.Entry, index: int) -> None:
        """Remember the messages, who may change them, and which are gone."""
        of = msgspec.json.decode(entry.body).get("of") if entry.kind in {"edit", "delete"} else None
        place = (entry.conversation, of or entry.seq)
        said = TOKEN.findall(bytes(entry.body))
        if entry.kind == "edit" or (entry.kind == "delete" and not entry.conversation.startswith("#")):
            assert entry.author == self.authors[place]
        self.authors.setdefault(place, entry.author)
        self.texts.setdefault(place, []).extend(said)
        self.said.update(dict.fromkeys(said, index))
        if entry.kind == "delete":
            self.deleted.update(dict.fromkeys(self.texts[place], index))

    def _check(self, name: str, peer: Peer, line: bytes, states: list, now: int, *, replayed: bool) -> None:
        """Check a line against the current user of the peer, and against its user at the first line."""
        users = [user for user in {peer.session.user, self.were.get(name)} if user is not None]
        ids = {user.id for user in users}
        live = b'"type":"entry"' in line or name == "gus"
        for token in TOKEN.findall(line):
            index = self.said[token]
            entry = self.stage.journal.order[index]
            room = entry.conversation
            assert self.deleted.get(token, len(self.stage.journal.order)) >= states[0][0], line
            if entry.kind != "topic":
                assert any((user, entry.author) not in model.ignored for user in ids for _, model in states), line
            if not room.startswith("#"):
                assert ids & set(room[1:].split(":")), line
                continue
            reads = any(model.reads(user, room, now) for user in ids for _, model in states)
            later = [model for place, model in states if place > index]
            hears = any(
                model.hears(user.id, room, is_guest=user.is_guest, now=now) for user in users for model in later
            )
            if name == "gus" and b"[topic]" not in line:
                assert reads or hears, line
            elif live and not replayed and b"[topic]" not in line:
                assert hears, line
            else:
                assert reads, line
        if b'"error"' not in line and not line.startswith(b"[error]"):
            self._check_rooms(line, ids, states, now)
        self._check_owners(line, users)

    def _check_rooms(self, line: bytes, ids: set[str], states: list, now: int) -> None:
        for room in ROOMS:
            if room.encode() in line and not TOKEN.search(line) and b'"text"' not in line and b"[" not in line:
                assert any(model.sees(user, room, now) for user in ids for _, model in states) or b'"left"' in line, (
                    line
                )
            if b'"type":"unread"' in line and room.encode() in line:
                assert any(model.reads(user, room, now) for user in ids for _, model in states), line

    def _check_owners(self, line: bytes, users: list[User]) -> None:
        """Devices, passwords and resume tokens belong only to their owner."""
        names = {user.name for user in users}
        assert b"secret of" not in line, line
        for owner in OWNERS:
            assert f"device of {owner}".encode() not in line or owner in names, line
        for other in self.peers.values():
            token = other.session.token.encode()
            assert not token or token not in line or other.session.user in users, line

    def teardown(self) -> None:
        self._look()


TestReading = Reading.TestCase
TestReading.settings = settings(stateful_step_count=25, max_examples=50)
