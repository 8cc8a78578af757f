import logging

import pytest

from socketchat.hub import Channel
from socketchat.hub.policy.limits import ACCOUNT_GUESSES, ACCOUNT_SECONDS, MOST_IN_A_ROW
from socketchat.protocol import commands, events, operator
from socketchat.wire.plain import PLAIN
from tests.hub.stage import Peer, Stage
from tests.keys import hello_of, key_of
from tests.presence import presences

HERE = Channel("127.0.0.1", is_loopback=True)
TLS = Channel("203.0.113.9", binding=b"b" * 32)
PLAINTEXT = Channel("192.168.1.9")
SECRET = "correct horse"


def owner(stage: Stage, name: str = "alice", channel: Channel = HERE, secret: str = SECRET) -> Peer:
    """Log in the owner of a name and set a password."""
    peer = stage.connect(channel=channel)
    peer.log_in(key_of(name), name=name)
    stage.settle()
    peer.take()
    if secret:
        peer.do(commands.Password, password=secret)
        assert [type(event) for event in peer.events()] == [events.Help, events.Ok]
    return peer


def by_password(stage: Stage, secret: str, name: str = "alice", *, channel: Channel = HERE, key: str = "new") -> Peer:
    """Log in with a new key and a password."""
    peer = stage.connect(channel=channel)
    peer.log_in(key_of(key), name=name, password=secret)
    stage.settle()
    return peer


def login(stage: Stage, name: str, secret: str, channel: Channel = HERE) -> Peer:
    peer = stage.connect(PLAIN, channel)
    peer.ask(commands.Login(name=name, password=secret))
    stage.settle()
    return peer


def code(peer: Peer) -> str:
    (error,) = peer.told(events.Error)
    return error.code


@pytest.mark.parametrize("channel", [HERE, TLS], ids=["here", "TLS"])
def test_a_password_adds_another_key_permanently(channel: Channel) -> None:
    stage = Stage()
    alice = owner(stage)
    phone = by_password(stage, SECRET, channel=channel)
    (welcome,) = phone.told(events.Welcome)
    assert welcome.user == alice.session.user.id
    stage.hub = stage.new_hub()
    again = stage.login(key_of("new"), name="alice")
    assert again.told(events.Welcome)[0].user == welcome.user


def test_a_password_logs_in_a_client_without_a_key() -> None:
    stage = Stage()
    alice = owner(stage)
    alice.take()
    bob = stage.native("bob")
    bob.say("psst", "@alice")
    stage.settle()
    plain = login(stage, "Alice", SECRET)
    assert plain.session.user is alice.session.user
    assert plain.text().startswith("[join] alice has joined the chat.")
    bob.say("again", "@alice")
    stage.settle()
    assert plain.text() == "[DM from bob] again\n"


def test_a_guest_that_logs_in_leaves_as_a_guest_and_joins_as_the_user() -> None:
    stage = Stage()
    owner(stage).do(commands.Quit)
    bob = stage.native("bob")
    stage.turns.wait(1)
    guest = stage.connect(PLAIN, HERE)
    guest.ask(commands.Hello(name="gus"))
    stage.turns.wait(1)
    bob.take()
    guest.do(commands.Login, name="alice", password=SECRET)
    stage.turns.wait(1)
    assert guest.session.user.name == "alice"
    assert stage.hub.online.names() == ["alice", "bob"]
    assert presences(bob.told(events.Presence)) == ["+alice", "-gus"]
    guest.say("it is me")
    stage.settle()
    assert bob.heard() == [("#lobby", 1, "it is me")]
    assert stage.plain("gus").session.user is not None
    guest.drop()
    stage.turns.wait(60)
    assert stage.hub.online.names() == ["bob", "gus"]


def test_only_a_guest_can_log_in_by_password() -> None:
    stage = Stage()
    owner(stage)
    bob = stage.native("bob")
    bob.take()
    bob.do(commands.Login, name="alice", password=SECRET)
    assert code(bob) == "refused"


CASES = {
    "wrong": ("alice", "wrong horse"),
    "no password set": ("bob", SECRET),
    "a guest": ("gus", SECRET),
    "nobody": ("zoe", SECRET),
}


@pytest.mark.parametrize(("name", "secret"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("way", [by_password, login], ids=["key", "plain"])
def test_every_failed_login_takes_the_same_work_and_has_the_same_error(way, name: str, secret: str) -> None:
    stage = Stage()
    owner(stage)
    owner(stage, "bob", secret="")
    stage.plain("gus")
    stage.hasher.work.clear()
    users = len(stage.hub.directory.users)
    if way is login:
        peer = login(stage, name, secret)
        assert peer.text() == "[error] The name or the password is wrong.\n"
    else:
        peer = by_password(stage, secret, name)
        (error,) = peer.told(events.Error)
        assert (error.code, error.text) == ("wrong_password", "The name or the password is wrong.")
    assert stage.hasher.work == ["verify"]
    assert peer.session.user is None
    assert len(stage.hub.directory.users) == users


@pytest.mark.parametrize("way", [by_password, login], ids=["key", "plain"])
def test_a_password_over_a_network_needs_tls(way) -> None:
    stage = Stage()
    owner(stage)
    stage.hasher.work.clear()
    args = (SECRET,) if way is by_password else ("alice", SECRET)
    peer = way(stage, *args, channel=PLAINTEXT)
    assert peer.session.user is None
    assert b"unencrypted" in peer.take()
    assert stage.hasher.work == []
    alice = stage.connect(channel=PLAINTEXT)
    alice.log_in(key_of("alice"), name="alice")
    alice.take()
    alice.do(commands.Password, password=SECRET)
    assert code(alice) == "refused"


def test_a_changed_password_replaces_the_old_one_durably() -> None:
    stage = Stage()
    alice = owner(stage)
    alice.do(commands.Password, password="another horse", old=SECRET)
    assert code(by_password(stage, SECRET)) == "wrong_password"
    stage.hub = stage.new_hub()
    assert code(by_password(stage, SECRET)) == "wrong_password"
    assert by_password(stage, "another horse").told(events.Welcome)


def test_a_password_changed_during_its_check_is_refused() -> None:
    stage = Stage()
    alice = owner(stage)
    thief = stage.connect(channel=HERE)
    thief.log_in(key_of("new"), name="alice", password=SECRET)
    alice.session.user.password = "hashed otherwise"
    stage.settle()
    assert code(thief) == "wrong_password"


@pytest.mark.parametrize("secret", ["", "short", "password", "alice"])
def test_an_invalid_password_is_not_set(secret: str) -> None:
    stage = Stage()
    alice = owner(stage, secret="")
    alice.do(commands.Password, password=secret)
    assert code(alice) == "bad_password"
    assert alice.session.user.password == ""


def test_guests_cannot_set_a_password() -> None:
    guest = Stage().guest("gus")
    guest.take()
    guest.do(commands.Password, password=SECRET)
    assert code(guest) == "refused"


def test_with_too_many_waiting_checks_a_login_is_refused_with_retry() -> None:
    stage = Stage()
    alice = owner(stage)
    stage.hasher.is_busy = True
    for peer in [by_password(stage, SECRET), alice]:
        if peer is alice:
            alice.do(commands.Password, password="another horse", old=SECRET)
        (error,) = peer.told(events.Error)
        assert (error.code, error.retry) == ("busy", True)
    stage.hasher.is_busy = False
    assert by_password(stage, SECRET).told(events.Welcome)


def test_a_password_that_cannot_be_stored_is_not_set() -> None:
    stage = Stage()
    alice = owner(stage)
    stage.journal.capacity = 0
    alice.do(commands.Password, password="another horse", old=SECRET)
    assert code(alice) == "storage"
    assert by_password(stage, "another horse").told(events.Error)[0].code == "wrong_password"


def test_a_challenge_from_before_a_password_login_is_void() -> None:
    stage = Stage()
    alice = owner(stage)
    peer = stage.connect(channel=HERE)
    peer.ask(hello_of(key_of("eve"), name="eve", id=1))
    (challenge,) = peer.told(events.Challenge)
    peer.do(commands.Login, name="alice", password=SECRET)
    assert peer.told(events.Welcome)
    peer.prove(key_of("eve"), challenge, "eve")
    stage.settle()
    assert code(peer) == "refused"
    assert peer.session.user is alice.session.user
    assert stage.hub.directory.lookalike("eve") is None
    peer.drop()
    assert list(stage.hub.online.of(alice.session.user)) == [alice.session]


def test_commands_after_a_password_login_wait_and_run_as_the_user() -> None:
    stage = Stage()
    owner(stage)
    peer = stage.connect(PLAIN, HERE)
    peer.ask(commands.Login(name="alice", password=SECRET), commands.Send(to="#lobby", text="hi"))
    assert peer.waiting == 1
    stage.settle()
    assert stage.hub.directory.lobby.head == 1


def test_a_client_gone_during_the_check_is_never_announced() -> None:
    stage = Stage()
    alice = owner(stage)
    peer = stage.connect(channel=HERE)
    peer.log_in(key_of("new"), name="alice", password=SECRET)
    peer.drop()
    stage.settle()
    assert list(alice.session.user.devices) == [key_of("alice").public]


def test_wrong_passwords_do_not_delay_the_owner_s_key() -> None:
    stage = Stage()
    owner(stage, channel=TLS)
    codes = [code(by_password(stage, f"wrong {number}", channel=TLS)) for number in range(7)]
    assert codes == ["wrong_password"] * 5 + ["too_many"] * 2
    assert len([each for each in stage.hasher.work if each == "verify"]) == 5
    alice = stage.connect(channel=TLS)
    alice.log_in(key_of("alice"), name="alice")
    assert alice.told(events.Welcome)
    stage.turns.wait(2)  # which is longer than the first pause
    assert by_password(stage, SECRET, channel=TLS).told(events.Welcome)


def guessed(stage: Stage, times: int, first: int = 0) -> list[str]:
    """Guess from many addresses over time; return the answers."""
    codes = []
    for number in range(first, first + times):
        channel = Channel(f"198.51.{number % 200}.1", binding=b"b" * 32)
        codes.append(code(by_password(stage, "wrong", key=f"thief {number}", channel=channel)))
        stage.turns.wait(ACCOUNT_SECONDS / ACCOUNT_GUESSES)
    return codes


def test_a_hundred_wrong_passwords_lock_the_password_until_it_is_changed() -> None:
    stage = Stage()
    owner(stage)
    assert guessed(stage, 60) == ["wrong_password"] * 60
    stage.hub = stage.new_hub()
    assert guessed(stage, 50, 60) == ["wrong_password"] * (MOST_IN_A_ROW - 60) + ["refused"] * 10
    for _ in range(2):
        stage.hasher.work.clear()
        peer = by_password(stage, SECRET, channel=TLS)
        (error,) = peer.told(events.Error)
        assert error.text == (
            "100 wrong passwords in a row for alice: the password is locked. Log in with your key and set another one "
            "with /password, or ask whoever runs the server for a link."
        )
        assert stage.hasher.work == []
        stage.hub = stage.new_hub()
    alice = stage.connect(channel=TLS)
    alice.log_in(key_of("alice"), name="alice")
    stage.settle()
    alice.do(commands.Password, password=NEW, old=SECRET)
    for _ in range(2):
        assert login(stage, "alice", NEW).session.user is stage.hub.directory.user("alice")
        stage.hub = stage.new_hub()


def test_a_right_password_resets_the_count() -> None:
    stage = Stage()
    owner(stage)
    for _ in range(3):
        assert guessed(stage, MOST_IN_A_ROW - 1) == ["wrong_password"] * (MOST_IN_A_ROW - 1)
        assert login(stage, "alice", SECRET).session.user is not None
        stage.hub = stage.new_hub()


def test_wrong_passwords_of_the_last_hour_survive_a_restart() -> None:
    stage = Stage()
    owner(stage)
    for number in range(ACCOUNT_GUESSES):
        channel = Channel(f"198.51.100.{number}", binding=b"b" * 32)
        assert code(by_password(stage, "wrong", channel=channel)) == "wrong_password"
        stage.hub = stage.new_hub()
    assert code(by_password(stage, SECRET, channel=TLS)) == "too_many"
    stage.turns.wait(ACCOUNT_SECONDS)
    assert by_password(stage, SECRET, channel=TLS).told(events.Welcome)


def test_a_login_refused_with_retry_does_not_count_as_a_guess() -> None:
    stage = Stage()
    alice = owner(stage)
    stage.hasher.is_busy = True
    for _ in range(MOST_IN_A_ROW):
        assert code(by_password(stage, "wrong")) == "busy"
    stage.hasher.is_busy = False
    assert login(stage, "alice", SECRET).session.user is alice.session.user


def test_guesses_at_unknown_names_are_not_stored() -> None:
    stage = Stage()
    stage.plain("gus")
    before = len(stage.journal._store.facts)
    for name in ("gus", "zoe"):
        assert code(by_password(stage, "wrong", name)) == "wrong_password"
    assert len(stage.journal._store.facts) == before


def test_a_password_is_rehashed_if_the_parameters_changed() -> None:
    stage = Stage()
    alice = owner(stage)
    stage.hasher.outdated = {alice.session.user.password}
    stage.hasher.work.clear()
    by_password(stage, SECRET)
    assert stage.hasher.work == ["verify", "hash"]
    assert by_password(stage, SECRET, key="third").told(events.Welcome)


NEW = "battery staple"
CHANGED = "The password of alice was changed; log in with the new one."


def native_by_password(stage: Stage, channel: Channel = HERE) -> Peer:
    """Log in without a key, in a dialect that can resume."""
    peer = stage.connect(channel=channel)
    peer.do(commands.Login, name="alice", password=SECRET)
    return peer


def change(peer: Peer, secret: str = NEW) -> None:
    """Submit another password, and leave it unstored."""
    peer.ask(commands.Password(id=peer.next_id(), password=secret, old=SECRET))
    for _ in range(2):  # the old one is verified, and the new one is hashed
        peer.stage.turns.turn()


def test_a_changed_password_ends_only_the_sessions_of_the_old_one() -> None:
    stage = Stage()
    alice, bob = owner(stage), owner(stage, "bob")
    phone = by_password(stage, SECRET)
    nc, native, guest = login(stage, "alice", SECRET), native_by_password(stage), stage.guest("gus")
    by_bobs = login(stage, "bob", SECRET)
    alice.take()
    change(alice)
    assert alice.take() == b""  # it is not stored yet
    assert [peer.last_words for peer in (nc, native)] == [None] * 2
    stage.settle()
    for peer in (nc, native):
        assert CHANGED.encode() in (peer.last_words or b"")
        assert peer.session.gone
    assert [peer.last_words for peer in (alice, bob, phone, guest, by_bobs)] == [None] * 5
    for _ in range(2):
        assert login(stage, "alice", SECRET).text() == "[error] The name or the password is wrong.\n"
        assert login(stage, "alice", NEW).session.user is stage.hub.directory.user("alice")
        stage.hub = stage.new_hub()


def test_changing_the_password_reports_the_ended_sessions() -> None:
    alice = owner(Stage())
    alice.do(commands.Password, password=NEW, old=SECRET)
    (told,) = alice.told(events.Help)
    assert told.text.endswith("All other sessions that used the old password are logged out; keys stay (/devices).")


def test_the_session_that_changes_the_password_stays() -> None:
    stage = Stage()
    owner(stage)
    native, nc = native_by_password(stage), login(stage, "alice", SECRET)
    native.do(commands.Password, password=NEW, old=SECRET)
    assert native.last_words is None
    assert nc.last_words
    again = stage.login(token=native.session.token)
    assert again.told(events.Welcome)
    again.do(commands.Password, password=SECRET, old=NEW)
    assert again.last_words is None


@pytest.mark.parametrize("link", ["alive", "broken"])
def test_a_changed_password_voids_the_resume_tokens_of_the_old_one(link: str) -> None:
    stage = Stage()
    alice, bob = owner(stage), stage.native("bob")
    native = native_by_password(stage)
    resumed = stage.login(token=native.session.token)
    if link == "broken":
        resumed.drop()
    change(alice)
    for _ in range(2):
        assert code(stage.login(token=resumed.session.token)) == "usage"
        stage.settle()
    assert stage.login(token=alice.session.token).told(events.Welcome)
    assert stage.login(token=bob.session.token).told(events.Welcome)


def test_the_old_password_is_refused_while_the_new_one_is_being_stored() -> None:
    stage = Stage()
    alice = owner(stage)
    late = [stage.connect(PLAIN, HERE), stage.connect(channel=HERE)]
    alice.ask(commands.Password(id=alice.next_id(), password=NEW, old=SECRET))
    stage.turns.turn()  # the old one is verified
    late[0].ask(commands.Login(name="alice", password=SECRET))
    late[1].log_in(key_of("new"), name="alice", password=SECRET)
    stage.settle()
    assert late[0].text() == "[error] The name or the password is wrong.\n"
    assert code(late[1]) == "wrong_password"
    assert list(alice.session.user.devices) == [key_of("alice").public]


def test_a_retried_key_is_not_added_by_a_changed_password() -> None:
    stage = Stage()
    alice = owner(stage)
    phones = [stage.connect(channel=HERE) for _ in range(2)]
    alice.ask(commands.Password(id=alice.next_id(), password=NEW, old=SECRET))
    stage.hasher.turns = 2
    stage.turns.turn()  # the old one is verified; the new one is stored after both have claimed the same place
    stage.hasher.turns = 1
    for number, phone in enumerate(phones):
        phone.log_in(key_of(f"phone {number}"), name="alice", password=SECRET)
    stage.settle()
    assert phones[0].told(events.Welcome)
    assert code(phones[1]) == "wrong_password"


def test_the_old_password_stays_if_the_new_one_cannot_be_stored() -> None:
    stage = Stage()
    alice = owner(stage)
    stage.journal.capacity = 0
    alice.do(commands.Password, password=NEW, old=SECRET)
    (error,) = alice.told(events.Error)
    assert error.retry
    stage.journal.capacity = 1000
    assert login(stage, "alice", SECRET).session.user is alice.session.user


def test_a_rehash_does_not_overwrite_a_newer_password() -> None:
    stage = Stage()
    alice = owner(stage)
    stage.hasher.outdated = {alice.session.user.password}
    stage.hasher.turns = 4
    alice.ask(commands.Password(id=alice.next_id(), password=NEW, old=SECRET))
    stage.hasher.turns = 1
    late = stage.connect(channel=HERE)
    late.log_in(key_of("new"), name="alice", password=SECRET)
    stage.hasher.turns = 3  # so that the new one is submitted, and not stored yet, when the old one is hashed
    stage.settle()
    assert late.told(events.Welcome)
    assert login(stage, "alice", NEW).session.user is alice.session.user


def test_a_name_released_during_the_check_of_its_password_is_refused() -> None:
    stage = Stage()
    owner(stage)
    stage.hasher.turns = 20
    late = [stage.connect(PLAIN, HERE), stage.connect(channel=HERE)]
    late[0].ask(commands.Login(name="alice", password=SECRET))
    late[1].log_in(key_of("new"), name="alice", password=SECRET)
    stage.order(operator.ReleaseName(id=1, name="alice"))
    stage.settle()
    assert [peer.session.user for peer in late] == [None, None]
    assert stage.hub.online.names() == []


@pytest.mark.parametrize(
    "command",
    [
        commands.Login(name="alice", password=SECRET),
        commands.Password(password=SECRET),
        commands.Prove(signature="x", password=SECRET),
    ],
)
def test_a_password_is_in_no_repr(command: commands.Command) -> None:
    assert SECRET not in repr(command)
    assert SECRET not in f"{command}"


def test_a_password_is_in_no_entry_no_event_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stage = Stage()
    alice, bob = owner(stage), stage.native("bob")
    phone = by_password(stage, SECRET)
    plain = login(stage, "alice", SECRET)
    told = b"".join(peer.take() for peer in (alice, bob, phone, plain))
    assert SECRET.encode() not in told
    assert b"hashed" not in told
    assert SECRET.encode() not in b"".join(bytes(entry.body) for entry in stage.journal._store.facts)
    assert SECRET not in caplog.text


DAY = 86_400


def alerts(peer: Peer) -> list[str]:
    return [each.text for each in peer.told(events.Alert)]


def test_a_password_set_without_the_old_one_is_valid_after_a_day() -> None:
    stage = Stage()
    alice = owner(stage)
    alice.do(commands.Password, password=NEW)
    (told,) = alice.told(events.Help)
    assert "24 hours" in told.text
    for _ in range(2):
        assert login(stage, "alice", SECRET).session.user is not None
        assert login(stage, "alice", NEW).session.user is None
        stage.hub = stage.new_hub()
    stage.turns.wait(DAY + 1)
    for _ in range(2):
        assert login(stage, "alice", SECRET).session.user is None
        assert login(stage, "alice", NEW).session.user is not None
        stage.hub = stage.new_hub()


def test_every_session_of_the_owner_is_told_of_a_new_password_and_can_refuse_it() -> None:
    stage = Stage()
    alice = owner(stage)
    thief = stage.connect(channel=TLS)
    thief.log_in(key_of("alice"), name="alice")
    stage.settle()
    alice.take()
    thief.do(commands.Password, password=NEW)
    pending = (
        "A new password was set for your account without the old one. It becomes valid a day after that. "
        "Not you? /password keep refuses it."
    )
    assert alerts(alice) == [pending]
    later = stage.login(key_of("alice"), name="alice")
    assert alerts(later) == [pending]
    alice.do(commands.KeepPassword)
    assert alice.told(events.Ok)
    assert alerts(thief) == ["The new password was refused; nothing else has changed."]
    stage.turns.wait(DAY + 1)
    assert login(stage, "alice", NEW).session.user is None
    assert login(stage, "alice", SECRET).session.user is not None
    alice.take()
    alice.do(commands.KeepPassword)
    assert code(alice) == "not_found"


def test_a_changed_password_is_told_to_the_owners_other_sessions() -> None:
    stage = Stage()
    alice = owner(stage)
    other = stage.login(key_of("alice"), name="alice")
    other.take()
    alice.take()
    alice.do(commands.Password, password=NEW, old=SECRET)
    assert alerts(other) == ["Your password was changed. Not you? Check /devices, and set another password."]
    assert alerts(alice) == []


def test_a_wrong_old_password_changes_nothing_and_counts_as_a_guess() -> None:
    stage = Stage()
    alice = owner(stage)
    alice.take()
    alice.do(commands.Password, password=NEW, old="wrong horse")
    assert code(alice) == "wrong_password"
    assert login(stage, "alice", SECRET).session.user is not None
    for _ in range(ACCOUNT_GUESSES):
        alice.take()
        alice.do(commands.Password, password=NEW, old="wrong horse")
    assert code(alice) in {"too_many", "wrong_password"}
    stage.hasher.work.clear()
    alice.take()
    alice.do(commands.Password, password=NEW, old="wrong horse")
    assert code(alice) == "too_many"
    assert stage.hasher.work == []
