"""Deleted and dropped entries are not served, even from cached pages and pages being read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from socketchat.exceptions import NotFound
from socketchat.hub.delivery.replay import PAGE_ENTRIES
from socketchat.hub.proposals import Pending, why_not
from socketchat.journal import Keep, Unchangeable
from socketchat.protocol import events
from tests.hub.stage import Peer, Stage


def lobby_of(count: int) -> tuple[Stage, Peer]:
    stage = Stage()
    alice = stage.native("alice")
    for n in range(count):
        alice.say(f"text {n + 1}")
    stage.turns.wait(1)
    alice.take()
    return stage, alice


def back(stage: Stage, name: str, position: int) -> Peer:
    return stage.native(name, epoch=stage.hub.logins.epoch, positions={"#lobby": position})


def delete(stage: Stage, peer: Peer, of: int, **more: Any) -> None:
    user, body = peer.session.user, b'{"of":%d}' % of
    stage.hub.submit(Pending("#lobby", user.id, user.name, "delete", body, session=peer.session, of=of, **more))


def texts(peer: Peer) -> dict[int, str]:
    return {entry.seq: json.loads(bytes(entry.body)).get("text") for entry in peer.told(events.Entry)}


def test_a_cached_page_is_read_again_after_a_delete() -> None:
    stage, alice = lobby_of(70)
    assert texts(back(stage, "bob", 0))[7] == "text 7"
    delete(stage, alice, 7)
    stage.settle()
    heard = texts(back(stage, "carol", 0))
    assert (heard[6], heard[7], heard[8]) == ("text 6", "", "text 8")
    assert list(heard) == list(range(1, 72))


@pytest.mark.parametrize("turns", range(1, 7))
def test_a_page_that_is_being_read_is_read_again_after_a_delete(turns: int) -> None:
    stage, alice = lobby_of(10)
    stage.journal.turns = turns
    back(stage, "bob", 0)
    for _ in range(turns):
        alice.say("meanwhile")
        stage.turns.turn()
    bob = stage.connect()
    bob.log_in(name="guest", epoch=stage.hub.logins.epoch, positions={"#lobby": 0})
    delete(stage, alice, 7)
    alice.say("and")
    stage.settle()
    assert texts(back(stage, "carol", 0))[7] == ""
    heard = texts(back(stage, "dave", 0))
    assert heard[7] == ""
    assert list(heard) == list(range(1, 13 + turns))


def test_the_messages_of_an_erased_user_are_not_served() -> None:
    stage, alice = lobby_of(5)
    back(stage, "bob", 0)
    erased = stage.journal.erase(alice.session.user.id)
    with pytest.raises(StopIteration):
        erased.send(None)
    assert texts(back(stage, "carol", 0)) == dict.fromkeys(range(1, 6), "")


@pytest.mark.parametrize("kept", [0, 3, PAGE_ENTRIES])
@pytest.mark.parametrize("cached", [False, True])
def test_a_position_below_the_floor_continues_at_the_floor(kept: int, *, cached: bool) -> None:
    stage, alice = lobby_of(80)
    if cached:
        back(stage, "bob", 0)
    behind = stage.native("behind")
    behind.take()
    behind.stall()
    alice.say("text 81")
    stage.settle()
    stage.journal._clock = lambda: 1 << 50
    for n in range(kept):
        alice.say(f"text {82 + n}")
    stage.settle()
    stage.journal.keep = Keep(1000)
    assert stage.hub.directory.lobby.floor == 82
    assert list(texts(back(stage, "carol", 10))) == list(range(82, 82 + kept))
    behind.read_again()
    alice.say("last")
    stage.settle()
    assert list(texts(behind))[-1 - kept :] == list(range(82, 83 + kept))


def test_the_error_for_an_unchangeable_entry_says_so() -> None:
    stage, alice = lobby_of(1)
    outcomes: list[object] = []
    delete(stage, alice, 9, then=outcomes.append)
    stage.settle()
    assert [type(outcome) for outcome in outcomes] == [Unchangeable]
    assert isinstance(why_not(outcomes[0]), NotFound)


def test_a_deleted_message_sent_again_is_a_duplicate() -> None:
    stage, alice = lobby_of(0)
    alice.say("once", outbox="ab" * 8, n=1)
    stage.settle()
    delete(stage, alice, 1)
    stage.settle()
    alice.take()
    alice.say("once", outbox="ab" * 8, n=1)
    stage.settle()
    (answer,) = alice.events()
    assert isinstance(answer, events.Ok), answer
    assert (answer.seq, answer.duplicate) == (1, True)
