"""Two nodes, driven with every command and order: both have the same state, and every user hears every entry."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from socketchat.commands import COMMANDS
from socketchat.hub import Channel, User
from socketchat.hub.state.conversations import Room
from socketchat.protocol import commands, events, operator
from socketchat.wire.native import NATIVE
from socketchat.wire.plain import PLAIN
from tests.commands.account.test_passwords import HERE
from tests.hub.asking import ASKED, GUESTS, NAMES, OWNERS, ROOMS, Asking, asked, secret
from tests.hub.cluster import Cluster
from tests.hub.stage import Peer, Stage
from tests.keys import key_of

NODES = st.sampled_from([0, 1])
SEEDS = st.integers(0, 2**32)
ADDRESSES = ("203.0.113.1", "203.0.113.2")

ORDERS: dict[type[commands.Command], Callable[[Asking], commands.Command]] = {
    operator.ListUsers: lambda _: operator.ListUsers(),
    operator.AddUser: lambda a: operator.AddUser(name=a.chance.choice([a.name, "bot"]), password="secret word"),
    operator.ResetName: lambda a: operator.ResetName(name=a.name),
    operator.ReleaseName: lambda a: operator.ReleaseName(name=a.name),
    operator.ListRooms: lambda _: operator.ListRooms(),
    operator.DeleteUser: lambda a: operator.DeleteUser(name=a.name),
    operator.RemoveRoom: lambda a: operator.RemoveRoom(room=a.room),
    operator.EraseUser: lambda a: operator.EraseUser(name=a.name),
    operator.JoinCode: lambda _: operator.JoinCode(),
    operator.SetOwner: lambda a: operator.SetOwner(name=a.name),
    operator.SetRoomOwner: lambda a: operator.SetRoomOwner(room=a.room, name=a.name),
    operator.BanUser: lambda a: operator.BanUser(
        name=a.chance.choice([a.name, *ADDRESSES]), seconds=60, addresses=a.chance.random() < 0.5
    ),
    operator.UnbanUser: lambda a: operator.UnbanUser(name=a.chance.choice([a.name, *ADDRESSES])),
    operator.ListBans: lambda _: operator.ListBans(),
    operator.ShowLog: lambda _: operator.ShowLog(),
    operator.CreateInvite: lambda a: operator.CreateInvite(seconds=60, room=a.room),
    operator.ListInvites: lambda _: operator.ListInvites(),
    operator.CreateBot: lambda a: operator.CreateBot(
        name=a.chance.choice(["bot", a.name]), rooms=[a.room], write=True, seconds=a.chance.choice([0, 60])
    ),
    operator.ListBots: lambda _: operator.ListBots(),
    operator.RevokeBot: lambda a: operator.RevokeBot(name=a.chance.choice(["bot", "bot", a.name])),
    operator.RevokeInvite: lambda a: operator.RevokeInvite(invite=a.chance.choice("0123456789abcdef")),
}


class Hearer:
    """A native client's memory: of each conversation that it hears it gets every entry once, in order."""

    def __init__(self, peer: Peer, cluster: Cluster) -> None:
        self.peer = peer
        self._cluster = cluster
        self.last: dict[str, int] = {}
        self.lines: list[tuple[str, int, int, str]] = []

    def listen(self) -> None:
        """Take the new events."""
        for event in self.peer.events():
            match event:
                case events.Welcome():
                    self.last = {told.conversation: told.head for told in event.conversations}
                case events.Conversation():
                    self.last.setdefault(event.conversation, event.head)
                case events.Left():
                    del self.last[event.conversation]
                case events.Entry() if not isinstance(event, events.Past):
                    assert event.seq == self.last[event.conversation] + 1
                    self.last[event.conversation] = event.seq
                    stored = self._cluster.log.logs[event.conversation][event.seq - 1]
                    assert (event.ts, event.author) == (stored.ts, stored.author)

    def check(self) -> None:
        """Check that no entry is missing when everything is settled."""
        session = self.peer.session
        if self.peer.last_words is None and session.user is not None and session.listens:
            assert set(self.last) == {each.id for each in session.places.heard}
            assert self.last == {name: len(self._cluster.log.logs.get(name, [])) for name in self.last}

    def _check_effects(self, user: User) -> None:
        """Check that a kick, a ban, a revocation or a release took effect on this session, wherever it was ordered."""
        hub, session = self.peer.hub, self.peer.session
        assert hub.directory.users.get(user.id) is user
        assert user.is_guest or session.device in {"", *user.devices}
        assert {each.id for each in session.places.heard if isinstance(each, Room)} == {"#lobby", *user.rooms}
        assert hub.state.lobby.bans.find([f"user:{user.id}"], self.peer.stage.now) is None


class TwoNodes(RuleBasedStateMachine):
    """The rules may be applied in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.cluster = Cluster()
        self.hearers: list[Hearer] = []
        self.plains: list[Peer] = []
        self.count = 0

    @initialize()
    def some_are_here(self) -> None:
        """Start with owners on both nodes, with rooms, roles and passwords."""
        for number, name in enumerate(OWNERS):
            peer = self._come(self.cluster.nodes[number % 2], name)
            peer.do(commands.Password, password=secret(name))
            self._come(self.cluster.nodes[1 - number % 2], name)
            self.cluster.settle()
            for room in ROOMS:
                peer.do(commands.Join, room=room)
        for guest in GUESTS:
            self._come(self.cluster.second, guest)
        self.cluster.first.order(operator.SetOwner(name="ann"))
        self.cluster.first.order(operator.SetRoomOwner(room="#den", name="ben"))
        self.cluster.second.order(operator.SetRoomOwner(room="#dev", name="cat"))

    @rule(node=NODES, name=st.sampled_from(NAMES), number=st.integers(0, 1))
    def comes(self, node: int, name: str, number: int) -> None:
        self._come(self.cluster.nodes[node], name, Channel(ADDRESSES[number], binding=b"b"))

    @rule(node=NODES, name=st.sampled_from(OWNERS))
    def comes_by_password(self, node: int, name: str) -> None:
        peer = self.cluster.nodes[node].connect(NATIVE, HERE)
        self.hearers.append(Hearer(peer, self.cluster))
        peer.log_in(key_of(f"device of {name}"), name=name, password=secret(name), label=f"device of {name}")

    @rule(node=NODES, number=st.integers(0, 9))
    def plain_guest_comes(self, node: int, number: int) -> None:
        peer = self.cluster.nodes[node].connect(PLAIN)
        peer.ask(commands.Hello(name=f"p{number}"))
        self.plains.append(peer)

    @rule(seed=SEEDS, times=st.integers(10, 40))
    def asks(self, seed: int, times: int) -> None:
        """Submit commands, many at the same time on both nodes."""
        chance = Random(seed)
        for _ in range(times):
            there = [each.peer for each in self.hearers if each.peer.last_words is None]
            there += [peer for peer in self.plains if peer.last_words is None]
            if there:
                self._ask(chance.choice(there), chance)
            if chance.random() < 0.2:
                self.cluster.first.turns.turn()

    def _ask(self, peer: Peer, chance: Random) -> None:
        user = peer.session.user
        asking = self._asking(peer, user.name if user is not None and user.name in NAMES else "ann", chance)
        kinds = [kind for kind in ASKED if kind is not commands.Quit]
        peer.ask(asked(asking) if chance.random() < 0.5 else ASKED[chance.choice(kinds)][1](asking))

    @rule(node=NODES, seed=SEEDS)
    def operator_orders(self, node: int, seed: int) -> None:
        kind = Random(seed).choice(list(ORDERS))
        stage = self.cluster.nodes[node]
        asking = self._asking(stage.connect(), "ann", Random(seed))
        stage.order(ORDERS[kind](asking))

    @rule(seed=SEEDS, quits=st.booleans())
    def goes(self, seed: int, *, quits: bool) -> None:
        hearers = [each for each in self.hearers if each.peer.last_words is None]
        if len(hearers) > len(NAMES):
            peer = Random(seed).choice(hearers).peer
            if quits:
                peer.ask(commands.Quit())
            else:
                peer.drop()

    @rule(turns=st.integers(1, 6))
    def turn(self, turns: int) -> None:
        for _ in range(turns):
            self.cluster.first.turns.turn()

    @rule(seconds=st.sampled_from([0.05, 20, 90]))
    def wait(self, seconds: float) -> None:
        self.cluster.first.turns.wait(seconds)

    @rule()
    def settle(self) -> None:
        """Compare both nodes, a third one that replays the log, and the entries that users heard."""
        self.cluster.settle()
        state = self.cluster.first.hub.state.snapshot()
        assert self.cluster.second.hub.state.snapshot() == state
        assert self.cluster.replayed().snapshot() == state
        for hearer in self.hearers:
            hearer.listen()
            hearer.check()
        self.hearers = [each for each in self.hearers if each.peer.last_words is None]

    @invariant()
    def nobody_hears_a_hole_or_a_repeat(self) -> None:
        for hearer in self.hearers:
            hearer.listen()

    def teardown(self) -> None:
        self.settle()

    def _come(self, stage: Stage, name: str, channel: Channel = HERE) -> Peer:
        peer = stage.connect(NATIVE, channel)
        self.hearers.append(Hearer(peer, self.cluster))
        peer.log_in(key_of(name) if name in OWNERS else None, name=name)
        self.cluster.first.turns.turn()
        return peer

    def _asking(self, peer: Peer, by: str, chance: Random) -> Asking:
        self.count += 1
        return Asking(peer, by, self.count, chance)


TestTwoNodes = TwoNodes.TestCase
TestTwoNodes.settings = settings(stateful_step_count=20, max_examples=30)


def test_every_command_and_every_order_is_exercised() -> None:
    assert set(ASKED) == set(COMMANDS)
    assert set(ORDERS) == set(get_args(operator.ORDERS))
