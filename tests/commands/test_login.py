import pytest

from socketchat.hub import Session
from socketchat.protocol import commands, events
from socketchat.wire.plain import PLAIN
from tests.hub.stage import SECRETS, Peer, Stage


def hello(peer: Peer, **fields) -> None:
    peer.ask(commands.Hello(id=peer.next_id(), **fields))


def refusal(peer: Peer) -> str:
    (error,) = peer.told(events.Error)
    return error.code


def test_a_guest_is_welcomed_at_once() -> None:
    stage = Stage()
    peer = stage.connect()
    hello(peer, name="alice")
    (welcome,) = peer.told(events.Welcome)
    assert welcome.name == "alice"
    assert welcome.epoch == stage.hub.epoch
    assert welcome.id == 1
    assert welcome.token
    assert welcome.limits["text"] == 32_768
    assert [each.conversation for each in welcome.conversations] == ["#lobby"]


def test_an_owner_is_welcomed_when_the_name_is_stored() -> None:
    stage = Stage()
    peer = stage.connect()
    hello(peer, name="alice", secret=SECRETS["alice"])
    assert peer.writes == []
    stage.settle()
    (welcome,) = peer.told(events.Welcome)
    assert welcome.name == "alice"


def test_what_comes_after_a_hello_waits_for_the_welcome() -> None:
    stage = Stage()
    peer = stage.connect()
    hello(peer, name="alice", secret=SECRETS["alice"])
    peer.say("hi")
    assert peer.waiting == 1
    stage.settle()
    assert [type(event) for event in peer.events()][:2] == [events.Welcome, events.Ok]


def test_the_owner_comes_back_under_the_same_user_id() -> None:
    stage = Stage()
    first = stage.native("alice").told(events.Welcome)[0].user
    stage.hub = stage.new_hub()
    assert stage.native("Alice").told(events.Welcome)[0].user == first


@pytest.mark.parametrize("fields", [{}, {"secret": "wrong"}], ids=["no secret", "another secret"])
@pytest.mark.parametrize("owner_does", [commands.Ping, commands.Quit])
def test_an_owned_name_is_refused_to_others(fields: dict, owner_does: type[commands.Command]) -> None:
    stage = Stage()
    stage.native("alice").do(owner_does)
    other = stage.connect()
    hello(other, name="ALICE", **fields)
    stage.settle()
    assert refusal(other) == "name_taken"
    assert other.session.user is None


@pytest.mark.parametrize("fields", [{}, {"secret": "s" * 32}], ids=["guest", "account"])
def test_a_guests_name_is_refused_to_others_while_it_is_online(fields: dict) -> None:
    stage = Stage()
    guest = stage.plain("dave")
    other = stage.connect()
    hello(other, name="Dave", **fields)
    stage.settle()
    assert refusal(other) == "name_taken"
    guest.do(commands.Quit)
    hello(other, name="Dave", **fields)
    stage.settle()
    assert other.told(events.Welcome)[0].name == "Dave"


def test_two_who_want_one_name_at_once_do_not_both_get_it() -> None:
    stage = Stage()
    one, other = stage.connect(), stage.connect()
    hello(one, name="eve", secret="1" * 32)
    hello(other, name="Eve", secret="2" * 32)
    stage.settle()
    assert one.told(events.Welcome)[0].name == "eve"
    assert refusal(other) == "name_taken"
    assert stage.hub.claimed == {}


def test_a_guest_does_not_take_a_name_that_is_being_stored() -> None:
    stage = Stage()
    one, guest = stage.connect(), stage.connect()
    hello(one, name="eve", secret="1" * 32)
    hello(guest, name="eve")
    assert refusal(guest) == "name_taken"
    stage.settle()
    assert one.told(events.Welcome)


def test_one_person_who_comes_twice_at_once_is_let_in_twice() -> None:
    stage = Stage()
    peers = [stage.connect() for _ in range(8)]
    for peer in peers:
        hello(peer, name="eve", secret="1" * 32)
    stage.settle()
    assert len({peer.told(events.Welcome)[0].user for peer in peers}) == 1
    assert stage.hub.claimed == {}


def test_a_client_that_is_gone_before_its_name_is_stored_never_comes() -> None:
    stage = Stage()
    alice = stage.native("alice")
    gone = stage.connect()
    hello(gone, name="eve", secret="1" * 32)
    gone.drop()
    stage.turns.wait(60)
    assert stage.hub.online() == ["alice"]
    assert all("eve" not in presence.joined for presence in alice.told(events.Presence))
    back = stage.connect()
    hello(back, name="eve", secret="1" * 32)
    assert back.told(events.Welcome)


def test_a_name_that_cannot_be_stored_may_be_tried_again() -> None:
    stage = Stage()
    stage.journal.capacity = 0
    peer = stage.connect()
    hello(peer, name="alice", secret=SECRETS["alice"])
    stage.settle()
    (error,) = peer.told(events.Error)
    assert (error.code, error.id, error.retry) == ("storage", 1, True)
    assert peer.session.user is None
    stage.journal.capacity = 10
    hello(peer, name="alice", secret=SECRETS["alice"])
    stage.settle()
    assert peer.told(events.Welcome)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "usage"),
        ({"name": ""}, "bad_name"),
        ({"name": "a b"}, "bad_name"),
        ({"name": "x" * 21}, "bad_name"),
        ({"name": "alice", "version": 2}, "unsupported"),
        ({"token": "unknown"}, "usage"),
        ({"name": "alice", "secret": "s" * 257}, "usage"),
    ],
)
def test_a_bad_hello_is_answered_and_another_one_may_follow(fields: dict, code: str) -> None:
    stage = Stage()
    peer = stage.connect()
    hello(peer, **fields)
    stage.settle()
    assert refusal(peer) == code
    hello(peer, name="alice")
    assert peer.told(events.Welcome)


def test_a_second_hello_is_refused() -> None:
    stage = Stage()
    alice = stage.native("alice")
    alice.take()
    hello(alice, name="other")
    assert refusal(alice) == "refused"


@pytest.mark.parametrize("kind", [commands.Rooms, commands.Users, commands.Help])
def test_a_name_comes_first(kind: type[commands.Command]) -> None:
    peer = Stage().connect()
    peer.do(kind)
    assert refusal(peer) == "not_logged_in"


def test_a_lost_token_does_not_keep_out_who_also_gives_a_name() -> None:
    stage = Stage()
    peer = stage.connect()
    hello(peer, token="unknown", name="alice")
    assert peer.told(events.Welcome)[0].name == "alice"


def test_the_store_never_holds_a_secret() -> None:
    stage = Stage()
    stage.native("alice")
    (fact,) = stage.journal._facts
    assert fact.kind == "user"
    assert SECRETS["alice"].encode() not in bytes(fact.body)


def test_an_owner_may_be_here_several_times() -> None:
    stage = Stage()
    one, other = stage.native("alice"), stage.native("alice")
    one.take(), other.take()
    one.say("hi")
    stage.settle()
    assert one.heard() == other.heard() == [("#lobby", 1, "hi")]
    assert stage.hub.online() == ["alice"]


def test_a_plain_client_is_greeted_in_the_words_of_the_seed() -> None:
    stage = Stage()
    peer = stage.connect(PLAIN)
    hello(peer, name="alice")
    stage.settle()
    assert isinstance(peer.session, Session)
    assert peer.text() == "[join] alice has joined the chat.\n\n=== Connected! Type /help for commands ===\n\n"
