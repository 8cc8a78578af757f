from hypothesis import given
from hypothesis import strategies as st

from socketchat.hub.delivery.replay import WRITE_BYTES
from socketchat.protocol import commands, events
from socketchat.protocol.codec import decode_event
from socketchat.protocol.text.rows import in_rows
from tests.hub.stage import Stage
from tests.hub.stall_meter import MeteredStage, Work

LONG = "x" * 30_000
NEWLINES = "\n" * 30_000


def room_of(*names: str) -> tuple[Stage, list]:
    stage = Stage()
    peers = [stage.native(name) for name in names]
    stage.turns.wait(1)
    for peer in peers:
        peer.take()
    return stage, peers


def test_a_batch_is_one_write_per_recipient() -> None:
    stage, (alice, bob) = room_of("alice", "bob")
    for n in range(5):
        alice.say(f"text {n}")
    stage.settle()
    assert len(bob.writes) == 1
    assert [text for _, _, text in bob.heard()] == [f"text {n}" for n in range(5)]
    assert len(alice.writes) == 1


def test_a_batch_over_several_conversations_is_one_write() -> None:
    stage, (alice, bob) = room_of("alice", "bob")
    bob.do(commands.Join, room="#ops")
    alice.say("first", to="@bob")
    stage.settle()
    bob.take()
    alice.say("in the lobby")
    alice.say("in ops", to="#ops")
    alice.say("to bob", to="@bob")
    stage.settle()
    assert len(bob.writes) == 1
    assert {text for _, _, text in bob.heard()} == {"in the lobby", "in ops", "to bob"}


def test_recipients_of_the_same_bytes_share_one_object() -> None:
    stage, (alice, bob, carol) = room_of("alice", "bob", "carol")
    plain = [stage.plain(name) for name in ("dave", "erin")]
    stage.turns.wait(1)
    for peer in (bob, carol, *plain):
        peer.take()
    alice.say("one")
    alice.say("two")
    stage.settle()
    assert bob.writes[0] is carol.writes[0]
    assert plain[0].writes[0] is plain[1].writes[0]
    assert plain[0].text() == "alice: one\nalice: two\n"


def test_an_author_gets_the_ok_before_the_entry_in_one_write() -> None:
    stage, (alice, _bob) = room_of("alice", "bob")
    ids = [alice.say("one"), alice.say("two")]
    stage.settle()
    (data,) = alice.writes
    told = [decode_event(line) for line in data.splitlines()]
    assert [type(event) for event in told] == [events.Ok, events.Ok, events.Entry, events.Entry]
    assert [(ok.id, ok.conversation, ok.seq) for ok in told[:2]] == [(ids[0], "#lobby", 1), (ids[1], "#lobby", 2)]


def test_an_entry_is_not_shown_before_it_is_stored() -> None:
    stage, (alice, bob) = room_of("alice", "bob")
    alice.say("hello")
    assert bob.writes == []
    assert alice.writes == []
    stage.settle()
    assert bob.heard() == [("#lobby", 1, "hello")]


def test_a_plain_author_does_not_get_its_own_room_message() -> None:
    stage = Stage()
    dave, erin = stage.plain("dave"), stage.plain("erin")
    stage.turns.wait(1)
    dave.take(), erin.take()
    dave.say("mine")
    erin.say("hers")
    dave.say("mine again")
    stage.settle()
    assert dave.text() == "erin: hers\n"
    assert erin.text() == "dave: mine\ndave: mine again\n"


def test_a_plain_author_alone_in_a_room_gets_nothing() -> None:
    stage = Stage()
    dave = stage.plain("dave")
    dave.take()
    dave.say("hello?")
    stage.settle()
    assert dave.writes == []


def test_each_side_of_a_direct_message_gets_its_own_line() -> None:
    stage = Stage()
    dave, erin = stage.plain("dave"), stage.plain("erin")
    stage.turns.wait(1)
    dave.take(), erin.take()
    dave.say("hi", to="@erin")
    erin.say("yes?", to="@dave")
    stage.settle()
    assert dave.text() == "[DM to erin] hi\n[DM from erin] yes?\n"
    assert erin.text() == "[DM from dave] hi\n[DM to dave] yes?\n"


def test_a_direct_message_reaches_all_sessions_of_both_users() -> None:
    stage, (alice, bob, carol) = room_of("alice", "bob", "carol")
    other = stage.native("bob")
    for peer in (alice, bob, carol, other):
        peer.take()
    alice.say("hi", to="@bob")
    stage.settle()
    heard = alice.heard()
    assert [text for _, _, text in heard] == ["hi"]
    assert bob.heard() == other.heard() == heard
    assert carol.heard() == []


def test_a_direct_message_to_oneself_is_delivered_once() -> None:
    stage, (alice,) = room_of("alice")
    alice.say("note", to="@alice")
    stage.settle()
    assert [text for _, _, text in alice.heard()] == ["note"]


def test_a_batch_over_the_write_limit_is_split_and_ends_live() -> None:
    stage, (alice, bob) = room_of("alice", "bob")
    plain = stage.plain("dave")
    stage.turns.wait(1)
    bob.take(), plain.take()
    texts = [f"{n} {LONG}" for n in range(WRITE_BYTES // len(LONG) + 2)]
    for text in texts:
        alice.ask(commands.Send(to="#lobby", text=text))
    stage.settle()
    assert max(map(len, bob.writes)) < WRITE_BYTES + 2 * len(LONG)
    assert [text for _, _, text in bob.heard()] == texts
    assert plain.text() == in_rows("".join(f"alice: {text}\n" for text in texts))
    assert not bob.session.places.is_behind
    alice.say("and on")
    stage.settle()
    assert [text for _, _, text in bob.heard()] == ["and on"]


def test_a_batch_over_the_write_limit_does_not_delay_the_ok() -> None:
    stage, (alice,) = room_of("alice")
    ids = [alice.say(f"{n} {LONG}") for n in range(12)]
    stage.settle()
    told = alice.events()
    oks = [event.id for event in told if isinstance(event, events.Ok)]
    assert oks == ids
    assert [event.seq for event in told if isinstance(event, events.Entry)] == list(range(1, 13))


@given(authors=st.lists(st.integers(0, 3), min_size=1, max_size=40))
def test_a_plain_author_gets_all_lines_except_its_own_in_order(authors: list[int]) -> None:
    stage = Stage()
    people = [stage.plain(f"p{n}") for n in range(5)]
    stage.turns.wait(1)
    for person in people:
        person.take()
    for number, author in enumerate(authors):
        people[author].say(f"text {number}")
    stage.settle()
    for n, person in enumerate(people):
        heard = [f"p{author}: text {number}\n" for number, author in enumerate(authors) if author != n]
        assert person.take().decode() == "".join(heard)


def test_many_long_texts_at_once_are_rendered_in_several_turns_and_all_arrive() -> None:
    stage = MeteredStage()
    alice, bob, plain = stage.native("alice"), stage.native("bob"), stage.plain("dave")
    texts = [f"{number}{NEWLINES}end" for number in range(20)]
    stage.settle()
    for peer in (alice, bob, plain):
        peer.take()
    plain.stuck = True
    for text in texts:
        alice.say(text)
    alice.say("hello", to="@dave")
    stage.meter.most = Work()
    with stage.meter.wrapped():
        stage.settle()
    assert stage.meter.most.characters <= 2_000_000
    said = plain.text()
    while plain.session.places.is_behind:
        plain.buffered = 0
        plain.read_again()
        plain.stuck = True
        stage.settle()
        said += plain.text()
    assert [line for line in said.splitlines() if line.endswith("end")] == ["alice: end"] * 20
    assert said.count("hello") == 1
    assert [text for conversation, _, text in bob.heard() if conversation == "#lobby"] == texts
