"""A thief with a stolen key of an account cannot lock its owner out: what the thief asks for waits for a day."""

import pytest

from socketchat.hub.revocations import LOOK_SECONDS
from socketchat.protocol import commands, events
from socketchat.protocol.authentication.proofs import fingerprint
from tests.commands.account.test_devices import PHONE, settled
from tests.commands.account.test_passwords import DAY, NEW, SECRET, TLS, alerts, by_password, code, login, owner
from tests.hub.stage import Peer, Stage
from tests.keys import key_of

STOLEN = fingerprint(key_of("alice").public)


def with_phone(stage: Stage) -> tuple[Peer, Peer]:
    """Log in the owner with a second key, and a thief with the first one."""
    settled(stage)
    phone = by_password(stage, SECRET)
    phone = stage.login(key_of("new"), name="alice")
    phone.session.channel = TLS
    thief = stage.connect(channel=TLS)
    thief.log_in(key_of("alice"), name="alice")
    stage.settle()
    phone.take()
    thief.take()
    return phone, thief


def works(stage: Stage, key: str) -> bool:
    """Tell whether a key logs in."""
    return bool(stage.login(key_of(key), name="alice").told(events.Welcome))


def test_a_first_password_waits_for_a_day_and_every_session_can_refuse_it() -> None:
    stage = Stage()
    alice = owner(stage, secret="")
    stage.turns.wait(DAY + 1)
    thief = stage.connect(channel=TLS)
    thief.log_in(key_of("alice"), name="alice")
    stage.settle()
    alice.take()
    thief.take()
    thief.do(commands.Password, password=NEW)
    (told,) = thief.told(events.Help)
    assert "24 hours" in told.text
    assert ["/password keep" in text for text in alerts(alice)] == [True]
    assert login(stage, "alice", NEW).session.user is None
    alice.do(commands.KeepPassword)
    stage.turns.wait(DAY + 1)
    assert login(stage, "alice", NEW).session.user is None


def test_a_first_password_that_nobody_refused_is_valid_after_a_day() -> None:
    stage = Stage()
    alice = owner(stage, secret="")
    stage.turns.wait(DAY + 1)
    alice.do(commands.Password, password=NEW)
    stage.turns.wait(DAY + 1)
    for _ in range(2):
        assert login(stage, "alice", NEW).session.user is not None
        stage.hub = stage.new_hub()


def test_revoking_another_key_waits_for_a_day_and_every_session_can_refuse_it() -> None:
    stage = Stage()
    phone, thief = with_phone(stage)
    thief.do(commands.Revoke, device=PHONE)
    told = thief.events()
    assert "24 hours" in told[0].text
    assert [(each.fingerprint, each.until) for each in told[1].devices if each.until] == [
        (PHONE, stage.now + DAY * 1000)
    ]
    (notice,) = alerts(phone)
    assert f"/devices keep {PHONE[:9]}" in notice
    assert works(stage, "new")
    later = stage.login(key_of("new"), name="alice")
    assert alerts(later) == [notice]
    phone.take()
    phone.do(commands.KeepDevice, device=PHONE[:9])
    assert [[each.until for each in event.devices] for event in phone.told(events.Devices)] == [[0, 0]]
    assert ["stays" in text for text in alerts(thief)] == [True]
    stage.turns.wait(DAY + 2 * LOOK_SECONDS)
    assert phone.last_words is None
    assert works(stage, "new")
    phone.take()
    phone.do(commands.KeepDevice, device=PHONE)
    assert code(phone) == "not_found"


def test_a_key_whose_revocation_nobody_refused_is_out_after_a_day_also_after_a_restart() -> None:
    stage = Stage()
    phone, thief = with_phone(stage)
    thief.do(commands.Revoke, device=PHONE)
    stage.turns.wait(DAY - LOOK_SECONDS)
    thief.do(commands.Revoke, device=PHONE)  # which does not make it later
    stage.hub = stage.new_hub()
    phone = stage.login(key_of("new"), name="alice")
    assert phone.told(events.Welcome)
    stage.turns.wait(2 * LOOK_SECONDS)
    assert b"revoked" in phone.last_words
    assert not works(stage, "new")
    assert stage.hub.state.revocations == {}


def test_the_password_revokes_a_stolen_key_at_once() -> None:
    stage = Stage()
    phone, thief = with_phone(stage)
    phone.do(commands.Revoke, device=STOLEN, password="not this")
    assert code(phone) == "wrong_password"
    assert thief.last_words is None
    phone.do(commands.Revoke, device=STOLEN, password=SECRET)
    assert b"revoked" in thief.last_words
    assert not works(stage, "alice")


def test_a_session_that_logged_in_with_the_password_revokes_at_once() -> None:
    stage = Stage()
    _, thief = with_phone(stage)
    by_password(stage, SECRET, key="tablet").do(commands.Revoke, device=STOLEN)
    assert b"revoked" in thief.last_words


def test_a_revocation_that_waits_is_made_at_once_with_the_password() -> None:
    stage = Stage()
    phone, thief = with_phone(stage)
    phone.do(commands.Revoke, device=STOLEN)
    assert thief.last_words is None
    phone.do(commands.Revoke, device=STOLEN, password=SECRET)
    assert b"revoked" in thief.last_words


def test_a_password_of_less_than_a_day_does_not_revoke_other_keys_at_once() -> None:
    stage = Stage()
    alice = owner(stage)
    phone = by_password(stage, SECRET)
    phone.do(commands.Revoke, device=STOLEN, password=SECRET)
    stage.turns.wait(DAY - 1)
    assert alice.last_words is None
    phone.do(commands.Revoke, device=STOLEN, password=SECRET)
    assert alice.last_words is None
    stage.turns.wait(1)
    phone.do(commands.Revoke, device=STOLEN)
    assert alice.last_words is not None


def test_a_password_proves_nothing_any_more_when_another_one_is_set() -> None:
    stage = Stage()
    phone, thief = with_phone(stage)
    thief.session.proved = phone.session.user.password
    phone.do(commands.Password, password=NEW, old=SECRET)
    thief.do(commands.Revoke, device=PHONE)
    assert phone.last_words is None
    phone.do(commands.Revoke, device=STOLEN)
    assert b"revoked" in thief.last_words


def test_the_own_key_is_revoked_at_once() -> None:
    stage = Stage()
    phone, _ = with_phone(stage)
    phone.do(commands.Revoke, device=PHONE)
    assert b"revoked" in phone.last_words


@pytest.mark.parametrize("ends", ["reset", "release"])
def test_a_revocation_ends_with_its_key(ends: str) -> None:
    stage = Stage()
    _, thief = with_phone(stage)
    thief.do(commands.Revoke, device=PHONE)
    user = thief.session.user
    if ends == "reset":
        stage.hub.state.remove_owner(key_of("new").public, user)
    else:
        stage.hub.state.release(user)
    assert stage.hub.state.revocations == {}
