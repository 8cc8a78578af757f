"""Strangers do not fill a user's welcome, and a user with 10,000 conversations logs in."""

from __future__ import annotations

import pytest

from socketchat.client.session.client_events import Gap, LoggedIn
from socketchat.client.session.session import Session as Client
from socketchat.hub import Pending
from socketchat.hub.delivery.welcome import WELCOME_CONVERSATIONS
from socketchat.hub.logins import RESUME_SECONDS
from socketchat.hub.state.projection import GUEST_PAIRS
from socketchat.protocol import commands, events
from socketchat.protocol.codec import decode_command, encode_text
from socketchat.protocol.conversations import pair_id
from socketchat.protocol.limits import LINE_BYTES
from tests.hub.stage import Peer, Stage
from tests.keys import key_of

MANY = 10_000


def write_as_guests(stage: Stage, number: int, to: str = "victim", word: str = "g") -> None:
    """Let this many guests send one message to a user and leave."""
    for n in range(number):
        guest = stage.guest(f"{word}{n}")
        guest.do(commands.Send, to=f"@{to}", text=f"{word}{n} was here")
        guest.do(commands.Quit)


def pairs_told(stage: Stage, name: str = "victim") -> list[str]:
    """Return the direct messages that a user is welcomed to."""
    peer = stage.native(name)
    told = peer.events()
    (welcome,) = (event for event in told if isinstance(event, events.Welcome))
    more = [event for event in told if isinstance(event, events.Conversation)]
    return [each.conversation for each in [*welcome.conversations, *more] if each.conversation.startswith("@")]


@pytest.mark.parametrize("restarted", [False, True])
def test_former_guests_leave_a_bounded_number_of_conversations(*, restarted: bool) -> None:
    stage = Stage()
    victim, friend = stage.native("victim"), stage.native("friend")
    friend.do(commands.Send, to="@victim", text="a friend")
    friend.do(commands.Quit)
    write_as_guests(stage, GUEST_PAIRS + 50)
    newest = [conversation for conversation, _, _ in victim.heard() if conversation.startswith("@")]
    assert len(newest) == GUEST_PAIRS + 51
    assert len([each for each in victim.session.places.heard if each.id.startswith("@")]) == GUEST_PAIRS + 1
    stage.turns.wait(2 * RESUME_SECONDS)
    if restarted:
        stage.hub = stage.new_hub()
    told = pairs_told(stage)
    assert told == [newest[0], *newest[-GUEST_PAIRS:]]
    assert len(stage.hub.directory.conversations) == 1 + len(told)


def test_a_returning_client_hears_the_messages_of_guests_who_are_online_or_just_left() -> None:
    stage = Stage()
    victim = stage.native("victim")
    victim.drop()
    here = stage.guest("here")
    here.do(commands.Send, to="@victim", text="are you there?")
    write_as_guests(stage, GUEST_PAIRS - 1)
    again = stage.native("victim", epoch=stage.hub.logins.epoch, positions={})
    assert len(again.heard()) == GUEST_PAIRS
    write_as_guests(stage, GUEST_PAIRS + 10, word="h")
    again.take()
    here.do(commands.Send, to="@victim", text="I am still here")
    assert [text for _, _, text in again.heard()] == ["I am still here"]


def test_guests_who_leave_together_leave_a_bounded_number_of_conversations() -> None:
    stage = Stage()
    stage.native("victim")
    guests = [stage.guest(f"g{n}") for n in range(GUEST_PAIRS + 20)]
    for guest in guests:
        guest.do(commands.Send, to="@victim", text="hi")
    assert len(pairs_told(stage)) == GUEST_PAIRS + 20
    for guest in guests:
        guest.do(commands.Quit)
    assert len(pairs_told(stage)) == GUEST_PAIRS


def test_the_messages_of_a_released_account_are_not_those_of_a_guest() -> None:
    stage = Stage()
    stage.native("victim")
    leaver = stage.native("leaver")
    leaver.do(commands.Send, to="@victim", text="bye")
    (kept,) = pairs_told(stage)
    stage.hub.state.release(leaver.session.user)
    write_as_guests(stage, GUEST_PAIRS + 1)
    assert kept in pairs_told(stage)


# 10,000 conversations


def say(stage: Stage, conversation: str, text: str) -> None:
    """Submit a message from a user who is offline."""
    body = encode_text(events.Text(text))
    stage.hub.submit(Pending(conversation, "other", "other", "message", body))


def crowded(*, rooms: bool) -> Stage:
    """Return a stage whose user alice has many conversations, each with one entry by another user."""
    stage = Stage()
    alice = stage.native("alice")
    user = alice.session.user
    assert user is not None
    alice.do(commands.Quit)
    state = stage.hub.state
    for n in range(MANY):
        if rooms:
            conversation = state.add_room(f"#r{n}", "nobody")
            state.set_member(user, conversation, member=True)
        else:
            other = f"other{n:06}"
            state.former.add(other)
            conversation = state.add_pair({user.id: user.name, other: None})
        say(stage, conversation.id, "hi")
    stage.settle()
    return stage


def connected(stage: Stage, client: Client) -> tuple[Peer, list]:
    """Connect a client to the hub, and let them talk until both are silent; return what the client was told."""
    peer = stage.connect()
    client.connection_made()
    told: list = []
    while data := client.data_to_send():
        assert all(len(line) < LINE_BYTES for line in data.splitlines())
        peer.ask(*map(decode_command, data.splitlines()))
        stage.settle()
        received = peer.take()
        assert all(len(line) < LINE_BYTES for line in received.splitlines())
        told += client.receive_data(received)
    return peer, told


@pytest.mark.parametrize("rooms", [False, True])
def test_a_client_with_ten_thousand_conversations_logs_in_and_resumes(*, rooms: bool) -> None:
    stage = crowded(rooms=rooms)
    client = Client("alice", outbox="f" * 16, key=key_of("alice"))
    peer, told = connected(stage, client)
    assert [type(event) for event in told if isinstance(event, LoggedIn)] == [LoggedIn]
    assert len(client.positions.heard) == MANY + 1
    peer.drop()
    client.connection_lost()
    ids = list(client.positions.heard)[1:]
    for name in (ids[0], ids[MANY // 2], ids[-1]):
        say(stage, name, "meanwhile")
    stage.settle()
    _, told = connected(stage, client)
    (login,) = (event for event in told if isinstance(event, LoggedIn))
    assert login.missed == 3
    entries = [event for event in told if isinstance(event, events.Entry)]
    assert sorted(entry.conversation for entry in entries) == sorted((ids[0], ids[MANY // 2], ids[-1]))
    assert {entry.seq for entry in entries} == {2}
    assert not any(isinstance(event, Gap) for event in told)


@pytest.mark.parametrize("rooms", [False, True])
def test_a_login_with_ten_thousand_conversations_is_spread_over_turns(*, rooms: bool) -> None:
    stage = crowded(rooms=rooms)
    again = stage.connect()
    again.log_in(key_of("alice"), name="alice")
    stage.settle()
    told = [data.count(b'{"type":"conversation"') for data in again.writes]
    assert sum(told) == MANY + 1
    assert max(told) <= WELCOME_CONVERSATIONS
    assert len(again.session.places.heard) == MANY + 1
    assert pair_id("a", "b") not in stage.hub.directory.conversations
