import pytest

from socketchat.client.identity.keys import Key
from socketchat.hub import Channel, Session
from socketchat.protocol import commands, events
from socketchat.protocol.authentication.proofs import to_word
from socketchat.wire.plain import PLAIN
from tests.hub.stage import Peer, Stage
from tests.keys import NONCE, key_of, proof_of
from tests.presence import presences

KEY = key_of("alice")


def hello(peer: Peer, **fields) -> None:
    peer.ask(commands.Hello(id=peer.next_id(), **fields))


def refusal(peer: Peer) -> str:
    (error,) = peer.told(events.Error)
    return error.code


def test_a_guest_is_welcomed_immediately() -> None:
    stage = Stage()
    peer = stage.connect()
    hello(peer, name="alice")
    (welcome,) = peer.told(events.Welcome)
    assert welcome.name == "alice"
    assert welcome.epoch == stage.hub.logins.epoch
    assert welcome.id == 1
    assert welcome.token
    assert welcome.limits["text"] == 32_768
    assert [each.conversation for each in welcome.conversations] == ["#lobby"]


def test_an_owner_is_welcomed_once_the_name_is_stored() -> None:
    stage = Stage()
    peer = stage.connect()
    peer.log_in(key_of("alice"), name="alice")
    assert peer.writes == []
    stage.settle()
    (welcome,) = peer.told(events.Welcome)
    assert welcome.name == "alice"


def test_commands_after_a_hello_wait_for_the_welcome() -> None:
    stage = Stage()
    peer = stage.connect()
    peer.log_in(key_of("alice"), name="alice")
    peer.say("hi")
    assert peer.waiting == 1
    stage.settle()
    assert [type(event) for event in peer.events()][:2] == [events.Welcome, events.Ok]


def test_the_owner_keeps_the_user_id() -> None:
    stage = Stage()
    first = stage.native("alice").told(events.Welcome)[0].user
    stage.hub = stage.new_hub()
    assert stage.native("Alice").told(events.Welcome)[0].user == first


@pytest.mark.parametrize("key", [None, key_of("wrong")], ids=["no key", "another key"])
@pytest.mark.parametrize("owner_does", [commands.Ping, commands.Quit])
def test_an_owned_name_is_refused_to_others(key: Key | None, owner_does: type[commands.Command]) -> None:
    stage = Stage()
    stage.native("alice").do(owner_does)
    other = stage.connect()
    other.log_in(key, name="ALICE")
    stage.settle()
    assert refusal(other) == "name_taken"
    assert other.session.user is None


@pytest.mark.parametrize("key", [None, key_of("s")], ids=["guest", "account"])
def test_the_name_of_an_online_guest_is_refused_to_others(key: Key | None) -> None:
    stage = Stage()
    guest = stage.plain("dave")
    other = stage.connect()
    other.log_in(key, name="Dave")
    stage.settle()
    assert refusal(other) == "name_taken"
    guest.do(commands.Quit)
    other.log_in(key, name="Dave")
    stage.settle()
    assert other.told(events.Welcome)[0].name == "Dave"


def test_only_one_of_two_simultaneous_logins_gets_a_name() -> None:
    stage = Stage()
    one, other = stage.connect(), stage.connect()
    one.log_in(key_of("1"), name="eve")
    other.log_in(key_of("2"), name="Eve")
    stage.settle()
    assert one.told(events.Welcome)[0].name == "eve"
    assert refusal(other) == "name_taken"
    assert stage.hub.claimed == {}


def test_a_guest_cannot_take_a_name_that_is_being_stored() -> None:
    stage = Stage()
    one, guest = stage.connect(), stage.connect()
    one.log_in(key_of("1"), name="eve")
    hello(guest, name="eve")
    assert refusal(guest) == "name_taken"
    stage.settle()
    assert one.told(events.Welcome)


def test_one_key_can_log_in_twice_simultaneously() -> None:
    stage = Stage()
    peers = [stage.connect() for _ in range(8)]
    for peer in peers:
        peer.log_in(key_of("1"), name="eve")
    stage.settle()
    assert len({peer.told(events.Welcome)[0].user for peer in peers}) == 1
    assert stage.hub.claimed == {}


def test_a_client_gone_before_its_name_is_stored_is_never_announced() -> None:
    stage = Stage()
    alice = stage.native("alice")
    gone = stage.connect()
    gone.log_in(key_of("1"), name="eve")
    gone.drop()
    stage.turns.wait(60)
    assert stage.hub.online.names() == ["alice"]
    assert "+eve" not in presences(alice.told(events.Presence))
    back = stage.connect()
    back.log_in(key_of("1"), name="eve")
    assert back.told(events.Welcome)


def test_a_name_that_cannot_be_stored_can_be_tried_again() -> None:
    stage = Stage()
    stage.journal.capacity = 0
    peer = stage.connect()
    peer.log_in(key_of("alice"), name="alice")
    stage.settle()
    (error,) = peer.told(events.Error)
    assert (error.code, error.id, error.retry) == ("storage", 2, True)
    assert peer.session.user is None
    stage.journal.capacity = 10
    peer.log_in(key_of("alice"), name="alice")
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
        ({"name": "alice", "key": "s" * 43}, "usage"),
        ({"name": "alice", "key": KEY.public + "=", "nonce": to_word(NONCE)}, "usage"),
        ({"name": "alice", "key": KEY.public}, "usage"),
        ({"name": "alice", "key": KEY.public, "nonce": "A" * 21}, "usage"),
        ({"name": "a b", "key": KEY.public, "nonce": to_word(NONCE)}, "bad_name"),
    ],
)
def test_after_a_bad_hello_another_one_can_follow(fields: dict, code: str) -> None:
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
def test_commands_before_the_login_are_refused(kind: type[commands.Command]) -> None:
    peer = Stage().connect()
    peer.do(kind)
    assert refusal(peer) == "not_logged_in"


def test_an_expired_token_does_not_prevent_a_login_by_name() -> None:
    stage = Stage()
    peer = stage.connect()
    hello(peer, token="unknown", name="alice")
    assert peer.told(events.Welcome)[0].name == "alice"


def test_an_owner_can_have_several_sessions() -> None:
    stage = Stage()
    one, other = stage.native("alice"), stage.native("alice")
    one.take(), other.take()
    one.say("hi")
    stage.settle()
    assert one.heard() == other.heard() == [("#lobby", 1, "hi")]
    assert stage.hub.online.names() == ["alice"]


def test_a_plain_client_gets_the_greeting_of_the_seed() -> None:
    stage = Stage()
    peer = stage.connect(PLAIN)
    hello(peer, name="alice")
    stage.settle()
    assert isinstance(peer.session, Session)
    assert peer.text() == "[join] alice has joined the chat.\n\n=== Connected! Type /help for commands ===\n\n"


def challenged(stage: Stage, name: str, key: Key = KEY, binding: bytes = b"") -> tuple[Peer, events.Challenge]:
    """Say hello on a new connection, and return the challenge."""
    peer = stage.connect(channel=Channel(binding=binding))
    hello(peer, name=name, key=key.public, nonce=to_word(NONCE))
    (challenge,) = peer.told(events.Challenge)
    return peer, challenge


def test_a_proof_logs_in_and_is_valid_once() -> None:
    peer, challenge = challenged(Stage(), "alice")
    peer.prove(KEY, challenge, "alice")
    peer.stage.settle()
    assert peer.told(events.Welcome)[0].id == 2
    peer.prove(KEY, challenge, "alice")
    assert refusal(peer) == "usage"


@pytest.mark.parametrize("binding", [b"", b"b" * 32])
def test_an_overheard_proof_is_refused_on_another_connection(binding: bytes) -> None:
    stage = Stage()
    alice, challenge = challenged(stage, "alice", binding=binding)
    alice.prove(KEY, challenge, "alice")
    stage.settle()
    thief, _ = challenged(stage, "alice", binding=binding)
    thief.prove(KEY, challenge, "alice")
    assert refusal(thief) == "bad_proof"
    assert thief.session.user is None


def test_a_proof_for_another_certificate_is_refused() -> None:
    """A man in the middle shows his own certificate, and relays the challenge."""
    stage = Stage()
    relay, challenge = challenged(stage, "alice", binding=b"s" * 32)
    relay.ask(proof_of(KEY, challenge, "alice", binding=b"m" * 32, id=9))
    assert refusal(relay) == "bad_proof"


@pytest.mark.parametrize(("key", "name"), [(key_of("thief"), "alice"), (KEY, "bob")], ids=["key", "name"])
def test_a_proof_of_another_key_or_for_another_name_is_refused(key: Key, name: str) -> None:
    peer, challenge = challenged(Stage(), "alice")
    peer.prove(key, challenge, name)
    assert refusal(peer) == "bad_proof"


def test_after_a_bad_proof_another_hello_can_follow() -> None:
    stage = Stage()
    peer, challenge = challenged(stage, "alice")
    peer.prove(key_of("thief"), challenge, "alice")
    peer.take()
    peer.log_in(KEY, name="alice")
    stage.settle()
    assert peer.told(events.Welcome)


@pytest.mark.parametrize("signature", ["", "A" * 85, "A" * 86, "!" * 86])
def test_an_invalid_signature_is_refused(signature: str) -> None:
    peer, _ = challenged(Stage(), "alice")
    peer.ask(commands.Prove(id=5, signature=signature))
    assert refusal(peer) in {"usage", "bad_proof"}


def test_an_invalid_key_is_refused() -> None:
    peer = Stage().connect()
    hello(peer, name="alice", key=to_word(b"\xff" * 32), nonce=to_word(NONCE))
    peer.ask(commands.Prove(id=5, signature=to_word(bytes(64))))
    assert refusal(peer) == "bad_proof"


def test_a_second_hello_voids_the_challenge() -> None:
    peer, challenge = challenged(Stage(), "alice")
    hello(peer, name="a b")
    peer.take()
    peer.prove(KEY, challenge, "alice")
    assert refusal(peer) == "usage"


def test_one_key_owns_at_most_five_names() -> None:
    stage = Stage()
    for number in range(5):
        assert stage.login(KEY, name=f"alice{number}").told(events.Welcome)
    sixth = stage.login(KEY, name="alice5")
    (error,) = sixth.told(events.Error)
    assert error.code == "too_many"
    assert "alice0, alice1, alice2, alice3, alice4" in error.text
    assert stage.login(KEY, name="ALICE4").told(events.Welcome)
    assert stage.login(key_of("bob"), name="alice5").told(events.Welcome)


def test_one_key_gets_at_most_five_names_under_concurrency() -> None:
    stage = Stage()
    peers = [stage.connect() for _ in range(20)]
    for number, peer in enumerate(peers):
        peer.log_in(KEY, name=f"alice{number}")
    stage.settle()
    assert sorted(len(peer.told(events.Welcome)) for peer in peers) == [0] * 15 + [1] * 5
    assert stage.hub.claimed == {}


def test_a_dead_session_does_not_keep_a_name_from_its_owner() -> None:
    stage = Stage()
    dead = stage.native("alice")
    dead.stall()
    again = stage.native("alice")
    assert again.told(events.Welcome)[0].name == "alice"


@pytest.mark.parametrize("key", [None, key_of("thief"), KEY], ids=["guest", "another key", "the owner's"])
@pytest.mark.parametrize("name", ["AIice", "a1ice", "ａlice"])
def test_a_look_alike_of_a_name_is_refused(name: str, key: Key | None) -> None:
    stage = Stage()
    stage.native("alice").do(commands.Quit)
    if (name, key) == ("ａlice", KEY):
        assert stage.login(key, name=name).told(events.Welcome)[0].name == "alice"  # it is the same name
    else:
        assert refusal(stage.login(key, name=name)) == "name_taken"


def test_a_look_alike_of_a_guest_is_refused_until_the_guest_leaves() -> None:
    stage = Stage()
    guest = stage.plain("раура")
    (error,) = stage.login(KEY, name="paypa").told(events.Error)
    assert error.text == "'paypa' looks like 'раура', which is taken; choose another name."
    guest.do(commands.Quit)
    assert stage.login(KEY, name="paypa").told(events.Welcome)


def test_only_one_of_two_simultaneous_look_alikes_gets_a_name() -> None:
    stage = Stage()
    one, other = stage.connect(), stage.connect()
    one.log_in(key_of("1"), name="paypa")
    other.log_in(key_of("2"), name="раура")
    stage.settle()
    assert one.told(events.Welcome)
    assert refusal(other) == "name_taken"


def test_an_owner_can_write_the_name_in_a_case_that_looks_like_another_name() -> None:
    stage = Stage()
    stage.native("allce")
    stage.native("alice")
    assert stage.login(KEY, name="ALICE").told(events.Welcome)[0].name == "alice"


@pytest.mark.parametrize(("name", "key"), [("alice", None), ("Alice", None), ("Ärger", "ärger"), ("Straße", "strasse")])
def test_the_challenge_has_the_key_of_a_non_ascii_name(name: str, key: str | None) -> None:
    peer, challenge = challenged(Stage(), name)
    assert challenge.name_key == key
    peer.prove(KEY, challenge, challenge.name_key or name)
    peer.stage.settle()
    assert [welcome.name for welcome in peer.told(events.Welcome)] == [name]
