import pytest

from socketchat.client.identity.keys import Key
from socketchat.hub import Admission, Channel, Pending
from socketchat.hub.state import facts
from socketchat.hub.state.invites import invite_id
from socketchat.journal import SERVER_LOG
from socketchat.protocol import commands, events
from socketchat.protocol.authentication.proofs import to_word
from socketchat.wire.plain import PLAIN
from tests.hub.stage import Peer, Stage
from tests.keys import hello_of, host_of, key_of, shown_of
from tests.presence import presences

CODE, SECRET, WRONG = b"c" * 32, b"s" * 32, b"w" * 32
SECRET_FILE = "/data/local-secret"
BINDING = b"b" * 32
HERE = Channel("127.0.0.1", is_loopback=True, binding=BINDING)
FAR = Channel("192.0.2.1", binding=BINDING)
ALICE = key_of("alice")
TOKEN = to_word(b"t" * 16)


def closed(**options) -> Stage:
    return Stage(admission=Admission(code_key=CODE, local_secret=SECRET, secret_file=SECRET_FILE), **options)


def challenged(
    stage: Stage, name: str = "alice", key: Key = ALICE, channel: Channel = FAR
) -> tuple[Peer, events.Challenge]:
    peer = stage.connect(channel=channel)
    peer.ask(hello_of(key, name=name, id=peer.next_id()))
    (challenge,) = peer.told(events.Challenge)
    return peer, challenge


def come(stage: Stage, name: str = "alice", key: Key | None = None, channel: Channel = FAR, **shown) -> Peer:
    """Log in with the proof of a secret (``code`` or ``local``), or with the token of an ``invite``."""
    key = key or key_of(name)
    peer, challenge = challenged(stage, name, key, channel)
    for kind in ("code", "local"):
        if kind in shown:
            shown[kind] = shown_of(shown[kind], key, challenge, name, binding=channel.binding)
    peer.prove(key, challenge, name, **shown)
    stage.settle()
    return peer


def answer(peer: Peer) -> str:
    """Return the name of the welcome, or the code of the refusal."""
    (told,) = [event for event in peer.events() if isinstance(event, events.Welcome | events.Error)]
    return told.name if isinstance(told, events.Welcome) else told.code


def invite(stage: Stage, *, uses: int = 1, expires: int = 0, room: str | None = None) -> None:
    """Create the invite with the token TOKEN."""
    fact = facts.InviteFact(invite_id(TOKEN), uses, expires or stage.now + 1000, room)
    store(stage, "invite", fact)


def store(stage: Stage, kind: str, fact: object) -> None:
    session = stage.connect().session
    stage.hub.submit(Pending(SERVER_LOG, "", "server", kind, facts.encode(fact), session=session))
    stage.settle()


def test_a_newcomer_is_asked_for_the_join_code() -> None:
    _, challenge = challenged(closed())
    assert (challenge.entry, challenge.secret_file) == ("code", None)


def test_only_loopback_connections_get_the_path_of_the_local_secret() -> None:
    _, challenge = challenged(closed(), channel=HERE)
    assert challenge.secret_file == SECRET_FILE


@pytest.mark.parametrize(
    ("name", "key", "entry"),
    [("alice", ALICE, "none"), ("alice", key_of("thief"), "password"), ("AIice", key_of("thief"), "none")],
)
def test_owners_and_users_of_taken_names_are_not_asked_for_a_code(name: str, key: Key, entry: str) -> None:
    stage = closed()
    come(stage, code=CODE)
    _, challenge = challenged(stage, name, key)
    assert challenge.entry == entry


def test_a_key_with_a_name_needs_no_code_for_another_name() -> None:
    stage = closed()
    come(stage, code=CODE)
    _, challenge = challenged(stage, "alfred", ALICE)
    assert challenge.entry == "none"
    names = [answer(come(stage, f"alice{number}", ALICE)) for number in range(5)]
    assert names == ["alice0", "alice1", "alice2", "alice3", "too_many"]


def test_an_open_server_asks_for_no_code() -> None:
    _, challenge = challenged(Stage())
    assert challenge.entry == "none"


@pytest.mark.parametrize("shown", [{}, {"code": WRONG}, {"local": WRONG}, {"code": SECRET}, {"local": CODE}])
def test_a_newcomer_without_the_secret_is_refused(shown: dict) -> None:
    stage = closed()
    peer = come(stage, **shown)
    assert answer(peer) == ("bad_code" if shown else "code_needed")
    assert stage.hub.directory.lookalike("alice") is None


@pytest.mark.parametrize("shown", [{"code": CODE}, {"local": SECRET}])
def test_a_newcomer_with_the_secret_gets_the_proof_of_the_server(shown: dict) -> None:
    peer, challenge = challenged(closed(), channel=HERE)
    ((kind, secret),) = shown.items()
    word = shown_of(secret, ALICE, challenge, "alice", binding=BINDING)
    peer.prove(ALICE, challenge, "alice", **{kind: word})
    peer.stage.settle()
    (welcome,) = peer.told(events.Welcome)
    assert welcome.host == host_of(secret, ALICE, challenge, "alice", binding=BINDING)
    assert welcome.host != word


def test_a_server_without_a_secret_accepts_none() -> None:
    stage = Stage(admission=Admission())
    assert answer(come(stage, code=b"")) == "bad_code"
    assert answer(come(stage, local=b"")) == "bad_code"


def test_after_the_first_login_the_key_is_enough() -> None:
    stage = closed()
    come(stage, code=CODE)
    stage.hub = stage.new_hub()
    assert answer(come(stage)) == "alice"


def test_an_owner_with_the_code_gets_the_proof_of_the_server() -> None:
    stage = closed()
    come(stage, code=CODE)
    again = come(stage, code=CODE)
    assert again.told(events.Welcome)[0].host is not None
    assert answer(come(stage, code=WRONG)) == "bad_code"


@pytest.mark.parametrize("kind", ["code", "local"])
def test_an_overheard_entry_proof_is_refused_for_another_challenge(kind: str) -> None:
    stage = closed()
    secret = {"code": CODE, "local": SECRET}[kind]
    _, first = challenged(stage)
    peer, challenge = challenged(stage)
    peer.prove(ALICE, challenge, "alice", **{kind: shown_of(secret, ALICE, first, "alice", binding=BINDING)})
    assert answer(peer) == "bad_code"


@pytest.mark.parametrize("kind", ["code", "local"])
@pytest.mark.parametrize("other", ["certificate", "key", "name"])
def test_a_relayed_entry_proof_is_refused(kind: str, other: str) -> None:
    """A man in the middle replaces the certificate, the key or the name with his own."""
    peer, challenge = challenged(closed())
    secret = {"code": CODE, "local": SECRET}[kind]
    word = shown_of(
        secret,
        key_of("victim") if other == "key" else ALICE,
        challenge,
        "victim" if other == "name" else "alice",
        binding=b"m" * 32 if other == "certificate" else BINDING,
    )
    peer.prove(ALICE, challenge, "alice", **{kind: word})
    assert answer(peer) == "bad_code"


def test_after_a_wrong_code_the_newcomer_can_try_again() -> None:
    peer = come(closed(), code=WRONG)
    assert answer(peer) == "bad_code"
    peer.ask(hello_of(ALICE, name="alice", id=7))
    (challenge,) = peer.told(events.Challenge)
    peer.prove(ALICE, challenge, "alice", code=shown_of(CODE, ALICE, challenge, "alice", binding=BINDING))
    peer.stage.settle()
    assert answer(peer) == "alice"


@pytest.mark.parametrize("shown", [{"code": WRONG}, {"invite": to_word(b"u" * 16)}], ids=["code", "invite"])
@pytest.mark.parametrize("peer", ["192.0.2.1", "127.0.0.1"], ids=["an address", "a tunnel"])
def test_a_newcomer_can_log_in_from_an_address_with_wrong_codes(shown: dict, peer: str) -> None:
    stage = closed()
    channel = FAR._replace(peer=peer)
    refused = {answer(come(stage, channel=channel, **shown)) for _ in range(300)}
    assert refused == {"bad_code" if "code" in shown else "bad_invite"}
    invite(stage)
    assert answer(come(stage, "ann", key_of("ann"), code=CODE, channel=channel)) == "ann"
    assert answer(come(stage, "ben", key_of("ben"), invite=TOKEN, channel=channel)) == "ben"
    stage.hub.guess_limits.check(peer, "ann")  # a password is looked at, too


@pytest.mark.parametrize("shown", [{"code": WRONG}, {"invite": to_word(b"u" * 16)}], ids=["code", "invite"])
def test_a_connection_that_shows_wrong_codes_has_few_tries(shown: dict) -> None:
    stage = closed(limited=True)
    peer = stage.connect(channel=FAR)
    stage.hub.throttle.begin(peer.session)
    tries = 0
    while stage.hub.takes(peer.session):
        peer.ask(hello_of(ALICE, name="alice", id=7))
        (challenge,) = peer.told(events.Challenge)
        wrong = {"code": shown_of(WRONG, ALICE, challenge, "alice", binding=BINDING)} if "code" in shown else shown
        peer.prove(ALICE, challenge, "alice", **wrong)
        stage.settle()
        peer.take()
        tries += 1
    assert 0 < tries <= 5


def test_a_newcomer_with_the_right_code_never_waits() -> None:
    stage = closed()
    assert {answer(come(stage, code=CODE)) for _ in range(30)} == {"alice"}


def test_a_join_code_needs_tls() -> None:
    stage = closed()
    plain = Channel("127.0.0.1", is_loopback=True)
    assert answer(come(stage, code=CODE, channel=plain)) == "code_needed"
    assert answer(come(stage, local=SECRET, channel=plain)) == "alice"


def test_an_invite_admits_its_number_of_users() -> None:
    stage = closed()
    invite(stage, uses=2)
    assert [answer(come(stage, name, invite=TOKEN)) for name in ("ann", "ben", "cleo")] == ["ann", "ben", "bad_invite"]
    stage.hub = stage.new_hub()
    assert answer(come(stage, "cleo", invite=TOKEN)) == "bad_invite"


def test_a_single_use_invite_admits_one_of_a_hundred_simultaneous_newcomers() -> None:
    stage = closed()
    invite(stage)
    peers = []
    for number in range(100):
        key, name = key_of(f"{number}"), f"ann{number}"
        peer, challenge = challenged(stage, name, key, Channel(f"192.0.2.{number}", binding=BINDING))
        peer.prove(key, challenge, name, invite=TOKEN)
        peers.append(peer)
    stage.settle()
    answers = [answer(peer) for peer in peers]
    assert len([each for each in answers if each != "bad_invite"]) == 1
    assert stage.hub.claimed == {}


def test_a_taken_name_does_not_use_up_an_invite() -> None:
    stage = closed()
    invite(stage)
    come(stage, "alice", code=CODE)
    assert answer(come(stage, "alice", key_of("thief"), invite=TOKEN)) == "name_taken"
    assert answer(come(stage, "ben", invite=TOKEN)) == "ben"


def test_an_owner_does_not_use_up_an_invite() -> None:
    stage = closed()
    invite(stage)
    come(stage, "alice", code=CODE)
    assert answer(come(stage, "alice", invite=TOKEN)) == "alice"
    assert answer(come(stage, "ben", invite=TOKEN)) == "ben"
    assert answer(come(stage, "ben", invite=TOKEN)) == "ben"  # the same link again


def test_an_expired_or_revoked_invite_is_refused() -> None:
    stage = closed()
    invite(stage, expires=stage.now + 1, uses=9)
    stage.began += 1
    assert answer(come(stage, invite=TOKEN)) == "bad_invite"
    stage.began -= 1
    store(stage, "revoked invite", facts.RevokedInviteFact(invite_id(TOKEN)))
    assert answer(come(stage, invite=TOKEN)) == "bad_invite"


def test_a_room_invite_makes_the_newcomer_an_announced_member() -> None:
    stage = closed()
    ann = come(stage, "ann", code=CODE)
    ann.do(commands.Join, room="#ops")
    invite(stage, room="#ops")
    ann.take()
    ben = come(stage, "ben", invite=TOKEN)
    told = ben.events()
    (welcome,) = (event for event in told if isinstance(event, events.Welcome))
    assert [each.conversation for each in welcome.conversations] == ["#lobby", "#ops"]
    assert events.Alert(text="The invite made you a member of #ops. To go there: /join #ops") in told
    stage.turns.wait(1)
    assert "+ben joined #ops" in presences(ann.told(events.Presence))
    stage.hub = stage.new_hub()
    (welcome,) = come(stage, "ben").told(events.Welcome)
    assert [each.conversation for each in welcome.conversations] == ["#lobby", "#ops"]


def test_a_room_invite_lets_the_newcomer_read_a_private_room() -> None:
    stage = closed()
    ann = come(stage, "ann", code=CODE)
    ann.do(commands.Join, room="#ops")
    ann.do(commands.Access, room="#ops", private=True)
    ann.say("only here", "#ops")
    invite(stage, room="#ops")
    ben = come(stage, "ben", invite=TOKEN)
    ben.take()
    ben.do(commands.History, conversation="#ops")
    assert "only here" in ben.text()


@pytest.mark.parametrize("rendering", [None, PLAIN])
def test_guests_can_log_in_only_locally(rendering) -> None:
    for channel, comes in ((HERE, True), (HERE._replace(binding=b""), True), (FAR, False)):
        stage = closed()
        peer = stage.connect(channel=channel) if rendering is None else stage.connect(rendering, channel)
        peer.ask(commands.Hello(name="gus"))
        assert (stage.hub.directory.lookalike("gus") is not None) == comes
        if not comes:
            assert b"Guests can only log in from the server's own machine" in peer.take()


def test_secrets_are_in_no_repr() -> None:
    assert repr(commands.Prove(id=3, signature="sss", code="ccc", local="lll", invite="iii")) == "Prove(id=3)"
