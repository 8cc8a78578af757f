import pytest

from socketchat.protocol import commands, events
from tests.hub.stage import Peer, Stage


def refusal(peer: Peer) -> str:
    (error,) = peer.told(events.Error)
    return error.code


def entered(*names: str) -> tuple[Stage, list[Peer]]:
    stage = Stage()
    peers = [stage.native(name) for name in names]
    stage.turns.wait(1)
    for peer in peers:
        peer.take()
    return stage, peers


def test_joining_makes_a_room_and_enters_it() -> None:
    stage, (alice,) = entered("alice")
    number = alice.do(commands.Join, room="Ops")
    told = alice.events()
    assert told[:2] == [events.Conversation(conversation="#ops", name="#Ops"), events.Ok(id=number)]
    assert stage.hub.directory.rooms["#ops"].name == "#Ops"


def test_every_spelling_of_a_room_is_the_same_room() -> None:
    stage, (alice, bob) = entered("alice", "bob")
    alice.do(commands.Join, room="#Ops")
    bob.do(commands.Join, room="OPS")
    assert len(stage.hub.directory.rooms) == 2
    bob.take()
    alice.say("hi", to="#oPs")
    stage.settle()
    assert bob.heard() == [("#ops", 1, "hi")]


def test_two_users_who_make_one_room_simultaneously_are_both_members() -> None:
    stage, (alice, bob) = entered("alice", "bob")
    for peer in (alice, bob):
        peer.ask(commands.Join(id=99, room="#ops"))
    stage.settle()
    assert alice.told(events.Ok) == bob.told(events.Ok) == [events.Ok(id=99)]
    assert [entry.kind for entry in stage.journal._store.facts].count("room") == 1


def test_membership_outlives_the_session_of_an_account() -> None:
    stage, (alice,) = entered("alice")
    alice.do(commands.Join, room="#ops")
    alice.do(commands.Quit)
    stage.hub = stage.new_hub()
    (welcome,) = stage.native("alice").told(events.Welcome)
    assert [each.conversation for each in welcome.conversations] == ["#lobby", "#ops"]


def test_membership_ends_with_a_guest() -> None:
    stage = Stage()
    dave = stage.plain("dave")
    dave.do(commands.Join, room="#ops")
    dave.do(commands.Quit)
    again = stage.guest("dave")
    (welcome,) = again.told(events.Welcome)
    assert [each.conversation for each in welcome.conversations] == ["#lobby"]
    assert stage.hub.directory.rooms["#ops"].members == {}


def test_a_room_joined_in_one_session_is_heard_in_all() -> None:
    stage, (alice, bob) = entered("alice", "bob")
    other = stage.native("alice")
    other.take()
    bob.do(commands.Join, room="#ops")
    alice.do(commands.Join, room="#ops")
    assert other.told(events.Conversation) == [events.Conversation(conversation="#ops")]
    bob.say("hi", to="#ops")
    stage.settle()
    assert other.heard() == [("#ops", 1, "hi")]


def test_a_member_who_joins_again_gets_the_state_of_the_room() -> None:
    stage, (alice,) = entered("alice")
    alice.do(commands.Join, room="#ops")
    alice.say("hi", to="#ops")
    stage.settle()
    alice.take()
    number = alice.do(commands.Join, room="#ops")
    assert alice.events() == [events.Conversation(conversation="#ops", head=1), events.Ok(id=number)]


def test_a_new_member_hears_later_messages() -> None:
    stage, (alice, bob) = entered("alice", "bob")
    alice.do(commands.Join, room="#ops")
    alice.say("before", to="#ops")
    stage.settle()
    bob.ask(commands.Join(room="#ops"))
    alice.say("meanwhile", to="#ops")
    stage.settle()
    (told,) = bob.told(events.Conversation)
    alice.say("after", to="#ops")
    stage.settle()
    seqs = [seq for _, seq, _ in bob.heard()]
    assert told.head + len(seqs) in {2, 3}
    assert seqs[-1] == 3


def test_a_room_that_cannot_be_stored_does_not_exist() -> None:
    stage, (alice,) = entered("alice")
    stage.journal.capacity = 0
    alice.do(commands.Join, room="#ops")
    (error,) = alice.told(events.Error)
    assert (error.code, error.retry) == ("storage", True)
    assert "#ops" not in stage.hub.directory.rooms


def test_a_membership_that_cannot_be_stored_does_not_exist() -> None:
    stage, (alice, bob) = entered("alice", "bob")
    alice.do(commands.Join, room="#ops")
    stage.journal.capacity = 0
    bob.do(commands.Join, room="#ops")
    assert refusal(bob) == "storage"
    alice.do(commands.Leave, room="#ops")
    assert refusal(alice) == "storage"
    assert [user.name for user in stage.hub.directory.rooms["#ops"].members.values()] == ["alice"]


def test_a_plain_client_gone_before_its_room_is_stored_is_not_a_member() -> None:
    stage = Stage()
    dave = stage.plain("dave")
    dave.ask(commands.Join(room="#ops"))
    dave.drop()
    stage.turns.wait(1)
    room = stage.hub.directory.rooms["#ops"]
    assert room.members == {}
    assert room.audience == {}


def test_a_former_member_hears_nothing_more() -> None:
    stage, (alice, bob) = entered("alice", "bob")
    for peer in (alice, bob):
        peer.do(commands.Join, room="#ops")
    bob.take()
    number = bob.do(commands.Leave, room="#ops")
    assert bob.events() == [events.Left(conversation="#ops"), events.Ok(id=number)]
    alice.say("gone?", to="#ops")
    stage.settle()
    assert bob.heard() == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (commands.Leave(room="#lobby"), "refused"),
        (commands.Leave(room="#ops"), "not_a_member"),
        (commands.Leave(room="#opz"), "no_such_room"),
        (commands.Topic(room="#opz"), "no_such_room"),
        (commands.Topic(room="#ops", text="mine"), "not_a_member"),
        (commands.Topic(room="#lobby", text="ä" * 257), "too_long"),
        (commands.Join(room="a b"), "bad_name"),
        (commands.Join(room=""), "bad_name"),
        (commands.Users(room="#opz"), "no_such_room"),
        (commands.Send(to="#opz", text="hi"), "no_such_room"),
        (commands.History(conversation="#opz"), "no_such_room"),
    ],
    ids=repr,
)
def test_invalid_joins_and_leaves_are_refused(asked: commands.Command, code: str) -> None:
    stage, (alice, bob) = entered("alice", "bob")
    alice.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    bob.take()
    bob.ask(asked)
    stage.settle()
    assert refusal(bob) == code


def test_the_error_for_an_unknown_room_suggests_the_nearest() -> None:
    _, (alice,) = entered("alice")
    alice.do(commands.Join, room="#Operations")
    alice.take()
    alice.do(commands.Topic, room="#operatoins")
    (error,) = alice.told(events.Error)
    assert error.text == "No such room: #operatoins. Did you mean #Operations?"


def test_the_list_of_rooms_counts_members_who_are_online() -> None:
    stage, (alice, bob) = entered("alice", "bob")
    for peer in (alice, bob):
        peer.do(commands.Join, room="#Ops")
    alice.do(commands.Topic, room="#ops", text="what is broken")
    bob.do(commands.Quit)
    stage.plain("dave")
    stage.turns.wait(1)
    alice.take()
    number = alice.do(commands.Rooms)
    (rooms,) = alice.told(events.Rooms)
    assert rooms.id == number
    assert rooms.rooms == [
        events.Room(name="#lobby", online=2, member=True),
        events.Room(name="#Ops", online=1, topic="what is broken", member=True),
    ]


def test_a_topic_is_a_durable_entry_of_the_room() -> None:
    stage, (alice, bob) = entered("alice", "bob")
    number = alice.do(commands.Topic, room="#lobby", text="  two\nlines\x1b ")
    assert bob.heard() == [("#lobby", 1, "two lines^[")]
    assert events.Ok(id=number, conversation="#lobby", seq=1) in alice.events()
    stage.hub = stage.new_hub()
    carol = stage.native("carol")
    assert carol.told(events.Welcome)[0].conversations[0].topic == "two lines^["
    number = carol.do(commands.Topic, room="lobby")
    assert carol.events() == [events.Topic(room="#lobby", text="two lines^[", id=number), events.Ok(id=number)]


def test_an_empty_topic_clears_it() -> None:
    stage, (alice,) = entered("alice")
    alice.do(commands.Topic, room="#lobby", text="x")
    alice.do(commands.Topic, room="#lobby", text="")
    assert stage.hub.directory.lobby.topic == ""


def test_a_topic_that_cannot_be_stored_is_not_set() -> None:
    stage, (alice,) = entered("alice")
    stage.journal.capacity = 0
    alice.do(commands.Topic, room="#lobby", text="x")
    assert refusal(alice) == "storage"
    assert stage.hub.directory.lobby.topic == ""


def test_a_plain_client_hears_its_current_room() -> None:
    stage = Stage()
    dave, erin = stage.plain("dave"), stage.plain("erin")
    dave.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    dave.take()
    erin.say("in the lobby")
    erin.say("in ops", to="#ops")
    stage.settle()
    assert dave.text() == "erin: in ops\n"
    assert dave.session.room == "#ops"


def test_a_plain_client_that_leaves_its_room_returns_to_the_lobby() -> None:
    stage = Stage()
    dave = stage.plain("dave")
    dave.do(commands.Join, room="#ops")
    dave.take()
    dave.do(commands.Leave, room="#ops")
    assert dave.text() == "[room] You left #ops.\n[room] You are now in #lobby.\n"
    assert dave.session.room == "#lobby"


def test_a_long_list_of_rooms_is_split_into_lines() -> None:
    stage, (alice,) = entered("alice")
    for n in range(205):
        alice.ask(commands.Join(room=f"r{n}"))
    stage.settle()
    alice.take()
    alice.do(commands.Rooms)
    assert [len(rooms.rooms) for rooms in alice.told(events.Rooms)] == [200, 6]
