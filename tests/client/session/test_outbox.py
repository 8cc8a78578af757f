import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import booleans

from socketchat.client.session.outbox import KEPT_BYTES, KEPT_ENTRIES, Outbox, outbox_name
from socketchat.protocol.commands import Send
from socketchat.protocol.limits import UNACKNOWLEDGED_BYTES, UNACKNOWLEDGED_ENTRIES


def outbox_of(count: int) -> Outbox:
    outbox = Outbox("f" * 16)
    for number in range(1, count + 1):
        outbox.add(number, Send(to="#lobby", text=f"text {number}"))
    return outbox


def due(outbox: Outbox) -> list[int]:
    return [command.n for command in outbox.due()]


def test_messages_are_sent_once_in_order_under_rising_keys() -> None:
    outbox = outbox_of(3)
    commands = outbox.due()
    assert [(command.id, command.outbox, command.n) for command in commands] == [
        (1, "f" * 16, 1),
        (2, "f" * 16, 2),
        (3, "f" * 16, 3),
    ]
    assert outbox.due() == []


def test_a_key_is_never_used_twice() -> None:
    outbox = outbox_of(2)
    outbox.settle(1)
    outbox.settle(2)
    outbox.add(9, Send(to="#lobby", text="more"))
    assert due(outbox) == [3]


def test_after_a_reconnect_unsettled_messages_are_sent_again_under_their_keys() -> None:
    outbox = outbox_of(3)
    first = outbox.due()
    outbox.settle(1)
    outbox.connection_lost()
    assert outbox.due() == first[1:]


def test_a_refused_message_is_not_overtaken() -> None:
    outbox = outbox_of(3)
    outbox.due()
    outbox.hold(1)
    outbox.add(4, Send(to="#lobby", text="later"))
    assert due(outbox) == []
    outbox.release()
    assert due(outbox) == []  # 2 and 3 are still on the wire, and the server refuses them too
    outbox.hold(2)
    outbox.hold(3)
    assert due(outbox) == []
    outbox.release()
    assert due(outbox) == [1, 2, 3, 4]


def test_later_sent_messages_can_be_settled_before_a_refused_one_is_retried() -> None:
    outbox = outbox_of(3)
    outbox.due()
    outbox.hold(1)
    outbox.release()
    outbox.settle(2)
    outbox.settle(3)
    assert due(outbox) == [1]


def test_a_new_connection_does_not_wait_for_a_retry_delay() -> None:
    outbox = outbox_of(2)
    outbox.due()
    outbox.hold(1)
    outbox.connection_lost()
    assert due(outbox) == [1, 2]


def test_unconfirmed_messages_are_limited_and_each_answer_sends_the_next() -> None:
    outbox = outbox_of(UNACKNOWLEDGED_ENTRIES + 2)
    assert due(outbox) == list(range(1, UNACKNOWLEDGED_ENTRIES + 1))
    outbox.settle(1)
    assert due(outbox) == [UNACKNOWLEDGED_ENTRIES + 1]
    outbox.connection_lost()
    assert due(outbox) == list(range(2, UNACKNOWLEDGED_ENTRIES + 2))


def test_the_outbox_holds_enough_messages_for_an_outage() -> None:
    outbox = outbox_of(KEPT_ENTRIES - 1)
    assert outbox.has_room(Send(to="#lobby", text="x"))
    outbox.add(9999, Send(to="#lobby", text="x"))
    assert not outbox.has_room(Send(to="#lobby", text="x"))
    outbox.settle(9999)
    assert outbox.has_room(Send(to="#lobby", text="x"))


@pytest.mark.parametrize("letter", ["x", "é"])
def test_bytes_in_the_outbox_are_bounded_but_one_message_always_fits(letter: str) -> None:
    outbox = Outbox("f" * 16)
    half = letter * (KEPT_BYTES // 2 // len(letter.encode()))
    assert outbox.has_room(Send(to="#lobby", text=half * 3))
    outbox.add(1, Send(to="#lobby", text=half))
    assert outbox.has_room(Send(to="#lobby", text=half))
    assert not outbox.has_room(Send(to="#lobby", text=half + letter))


def test_unconfirmed_bytes_are_bounded_but_one_message_is_always_sent() -> None:
    outbox = Outbox("f" * 16)
    for number in (1, 2, 3):
        outbox.add(number, Send(to="#lobby", text="x" * (UNACKNOWLEDGED_BYTES // 2 + 1)))
    assert due(outbox) == [1]
    outbox.settle(1)
    assert due(outbox) == [2]


def test_messages_never_sent_are_known_not_to_be_stored() -> None:
    outbox = outbox_of(1)
    assert not outbox.was_tried(1)
    outbox.due()
    outbox.connection_lost()
    assert outbox.was_tried(1)


class Shelf:
    """A store that outlives the outboxes of a test."""

    lasts = True

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int], Send] = {}

    def load(self) -> list[Send]:
        return list(self.kept.values())

    def added(self, message: Send) -> None:
        self.kept[message.outbox, message.n] = message

    def settled(self, message: Send) -> None:
        self.kept.pop((message.outbox, message.n), None)


def test_messages_of_an_earlier_process_are_sent_first_under_their_keys() -> None:
    shelf = Shelf()
    dead = Outbox("d" * 16, store=shelf)
    for number in (1, 2, 3):
        dead.add(number, Send(to="#lobby", text=f"text {number}"))
    dead.settle(1)
    outbox = Outbox("f" * 16, store=shelf)
    assert outbox.adopt(4) == 6
    outbox.add(7, Send(to="#lobby", text="own"))
    assert [(send.id, send.outbox, send.n) for send in outbox.due()] == [
        (5, "d" * 16, 2),
        (6, "d" * 16, 3),
        (7, "f" * 16, 1),
    ]
    assert (outbox.adopted, outbox.is_adopted(5), outbox.is_adopted(7)) == (2, True, False)
    for request in (5, 6, 7):
        outbox.settle(request)
    assert (len(outbox), shelf.kept) == (0, {})


def test_a_blocked_outbox_does_not_block_another() -> None:
    shelf = Shelf()
    Outbox("d" * 16, store=shelf).add(1, Send(to="#lobby", text="old"))
    outbox = Outbox("f" * 16, store=shelf)
    outbox.adopt(0)
    outbox.due()
    outbox.hold(1)
    outbox.add(2, Send(to="#lobby", text="own"))
    assert [send.text for send in outbox.due()] == ["own"]
    outbox.release()
    assert [send.text for send in outbox.due()] == ["old"]


def test_messages_left_behind_are_available_to_the_next_process() -> None:
    shelf = Shelf()
    outbox = Outbox("f" * 16, store=shelf)
    outbox.add(1, Send(to="#lobby", text="x"))
    outbox.leave(1)
    assert len(outbox) == 0
    assert [message.text for message in shelf.load()] == ["x"]


class Conversations(RuleBasedStateMachine):
    """Clients, one after the other over one store, and a server that stores by key: any order of faults."""

    def __init__(self) -> None:
        super().__init__()
        self.shelf = Shelf()
        self.stored: list[tuple[str, int, str]] = []  # the messages of the server: outbox, n, text
        self.last: dict[str, int] = {}
        self.refused: dict[str, int] = {}  # the first n of an outbox that has to come again
        self.written: list[tuple[str, str]] = []
        self.clients = 0
        self.begin()

    def begin(self) -> None:
        self.clients += 1
        self.outbox = Outbox(f"{self.clients:016x}", 3, store=self.shelf)
        self.request = self.outbox.adopt(0)
        self.wire: list[Send] = []
        self.answers: list[tuple[int, bool]] = []  # by request: stored, or to be tried later

    def write_due(self) -> None:
        self.wire += self.outbox.due()

    @rule()
    def write(self) -> None:
        text = f"text {len(self.written)}"
        self.request += 1
        self.outbox.add(self.request, Send(to="#lobby", text=text))
        self.written.append((self.outbox.name, text))
        self.write_due()

    @rule(works=booleans())
    def serve(self, *, works: bool) -> None:
        """Let the server take the next message, as the journal does: a later n never overtakes a refused one."""
        if not self.wire:
            return
        send = self.wire.pop(0)
        gate = self.refused.get(send.outbox)
        if send.n <= self.last.get(send.outbox, 0):
            self.answers.append((send.id, True))
        elif not works or (gate is not None and gate < send.n):
            self.refused[send.outbox] = min(send.n, gate or send.n)
            self.answers.append((send.id, False))
        else:
            self.refused.pop(send.outbox, None)
            self.last[send.outbox] = send.n
            self.stored.append((send.outbox, send.n, send.text))
            self.answers.append((send.id, True))

    @rule()
    def hear(self) -> None:
        if self.answers:
            request, stored = self.answers.pop(0)
            self.outbox.settle(request) if stored else self.outbox.hold(request)
            self.write_due()

    @rule()
    def retry(self) -> None:
        self.outbox.release()
        self.write_due()

    @rule()
    def lose_the_link(self) -> None:
        self.wire.clear()
        self.answers.clear()
        self.outbox.connection_lost()
        self.write_due()

    @rule()
    def crash(self) -> None:
        self.begin()
        self.write_due()

    @invariant()
    def nothing_twice_and_each_outbox_in_order(self) -> None:
        keys = [(outbox, n) for outbox, n, _ in self.stored]
        assert len(set(keys)) == len(keys)
        for outbox in self.last:
            numbers = [n for name, n, _ in self.stored if name == outbox]
            assert numbers == list(range(1, len(numbers) + 1))

    def teardown(self) -> None:
        """Once everything works, everything that was written is stored."""
        while len(self.outbox):
            self.retry()
            self.serve(works=True)
            self.hear()
        assert sorted((outbox, text) for outbox, _, text in self.stored) == sorted(self.written)
        assert self.shelf.kept == {}


TestConversations = Conversations.TestCase


def test_an_outbox_is_derived_from_name_and_key() -> None:
    first = outbox_name("backup", "ann")
    assert len(first) == 16
    assert int(first, 16) > 0
    assert first == outbox_name("backup", "Ann")  # the same user
    assert len({first, outbox_name("backup2", "ann"), outbox_name("backup", "bob")}) == 3
    assert len(outbox_name("\udcff", "ann")) == 16  # any bytes of an argument
