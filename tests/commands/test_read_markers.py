import pytest

from socketchat.commands import read_markers as markers
from socketchat.hub.policy.limits import COMMAND_BURST, READ_BURST, READ_BYTES, READ_ENTRIES, READS_PER_SECOND
from socketchat.protocol import commands, events, operator
from socketchat.protocol.conversations import pair_id
from socketchat.protocol.limits import HISTORY_ENTRIES, TEXT_BYTES
from tests.hub.stage import Peer, Stage


def unread(peer: Peer) -> list[tuple[str, int, int, bool]]:
    peer.take()
    peer.do(commands.Unread)
    (told,) = peer.told(events.Unread)
    return [(count.name, count.messages, count.mentions, count.more) for count in told.conversations]


def reads(peer: Peer) -> list[tuple[str, int]]:
    return [(event.conversation, event.seq) for event in peer.told(events.Read)]


def test_read_markers_are_shared_by_devices_and_never_go_back() -> None:
    stage = Stage()
    bob, one, other = stage.native("bob"), stage.native("alice"), stage.native("alice")
    for _ in range(3):
        bob.say("hello")
    stage.settle()
    for peer in (bob, one, other):
        peer.take()
    one.do(commands.Read, conversation="#lobby", seq=2)
    one.do(commands.Read, conversation="#lobby", seq=1)
    assert (reads(one), reads(other), reads(bob)) == ([], [("#lobby", 2)], [])
    one.do(commands.Read, conversation="#lobby", seq=99)
    assert reads(other) == [("#lobby", 3)]
    (welcome,) = stage.native("alice").told(events.Welcome)
    assert welcome.conversations[0].read == 3


def test_read_markers_survive_a_restart() -> None:
    stage = Stage()
    alice = stage.native("alice")
    alice.say("hello")
    alice.do(commands.Read)
    user = alice.session.user
    assert stage.new_hub().directory.users[user.id].read == {"#lobby": 1}


def test_deleted_messages_are_not_unread() -> None:
    stage = Stage()
    alice, bob, eve = stage.native("alice"), stage.native("bob"), stage.native("eve")
    alice.do(commands.Read)
    for peer in (eve, bob, eve, eve):
        peer.say("alice: look")
        stage.settle()
    alice.session.user.mark_read("#lobby", 0)
    bob.say("a secret", to="@alice")
    stage.settle()
    stage.order(operator.EraseUser(id=1, name="eve"))
    assert unread(alice) == [("#lobby", 1, 1, False), ("@bob", 1, 0, False)]
    bob.do(commands.Delete, conversation="@alice", seq=1)
    assert unread(alice) == [("#lobby", 1, 1, False)]


def test_unread_messages_behind_deleted_ones_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markers, "COUNTED_ENTRIES", 3)
    stage = Stage()
    alice, bob, eve = stage.native("alice"), stage.native("bob"), stage.native("eve")
    for peer, text in ((bob, "one"), (bob, "two"), *((eve, f"spam {n}") for n in range(9)), (bob, "three")):
        peer.say(text)
        stage.settle()
    alice.session.user.mark_read("#lobby", 0)
    stage.order(operator.EraseUser(id=1, name="eve"))
    assert unread(alice) == [("#lobby", 3, 0, False)]
    bob.say("four")
    stage.settle()
    assert unread(alice) == [("#lobby", 3, 0, True)]
    monkeypatch.setattr(markers, "LOOKED_AT", 8)
    assert unread(alice) == [("#lobby", 2, 0, True)]


def test_an_erased_user_has_no_read_markers() -> None:
    stage = Stage()
    alice, bob = stage.native("alice"), stage.native("bob")
    bob.say("hello", to="@alice")
    stage.settle()
    alice.do(commands.Read)
    user = alice.session.user
    assert unread(alice) == []
    stage.order(operator.EraseUser(id=1, name="alice"))
    assert unread(alice) == [("@bob", 1, 0, False)]
    assert stage.new_hub().directory.users[user.id].read == {}


def test_unread_counts_include_messages_of_others_and_mentions() -> None:
    stage = Stage()
    alice, bob = stage.native("alice"), stage.native("bob")
    for peer in (alice, bob):
        peer.do(commands.Join, room="#ops")
    bob.say("first", to="#ops")
    bob.say("first", to="#lobby")
    stage.settle()
    alice.do(commands.Read)
    alice.do(commands.Quit)
    for text in ("malice", "Alice: look", "what does @alice. say", "waves"):
        bob.say(text, to="#ops")
    bob.say("alice alice", to="@alice")
    bob.say("malice again", to="#lobby")
    stage.settle()
    alice = stage.native("alice")
    assert unread(alice) == [("#lobby", 1, 0, False), ("#ops", 4, 2, False), ("@bob", 1, 0, False)]
    alice.say("I am back", to="#ops")
    stage.settle()
    assert ("#ops", 4, 2, False) in unread(alice)
    alice.do(commands.Ignore, name="bob")
    assert unread(alice) == []
    alice.do(commands.Unignore, name="bob")
    alice.do(commands.Read)
    assert unread(alice) == []


def test_a_room_never_read_has_nothing_unread() -> None:
    stage = Stage()
    bob = stage.native("bob")
    bob.say("before her time")
    stage.settle()
    assert unread(stage.native("alice")) == []


def test_only_the_newest_messages_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markers, "COUNTED_ENTRIES", 250)
    stage = Stage()
    alice, bob = stage.native("alice"), stage.native("bob")
    for n in range(400):
        bob.say(f"text {n}", to="@alice")
    stage.settle()
    assert unread(alice) == [("@bob", 250, 0, True)]
    alice.do(commands.Read, conversation="@bob", seq=150)
    assert unread(alice) == [("@bob", 250, 0, False)]


def test_counting_is_charged_by_the_scanned_entries() -> None:
    stage = Stage(limited=True)
    alice, bob = stage.native("alice"), stage.native("bob")
    stage.turns.wait(3600)
    for n in range(COMMAND_BURST):
        bob.say(f"text {n}", to="@alice")
    stage.settle()
    for _ in range(READ_BURST):
        alice.do(commands.Unread)
    counted = len(alice.told(events.Unread))
    assert counted == pytest.approx(READ_BURST / (1 + COMMAND_BURST / READ_ENTRIES), abs=1)
    stage.turns.wait(2 * READ_BURST / READS_PER_SECOND)
    assert len(alice.told(events.Unread)) == READ_BURST - counted


def test_mentions_are_searched_outside_the_loop_in_a_bounded_amount_of_text() -> None:
    stage = Stage()
    ran = []

    class Aside:
        async def run(self, work):
            ran.append(work)
            return work()

    stage.hub.background = Aside()
    alice, bob = stage.native("alice"), stage.native("bob")
    alice.session.user.mark_read("#lobby", 0)
    count = markers.MENTION_BYTES // TEXT_BYTES + 10
    for n in range(count):
        bob.say("alice " + "é " * 10_900 + f"{n}")
        stage.settle()
    ((name, messages, mentions, more),) = unread(alice)
    assert (name, messages, more) == ("#lobby", count, True)
    assert mentions == markers.MENTION_BYTES // TEXT_BYTES
    assert len(ran) == 1 + count // HISTORY_ENTRIES


def test_the_search_for_mentions_is_charged_by_the_scanned_text() -> None:
    stage = Stage(limited=True)
    alice, bob = stage.native("alice"), stage.native("bob")
    alice.session.user.mark_read("#lobby", 0)
    for n in range(20):
        bob.say("x" * 32_000 + f"{n}")
        stage.settle()
        stage.turns.wait(60)
    for _ in range(READ_BURST):
        alice.do(commands.Unread)
    counted = len(alice.told(events.Unread))
    assert counted == pytest.approx(READ_BURST / (1 + 20 * 32_000 / READ_BYTES), abs=1)


def test_unreadable_conversations_cannot_be_marked_as_read() -> None:
    stage = Stage()
    alice, bob, eve = stage.native("alice"), stage.native("bob"), stage.native("eve")
    bob.say("psst", to="@alice")
    stage.settle()
    pair = pair_id(alice.session.user.id, bob.session.user.id)
    eve.take()
    eve.do(commands.Read, conversation=pair)
    (error,) = eve.told(events.Error)
    assert error.code == "no_such_room"
    assert eve.session.user.read == {}


def test_the_read_markers_of_a_guest_end_with_the_guest() -> None:
    stage = Stage()
    bob, gus = stage.native("bob"), stage.guest("gus")
    bob.say("psst", to="@gus")
    stage.settle()
    assert unread(gus) == [("@bob", 1, 0, False)]
    gus.do(commands.Read)
    assert unread(gus) == []
    assert stage.new_hub().directory.users.keys() == {bob.session.user.id}


def test_a_plain_client_can_count_and_mark_unread_messages() -> None:
    stage = Stage()
    bob, tom = stage.native("bob"), stage.plain("tom")
    bob.say("psst", to="@tom")
    stage.settle()
    tom.take()
    tom.do(commands.Unread)
    tom.do(commands.Read)
    tom.do(commands.Unread)
    assert tom.text() == "=== Unread (1) ===\n  - @bob: 1 from @bob/1\n=== Unread (0) ===\n"


def test_the_first_unread_message_and_the_first_mention_are_named() -> None:
    stage = Stage()
    alice, bob = stage.native("alice"), stage.native("bob")
    bob.say("read")
    stage.settle()
    alice.do(commands.Read)
    for text in ("one", "alice: two", "three", "alice: four"):
        bob.say(text)
        stage.settle()
    alice.take()
    alice.do(commands.Unread)
    (told,) = alice.told(events.Unread)
    (count,) = told.conversations
    assert (count.messages, count.first, count.mentions, count.mention) == (4, 2, 2, 3)
