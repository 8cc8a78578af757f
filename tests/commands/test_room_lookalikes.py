"""New rooms that look like an existing one are refused, also over the log of an earlier version."""

from __future__ import annotations

import msgspec
import pytest

from socketchat.journal import SERVER_LOG, Proposal
from socketchat.protocol import commands, events
from tests.hub.stage import Peer, Stage


def refusal(peer: Peer) -> tuple[str, str]:
    (error,) = peer.told(events.Error)
    return error.code, error.text


def joins(peer: Peer, room: str) -> bool:
    peer.take()
    peer.do(commands.Join, room=room)
    return bool(peer.told(events.Ok))


@pytest.mark.parametrize("room", ["#Iobby", "#1obby", "#lobby.", "#lóbby", "lobby_"])
def test_a_room_that_looks_like_the_lobby_is_refused(room: str) -> None:
    alice = Stage().native("alice")
    alice.take()
    alice.do(commands.Join, room=room)
    name = "#" + room.removeprefix("#")
    assert refusal(alice) == (
        "name_taken",
        f"{name!r} looks like '#lobby'. Join that room, or choose another name.",
    )


def test_the_error_for_a_look_alike_of_a_private_room_does_not_name_it() -> None:
    stage = Stage()
    alice, bob = stage.native("alice"), stage.native("bob")
    assert joins(alice, "#secret")
    alice.do(commands.Access, room="#secret", private=True)
    bob.take()
    bob.do(commands.Join, room="#sécret")
    assert refusal(bob) == ("name_taken", "'#sécret' looks like another room; choose another name.")


def test_two_rooms_that_look_alike_in_one_batch_become_one_room() -> None:
    stage = Stage()
    alice, bob = stage.native("alice"), stage.native("bob")
    alice.take(), bob.take()
    alice.ask(commands.Join(id=90, room="#ops"))
    bob.ask(commands.Join(id=90, room="#0ps"))
    stage.settle()
    assert alice.told(events.Ok) == [events.Ok(id=90)]
    assert refusal(bob)[0] == "name_taken"


def test_a_member_joins_a_room_again_under_its_name() -> None:
    alice = Stage().native("alice")
    assert joins(alice, "#ops")
    assert joins(alice, "#OPS")


def test_rooms_of_an_old_log_that_look_alike_stay_and_further_ones_are_refused() -> None:
    stage = Stage()
    stage.journal.committed = lambda _outcomes: None
    for name in ("#ops", "#0ps", "#1obby"):
        fact = msgspec.json.encode({"name": name})
        stage.journal.submit(Proposal(SERVER_LOG, "", "", "room", fact, claims=(f"room:{name}",)))
    stage.settle()
    stage.hub = stage.new_hub()
    alice = stage.native("alice")
    assert [joins(alice, room) for room in ("#ops", "#0ps", "#1obby", "#lobby")] == [True] * 4
    assert not joins(alice, "#ops_")
    assert not joins(alice, "#Iobby")
