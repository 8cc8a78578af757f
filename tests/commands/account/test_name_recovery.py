import pytest

from socketchat.commands.operator.accounts import RESET_SECONDS
from socketchat.hub import Channel
from socketchat.hub.policy.limits import MOST_IN_A_ROW
from socketchat.protocol import commands, events, operator
from tests.commands.account.test_passwords import (
    HERE,
    SECRET,
    by_password,
    code,
    guessed,
    login,
    native_by_password,
    owner,
)
from tests.hub.stage import Peer, Stage
from tests.keys import key_of


def token_for(stage: Stage, name: str = "alice") -> str:
    _port, _fingerprint, token, _name = stage.order(operator.ResetName(id=1, name=name))
    return token


def take_back(stage: Stage, token: str, name: str = "alice", *, key: str = "new", channel: Channel = HERE) -> Peer:
    peer = stage.connect(channel=channel)
    peer.ask(commands.Hello(id=peer.next_id(), name=name, key=key_of(key).public, nonce="A" * 22))
    (challenge,) = peer.told(events.Challenge)
    peer.prove(key_of(key), challenge, name, invite=token)
    stage.settle()
    return peer


def test_a_reset_link_replaces_all_keys_and_the_password() -> None:
    stage = Stage()
    alice = owner(stage)
    thief = by_password(stage, SECRET, key="thief")
    peer = take_back(stage, token_for(stage))
    (welcome,) = peer.told(events.Welcome)
    assert welcome.user == alice.session.user.id
    assert alice.last_words
    assert thief.last_words
    for _ in range(2):
        for lost in ("alice", "thief"):
            assert code(stage.login(key_of(lost), name="alice")) == "name_taken"
        assert code(by_password(stage, SECRET, key="third")) == "wrong_password"
        assert stage.login(key_of("new"), name="alice").told(events.Welcome)
        stage.hub = stage.new_hub()


def test_a_reset_link_ends_password_sessions_and_their_resume_tokens() -> None:
    stage = Stage()
    owner(stage)
    nc, broken = login(stage, "alice", SECRET), native_by_password(stage)
    broken.drop()
    token = token_for(stage)
    late = stage.connect(channel=HERE)
    stage.hasher.turns = 4
    late.log_in(key_of("late"), name="alice", password=SECRET)  # is looked at until the link was taken
    new = take_back(stage, token)
    assert new.told(events.Welcome)
    assert nc.last_words
    assert code(late) == "wrong_password"
    assert code(stage.login(token=broken.session.token)) == "usage"
    assert list(new.session.user.devices) == [key_of("new").public]


def test_a_reset_link_is_valid_once_under_concurrency_too() -> None:
    stage = Stage()
    owner(stage)
    token = token_for(stage)
    peers = [stage.connect(channel=HERE) for _ in range(20)]
    for number, peer in enumerate(peers):
        peer.ask(commands.Hello(id=1, name="alice", key=key_of(f"new {number}").public, nonce="A" * 22))
        (challenge,) = peer.told(events.Challenge)
        peer.prove(key_of(f"new {number}"), challenge, "alice", invite=token)
    stage.settle()
    assert sum(len(peer.told(events.Welcome)) for peer in peers) == 1
    assert len(stage.hub.directory.user("alice").devices) == 1
    assert code(take_back(stage, token)) == "bad_invite"


def test_a_reset_link_expires() -> None:
    stage = Stage()
    owner(stage)
    token = token_for(stage)
    stage.turns.wait(RESET_SECONDS)
    assert code(take_back(stage, token)) == "bad_invite"


def test_a_newer_reset_link_replaces_the_old_one() -> None:
    stage = Stage()
    owner(stage)
    old, new = token_for(stage), token_for(stage)
    assert code(take_back(stage, old)) == "bad_invite"
    assert take_back(stage, new).told(events.Welcome)


@pytest.mark.parametrize(("name", "channel"), [("bob", HERE), ("zoe", HERE), ("alice", Channel("192.168.1.9"))])
def test_a_reset_link_is_for_one_name_and_needs_tls(name: str, channel: Channel) -> None:
    stage = Stage()
    owner(stage)
    owner(stage, "bob")
    assert code(take_back(stage, token_for(stage), name, channel=channel)) in {"bad_invite", "refused"}


def test_a_reset_link_works_if_passwords_are_locked() -> None:
    stage = Stage()
    owner(stage)
    guessed(stage, MOST_IN_A_ROW)
    assert code(by_password(stage, SECRET)) == "refused"
    new = take_back(stage, token_for(stage))
    new.do(commands.Password, password=SECRET)
    for _ in range(2):
        assert by_password(stage, SECRET, key="third").told(events.Welcome)
        stage.hub = stage.new_hub()


def test_the_next_owner_of_a_released_name_does_not_inherit_wrong_guesses() -> None:
    stage = Stage()
    owner(stage)
    guessed(stage, MOST_IN_A_ROW)
    stage.order(operator.ReleaseName(id=1, name="alice"))
    assert code(by_password(stage, "wrong")) == "wrong_password"


def test_the_token_of_a_reset_link_is_not_in_the_log() -> None:
    stage = Stage()
    owner(stage)
    token = token_for(stage)
    assert token.encode() not in b"".join(bytes(entry.body) for entry in stage.journal._store.facts)


@pytest.mark.parametrize("order", [operator.ResetName, operator.ReleaseName])
def test_only_accounts_can_be_reset_and_released(order: type) -> None:
    stage = Stage()
    stage.plain("gus")
    assert stage.order(order(id=1, name="gus"))[0] == "refused"
    assert stage.order(order(id=1, name="zoe"))[0] == "no_such_user"


def test_the_next_owner_of_a_released_name_cannot_read_its_messages() -> None:
    stage = Stage()
    alice = stage.native("alice")
    alice.do(commands.Join, room="#ops")
    bob = stage.native("bob")
    bob.say("for the first alice", "@alice")
    stage.settle()
    assert stage.order(operator.ReleaseName(id=1, name="alice")) == ["alice is free now."]
    assert alice.last_words
    for number in range(2):
        second = stage.login(key_of("second"), name="alice")
        (welcome,) = second.told(events.Welcome)
        assert welcome.user != alice.session.user.id
        assert [each.conversation for each in welcome.conversations] == ["#lobby"]
        second.do(commands.History, conversation="@bob")
        assert second.told(events.Past) == []
        assert code(stage.login(key_of("alice"), name="alice")) == "name_taken"
        if number == 0:
            stage.hub = stage.new_hub()
    assert stage.login(key_of("alice"), name="alicia").told(events.Welcome)


def test_a_name_can_be_released_repeatedly() -> None:
    stage = Stage()
    for number in range(3):
        assert stage.login(key_of(f"owner {number}"), name="alice").told(events.Welcome)
        assert code(stage.login(key_of("other"), name="AIice")) == "name_taken"
        stage.order(operator.ReleaseName(id=1, name="alice"))
        stage.hub = stage.new_hub()


def test_a_login_during_a_release_is_logged_out() -> None:
    stage = Stage()
    stage.native("alice")
    peer = stage.connect()
    peer.session.user = stage.hub.operator
    from socketchat.commands.operator.orders import handle

    handle(stage.hub, peer.session, operator.ReleaseName(id=1, name="alice"))
    again = stage.connect()
    again.log_in(key_of("alice"), name="alice")
    again.ask(commands.Join(room="#ops"))
    stage.settle()
    assert again.last_words
    assert stage.hub.online.names() == []
