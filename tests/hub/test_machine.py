"""Any number of sessions that come, go, stall and speak in any order: each hears 1, 2, 3 … once, without a hole."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from socketchat.client.identity.keys import Key
from socketchat.protocol import commands, events
from socketchat.protocol.codec import decode_text
from socketchat.protocol.conversations import is_room
from socketchat.protocol.text.rows import CONTINUED
from tests.hub.stage import Peer, Stage
from tests.keys import key_of

NAMES = ("ann", "ben", "cat")
ROOMS = ("#lobby", "#ops", "#dev")


class Listener:
    """The state of a native client: its entries of each conversation, checked against the log."""

    def __init__(self, peer: Peer, name: str, positions: dict[str, int] | None = None) -> None:
        self.peer = peer
        self.name = name
        self.positions = positions
        self.token = ""
        self.last: dict[str, int] = {}
        self.sent: dict[int, tuple[str, str]] = {}

    def listen(self) -> None:
        for event in self.peer.events():
            self._take(event)

    def _take(self, event: events.Event) -> None:
        match event:
            case events.Welcome():
                self.token = event.token
                for told in event.conversations:
                    self._begin(told)
            case events.Conversation():
                self.last.setdefault(event.conversation, event.head)
            case events.Left():
                del self.last[event.conversation]
            case events.Entry():
                assert event.seq == self.last[event.conversation] + 1
                self.last[event.conversation] = event.seq
                log = self.peer.stage.journal._store.logs[event.conversation]
                assert log[event.seq - 1] == event
            case events.Ok() if event.id in self.sent:
                to, text = self.sent.pop(event.id)
                entry = self.peer.stage.journal._store.logs[event.conversation][event.seq - 1]
                assert decode_text(entry).text == text
                assert to.startswith("@") or entry.conversation == to
            case events.Error() if event.id in self.sent:
                to, text = self.sent.pop(event.id)
                user = self.peer.session.user
                is_guests = to.startswith("@") and user is not None and user.is_guest
                # On a full disk no account is made, and guests can only write to online users.
                assert event.retry or event.code == ("refused" if is_guests else "not_logged_in")
                logs = self.peer.stage.journal._store.logs.values()
                assert not any(decode_text(each).text == text for log in logs for each in log if each.kind == "message")

    def _begin(self, told: events.Conversation) -> None:
        start = told.head
        if self.positions is not None:
            start = self.positions.get(told.conversation, told.head if is_room(told.conversation) else 0)
        self.last[told.conversation] = start


class Hearing(RuleBasedStateMachine):
    """The rules may be applied in any order."""

    natives = Bundle("natives")
    plains = Bundle("plains")
    gone = Bundle("gone")

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage()
        self.listeners: list[Listener] = []
        self.plain_peers: dict[Peer, tuple[str, int]] = {}
        self.count = 0

    def fresh(self) -> str:
        self.count += 1
        return f"t{self.count}"

    @initialize(target=natives)
    def some_are_here(self) -> MultipleResults[Listener]:
        """Begin with three owners in two rooms, and more to read than a page."""
        owners = [self.owner_comes(name) for name in NAMES]
        for owner in owners[:2]:
            self.joins(owner, "#ops")
        self.stage.settle()
        self.speaks(owners[0], "#lobby", 70)
        self.speaks(owners[1], "#ops", 3)
        self.stage.settle()
        return multiple(*owners)

    # Coming and going

    @rule(target=natives, name=st.sampled_from(NAMES))
    def owner_comes(self, name: str) -> Listener:
        return self._native(name, key=key_of(name), name=name)

    @rule(target=natives)
    def guest_comes(self) -> Listener:
        name = "g" + self.fresh()
        return self._native(name, name=name)

    def _native(
        self, listener_name: str, known: dict[str, int] | None = None, *, key: Key | None = None, **hello
    ) -> Listener:
        peer = self.stage.connect()
        peer.log_in(key, **hello)
        self.listeners.append(Listener(peer, listener_name, known))
        return self.listeners[-1]

    @rule(target=plains)
    def plain_comes(self) -> Peer:
        name = "p" + self.fresh()
        head = self.stage.hub.directory.lobby.head
        peer = self.stage.plain(name)
        self.plain_peers[peer] = (name, head)
        return peer

    @rule(listener=natives, other=natives, turns=st.integers(0, 9))
    def stalls_while_another_speaks_and_reads_again(self, listener: Listener, other: Listener, turns: int) -> None:
        listener.peer.stall()
        self.speaks(other, "#lobby", 20)
        self.stage.settle()
        listener.peer.read_again()
        self.speaks(other, "#lobby", 1)
        self.turn(turns)

    @rule(target=natives, listener=consumes(natives), other=natives, turns=st.integers(0, 9))
    def link_breaks_while_another_speaks_and_resumes(self, listener: Listener, other: Listener, turns: int) -> Listener:
        listener = self.link_breaks(listener)
        for to in ("#lobby", "#ops", "@" + listener.name):
            if self._exists(to):
                self.speaks(other, to, 30)
        self.turn(turns)
        return self.resumes(listener)

    @rule(target=gone, listener=consumes(natives))
    def link_breaks(self, listener: Listener) -> Listener:
        listener.listen()
        self.listeners.remove(listener)
        listener.peer.drop()
        return listener

    @rule(target=natives, listener=consumes(gone))
    def resumes(self, listener: Listener) -> Listener:
        hello = {"epoch": self.stage.hub.logins.epoch, "positions": dict(listener.last)}
        key = None
        if self.stage.hub.logins.resumable.get(listener.token):
            hello["token"] = listener.token
        else:
            hello["name"] = listener.name
            if listener.name in NAMES:
                key = key_of(listener.name)
        return self._native(listener.name, dict(listener.last), key=key, **hello)

    @rule(listener=consumes(natives))
    def quits(self, listener: Listener) -> None:
        listener.peer.ask(commands.Quit())
        self.stage.settle()
        self.listeners.remove(listener)

    @rule(peer=consumes(plains))
    def plain_goes(self, peer: Peer) -> None:
        peer.drop()
        del self.plain_peers[peer]

    # Speaking

    @rule(listener=natives, to=st.sampled_from([*ROOMS, *("@" + name for name in NAMES)]), times=st.integers(1, 70))
    def speaks(self, listener: Listener, to: str, times: int) -> None:
        for _ in range(times):
            text = self.fresh()
            if self._exists(to):
                listener.sent[listener.peer.say(text, to=to)] = (to, text)

    def _exists(self, to: str) -> bool:
        directory = self.stage.hub.directory
        return to in directory.rooms if is_room(to) else directory.holder(to[1:]) is not None

    @rule(listener=natives, times=st.integers(1, 12), to=st.sampled_from(ROOMS))
    def speaks_at_length(self, listener: Listener, times: int, to: str) -> None:
        for _ in range(times if self._exists(to) else 0):
            text = self.fresh() + "x" * 30_000
            listener.sent[listener.peer.say(text, to=to)] = (to, text)

    @rule(peer=plains, times=st.integers(1, 5))
    def plain_speaks(self, peer: Peer, times: int) -> None:
        for _ in range(times):
            peer.say(self.fresh())

    @rule(listener=natives, room=st.sampled_from(ROOMS[1:]))
    def joins(self, listener: Listener, room: str) -> None:
        listener.peer.ask(commands.Join(id=listener.peer.next_id(), room=room))

    @rule(listener=natives, room=st.sampled_from(ROOMS[1:]))
    def leaves(self, listener: Listener, room: str) -> None:
        listener.peer.ask(commands.Leave(id=listener.peer.next_id(), room=room))

    # Being slow

    @rule(listener=natives)
    def stalls(self, listener: Listener) -> None:
        listener.peer.stall()

    @rule(listener=natives)
    def reads_again(self, listener: Listener) -> None:
        listener.peer.read_again()

    @rule(listener=natives)
    def reads_a_little(self, listener: Listener) -> None:
        listener.peer.stuck = True
        listener.peer.buffered = 0
        listener.peer.hub.drain(listener.peer.session)

    @rule(peer=plains)
    def plain_stalls(self, peer: Peer) -> None:
        peer.stall()

    @rule(peer=plains)
    def plain_reads_again(self, peer: Peer) -> None:
        peer.read_again()

    # Time, and the disk

    @rule(turns=st.integers(1, 9))
    def turn(self, turns: int) -> None:
        for _ in range(turns):
            self.stage.turns.turn()

    @rule(seconds=st.sampled_from([0.05, 20]))
    def wait(self, seconds: float) -> None:
        self.stage.turns.wait(seconds)

    @rule(turns=st.integers(1, 6))
    def disk_gets_slower_or_faster(self, turns: int) -> None:
        self.stage.journal.turns = turns

    @rule()
    def disk_is_full_for_a_moment(self) -> None:
        capacity, self.stage.journal.capacity = self.stage.journal.capacity, 0
        self.stage.turns.turn()
        self.stage.journal.capacity = capacity

    @invariant()
    def nobody_hears_a_hole_or_a_repeat(self) -> None:
        for listener in self.listeners:
            listener.listen()

    def teardown(self) -> None:
        for listener in self.listeners:
            listener.peer.read_again()
        for peer in self.plain_peers:
            peer.read_again()
        self.stage.settle()
        self.nobody_hears_a_hole_or_a_repeat()
        logs = self.stage.journal._store.logs
        for listener in self.listeners:
            session = listener.peer.session
            assert set(listener.last) == {each.id for each in session.places.heard}
            assert listener.last == {name: len(logs.get(name, [])) for name in listener.last}
            assert not listener.sent
            assert listener.peer.waiting == session.under_way == 0
        for peer, (name, start) in self.plain_peers.items():
            whole = peer.text().replace(f"\n{CONTINUED}", "")
            lines = [line for line in whole.splitlines() if not line.startswith("[") and ": " in line]
            said = [entry for entry in logs.get("#lobby", [])[start:] if entry.name != name]
            assert lines == [f"{entry.name}: {decode_text(entry).text}" for entry in said]


TestHearing = Hearing.TestCase
TestHearing.settings = settings(stateful_step_count=40)
