import pytest

from socketchat.commands.account.devices import COMES_BACK, DEVICES_PER_USER, NAMES_PER_KEY
from socketchat.protocol import commands, events
from socketchat.protocol.authentication.proofs import fingerprint
from tests.commands.account.test_passwords import DAY, HERE, SECRET, by_password, code, owner
from tests.hub.stage import Peer, Stage
from tests.keys import key_of

PHONE = fingerprint(key_of("new").public)


def settled(stage: Stage) -> Peer:
    """Log in an owner whose password is older than a day."""
    alice = owner(stage)
    stage.turns.wait(DAY + 1)
    return alice


def listed(peer: Peer) -> list[events.Device]:
    peer.take()
    peer.do(commands.Devices)
    (told,) = peer.told(events.Devices)
    return told.devices


def test_devices_are_listed_with_label_and_last_use() -> None:
    stage = Stage()
    alice = stage.login(key_of("alice"), name="alice", label="desk\x1b[31m")
    alice.session.channel = HERE
    alice.do(commands.Password, password=SECRET)
    stage.turns.wait(60)
    phone = by_password(stage, SECRET)
    desk, new = listed(alice)
    assert (desk.fingerprint, desk.label) == (fingerprint(key_of("alice").public), "desk^[[31m")
    assert (desk.added, desk.used, desk.online, desk.current) == (stage.began, stage.began, True, True)
    assert (new.fingerprint, new.added, new.online, new.current) == (PHONE, stage.began + 60_000, True, False)
    phone.do(commands.Quit)
    assert not listed(alice)[1].online


def test_a_revoked_device_is_refused_and_its_sessions_end_once_stored() -> None:
    stage = Stage()
    settled(stage)
    tablet = by_password(stage, SECRET, key="tablet")
    phone = by_password(stage, SECRET)
    token = phone.told(events.Welcome)[0].token
    tablet.take()
    tablet.ask(commands.Revoke(id=50, device=PHONE[:6]))
    assert phone.last_words is None  # it is not stored yet
    early = stage.connect()
    early.log_in(key_of("new"), name="alice")
    assert code(early) == "name_taken"
    stage.settle()
    assert b"revoked" in phone.last_words
    assert [len(each.devices) for each in tablet.told(events.Devices)] == [2]
    assert code(stage.login(token=token)) == "usage"
    assert code(stage.login(key_of("new"), name="alice")) == "name_taken"
    stage.hub = stage.new_hub()
    assert code(stage.login(key_of("new"), name="alice")) == "name_taken"
    assert stage.login(key_of("alice"), name="alice").told(events.Welcome)


def test_a_device_added_by_password_is_reported_to_the_other_sessions() -> None:
    stage = Stage()
    alice, bob = owner(stage), stage.native("bob")
    bob.take()
    phone = stage.connect(channel=HERE)
    phone.log_in(key_of("new"), name="alice", label="vm\x1b[31m", password=SECRET)
    stage.settle()
    told = f'New device "vm^[[31m" ({PHONE}) logged in with your password. Not you? /devices revokes it.'
    assert [event.text for event in alice.told(events.Alert)] == [told]
    assert phone.told(events.Welcome)
    assert not bob.told(events.Alert)
    by_password(stage, SECRET)  # which is a device already
    assert not alice.told(events.Alert)


def test_revoking_a_device_warns_that_the_password_still_lets_it_in() -> None:
    stage = Stage()
    alice = settled(stage)
    by_password(stage, SECRET)
    alice.take()
    alice.do(commands.Revoke, device=PHONE, password=SECRET)
    assert [event.text for event in alice.told(events.Help)] == [COMES_BACK]


def test_the_resume_token_of_a_revoked_device_is_refused() -> None:
    stage = Stage()
    alice = settled(stage)
    phone = by_password(stage, SECRET)
    token = phone.told(events.Welcome)[0].token
    phone.drop()
    alice.do(commands.Revoke, device=PHONE, password=SECRET)
    assert code(stage.login(token=token)) == "usage"


def test_a_resumed_session_still_belongs_to_its_device() -> None:
    stage = Stage()
    alice = settled(stage)
    phone = by_password(stage, SECRET)
    phone.drop()
    back = stage.login(token=phone.told(events.Welcome)[0].token)
    alice.do(commands.Revoke, device=PHONE, password=SECRET)
    assert b"revoked" in back.last_words


def test_a_device_stays_if_its_revocation_cannot_be_stored() -> None:
    stage = Stage()
    alice = owner(stage)
    by_password(stage, SECRET)
    stage.journal.capacity = 0
    alice.take()
    alice.do(commands.Revoke, device=PHONE)
    assert code(alice) == "storage"
    assert stage.login(key_of("new"), name="alice").told(events.Welcome)


def test_the_only_key_of_an_account_without_a_password_cannot_be_revoked() -> None:
    stage = Stage()
    alice = owner(stage, secret="")
    own = fingerprint(key_of("alice").public)
    alice.do(commands.Revoke, device=own)
    assert code(alice) == "refused"
    alice.session.channel = HERE
    alice.do(commands.Password, password=SECRET)
    alice.do(commands.Revoke, device=own)
    assert alice.last_words
    assert by_password(stage, SECRET).told(events.Welcome)


@pytest.mark.parametrize("device", ["", "-", "zzzz", "alice"])
def test_an_unknown_device_is_not_found(device: str) -> None:
    alice = owner(Stage())
    alice.do(commands.Revoke, device=device)
    assert code(alice) == "not_found"


@pytest.mark.parametrize("command", [commands.Devices(id=9), commands.Revoke(id=9, device="3f")])
def test_guests_have_no_devices(command: commands.Command) -> None:
    guest = Stage().guest("gus")
    guest.take()
    guest.ask(command)
    assert code(guest) == "refused"


def test_devices_are_limited_per_user_under_concurrency_too() -> None:
    stage = Stage()
    alice = settled(stage)
    peers = [stage.connect(channel=HERE) for _ in range(DEVICES_PER_USER + 3)]
    for number, peer in enumerate(peers):
        peer.log_in(key_of(f"device {number}"), name="alice", password=SECRET)
    stage.settle()
    assert sum(len(peer.told(events.Welcome)) for peer in peers) == DEVICES_PER_USER - 1
    devices = listed(alice)
    assert len(devices) == DEVICES_PER_USER
    alice.do(commands.Revoke, device=devices[-1].fingerprint, password=SECRET)
    assert by_password(stage, SECRET, key="one more").told(events.Welcome)


def test_a_key_with_the_most_names_cannot_become_a_device_of_another() -> None:
    stage = Stage()
    owner(stage)
    for number in range(NAMES_PER_KEY):
        stage.login(key_of("new"), name=f"bob{number}")
    assert code(by_password(stage, SECRET)) == "too_many"


def test_a_revoked_key_can_own_names_again() -> None:
    stage = Stage()
    alice = settled(stage)
    by_password(stage, SECRET)
    alice.do(commands.Revoke, device=PHONE, password=SECRET)
    for number in range(NAMES_PER_KEY):
        assert stage.login(key_of("new"), name=f"bob{number}").told(events.Welcome)
    assert code(stage.login(key_of("new"), name="bob9")) == "too_many"
