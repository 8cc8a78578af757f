"""New names that look like another one are refused, also over the log of an earlier version."""

from __future__ import annotations

import msgspec
import pytest

from socketchat.journal import SERVER_LOG, Proposal
from socketchat.protocol import commands, events, operator
from tests.hub.stage import Peer, Stage
from tests.keys import hello_of, key_of

OLD_ACCOUNTS = {
    "alice": ("name:alice",),
    "alice_": ("name:alice_",),
    "5ystem": ("name:5ystem",),
    "álice": ("name:a\u0301lice",),
}
"""Accounts of an earlier version, with the claims that it stored."""


def refusal(peer: Peer) -> tuple[str, str]:
    (error,) = peer.told(events.Error)
    return error.code, error.text


def is_welcome(peer: Peer, name: str) -> bool:
    return [welcome.name for welcome in peer.told(events.Welcome)] == [name]


def old_stage(*acts: dict[str, object]) -> Stage:
    """Return a hub over the log of an earlier version, in which several accounts look the same."""
    stage = Stage()
    stage.journal.committed = lambda _outcomes: None
    for name, claims in OLD_ACCOUNTS.items():
        fact = {"id": f"id of {name}", "name": name, "key": key_of(name).public}
        stage.journal.submit(Proposal(SERVER_LOG, "", "", "user", msgspec.json.encode(fact), claims=claims))
    for act in acts:
        stage.journal.submit(Proposal(SERVER_LOG, "", "", "act", msgspec.json.encode(act)))
    stage.settle()
    stage.hub = stage.new_hub()
    return stage


@pytest.mark.parametrize("name", ["alice.", "alice_", "ạlice", "AIice", "a1ice"])
def test_a_name_that_looks_like_an_account_is_refused(name: str) -> None:
    stage = Stage()
    stage.native("alice")
    text = f"{name!r} looks like 'alice', which is taken; choose another name."
    assert refusal(stage.native(name)) == ("name_taken", text)
    assert refusal(stage.guest(name)) == ("name_taken", text)


@pytest.mark.parametrize("name", ["0perator", "systern", "5ystem", "server."])
def test_a_name_that_looks_reserved_is_refused(name: str) -> None:
    text = f"{name!r} looks like a name that is reserved for the server; choose another name."
    assert refusal(Stage().native(name)) == ("bad_name", text)
    assert refusal(Stage().guest(name)) == ("bad_name", text)


def test_a_reserved_name_is_refused_before_the_challenge() -> None:
    peer = Stage().connect()
    peer.ask(hello_of(key_of("thief"), id=1, name="5ystem"))
    assert [(type(event), event.code) for event in peer.events()] == [(events.Error, "bad_name")]


def test_the_error_for_a_look_alike_of_the_user_s_name_says_so() -> None:
    stage = Stage()
    stage.native("alice")
    again = stage.login(key_of("alice"), name="a1ice")
    text = "'a1ice' looks like 'alice', which is your own name; log in as alice."
    assert refusal(again) == ("name_taken", text)


def test_two_names_that_look_alike_in_one_batch_become_one_account() -> None:
    stage = Stage()
    one, other = stage.connect(), stage.connect()
    one.log_in(key_of("one"), name="ann.")
    other.log_in(key_of("other"), name="änn")
    stage.settle()
    assert is_welcome(one, "ann.")
    assert refusal(other)[0] == "name_taken"


@pytest.mark.parametrize("name", OLD_ACCOUNTS)
def test_accounts_of_an_old_log_keep_their_names(name: str) -> None:
    stage = old_stage()
    peer = stage.native(name)
    assert [welcome.user for welcome in peer.told(events.Welcome)] == [f"id of {name}"]
    assert refusal(stage.login(key_of("thief"), name=name))[0] == "name_taken"


@pytest.mark.parametrize("name", ["alice.", "a1ice_", "ALÍCE", "5ystem-"])
def test_a_new_name_that_looks_like_an_account_of_an_old_log_is_refused(name: str) -> None:
    assert refusal(old_stage().login(key_of("thief"), name=name))[0] in {"name_taken", "bad_name"}


def test_the_look_of_old_accounts_is_free_when_all_of_them_are_released() -> None:
    stage = old_stage()
    for name in ("alice", "alice_", "álice"):
        assert refusal(stage.login(key_of("new"), name="alice."))[0] == "name_taken"
        stage.order(operator.ReleaseName(id=1, name=name))
    for again in range(3):
        assert is_welcome(stage.login(key_of(f"new {again}"), name="alice."), "alice.")
        stage.order(operator.ReleaseName(id=1, name="alice."))
    stage.hub = stage.new_hub()
    assert is_welcome(stage.native("alice"), "alice")


def test_a_ban_of_an_old_log_holds_for_names_that_look_like_the_banned_one() -> None:
    ban = {"act": "ban", "room": "#lobby", "user": "id of zoë", "name": "zoë", "subjects": ["name:zoe\u0308"]}
    assert refusal(old_stage(ban).native("zoe_"))[0] == "banned"
    assert is_welcome(old_stage(ban, ban | {"act": "unban"}).native("zoe_"), "zoe_")


def test_an_owner_can_log_in_under_another_spelling_of_the_name() -> None:
    stage = Stage()
    stage.native("alice").do(commands.Quit)
    assert is_welcome(stage.login(key_of("alice"), name="ＡLICE"), "alice")
