"""A new name belongs to a key once the first entry is stored under it."""

import pytest

from socketchat.protocol import commands, events
from tests.commands.test_moderation import played, refusal
from tests.hub.stage import Peer, Stage
from tests.keys import key_of


def sender(stage: Stage, name: str, key: str | None = None) -> Peer:
    """Log in a client that does not listen, like a script."""
    return stage.login(key_of(key or name), name=name, listen="none")


def accounts(stage: Stage) -> set[str]:
    return {user.name for user in stage.hub.state.users.values()}


@pytest.mark.parametrize("fields", [{"to": "#nope"}, {"to": "@nobody"}, {"to": "#lobby", "text": " "}])
def test_a_message_that_is_refused_claims_no_name(fields: dict[str, str]) -> None:
    stage = Stage()
    new = sender(stage, "new")
    assert new.told(events.Welcome)
    new.do(commands.Send, **{"text": "hi", **fields})
    assert new.told(events.Error)
    new.do(commands.Ping)
    assert accounts(stage) == set()
    other = sender(stage, "new", key="another")
    other.do(commands.Send, to="#lobby", text="hi")
    assert other.told(events.Ok)
    new.take()
    new.do(commands.Send, to="#lobby", text="hi")
    assert refusal(new)[0] == "name_taken"
    assert accounts(stage) == {"new"}


def test_the_first_message_claims_the_name_and_the_next_ones_are_of_the_same_user() -> None:
    stage = Stage()
    ann, new = stage.native("ann"), sender(stage, "new")
    for number in range(3):
        new.ask(commands.Send(id=50 + number, to="#lobby", text=f"line {number}"))
    stage.settle()
    said = [each for each in ann.told(events.Entry) if each.name == "new"]
    assert len(said) == 3
    assert {each.author for each in said} == {stage.hub.directory.holder("new").id}
    assert [each.id for each in new.told(events.Ok)][-3:] == [50, 51, 52]
    new.do(commands.Send, to="@ann", text="psst")
    assert ann.told(events.Entry)[-1].name == "new"


def test_anything_that_is_stored_claims_the_name() -> None:
    stage = Stage()
    new = sender(stage, "new")
    new.do(commands.Join, room="#ops")
    assert new.told(events.Ok)
    assert accounts(stage) == {"new"}
    assert stage.hub.directory.rooms["#ops"].owner == stage.hub.directory.holder("new").id
    assert stage.hub.state.snapshot() == stage.new_hub().state.snapshot()


def test_a_client_that_listens_claims_the_name_when_it_enters() -> None:
    stage = Stage()
    stage.native("ann")
    assert accounts(stage) == {"ann"}


def test_a_name_is_not_claimed_on_a_full_disk_and_can_be_retried() -> None:
    stage = Stage()
    new = sender(stage, "new")
    stage.journal.capacity, before = 0, stage.journal.capacity
    new.do(commands.Send, to="#lobby", text="hi", outbox="0" * 16, n=1)
    (error,) = new.told(events.Error)
    assert (error.code, error.retry) == ("storage", True)
    stage.journal.capacity = before
    new.take()
    new.do(commands.Send, to="#lobby", text="hi", outbox="0" * 16, n=1)
    assert new.told(events.Ok)
    assert accounts(stage) == {"new"}


def test_muted_users_do_not_speak_by_a_new_name_or_the_name_of_a_room() -> None:
    stage, (ann, bob) = played("ann", "bob")
    ann.do(commands.Mute, room="#lobby", name="bob")
    bob.take()
    bob.do(commands.Join, room="#buy_now")
    assert refusal(bob) == ("muted", "You are muted in the chat.")
    for listen in ("all", "none"):
        again = stage.login(key_of("bob"), name="buy_now", listen=listen)
        assert refusal(again) == ("muted", "You are muted in the chat.")
    assert accounts(stage) == {"ann", "bob"}
