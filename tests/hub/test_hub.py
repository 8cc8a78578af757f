import pytest

from socketchat.hub import Hub, hub
from socketchat.hub.delivery.welcome import WELCOME_CONVERSATIONS
from socketchat.hub.hub import UNDER_WAY_BYTES
from socketchat.hub.logins import RESUME_SECONDS
from socketchat.protocol import commands, events
from socketchat.protocol.codec import decode_event, encode
from socketchat.protocol.limits import LINE_BYTES, UNACKNOWLEDGED_BYTES, UNACKNOWLEDGED_ENTRIES
from tests.hub.stage import Peer, Stage
from tests.keys import key_of
from tests.presence import presences

LONG = "x" * 32_000


def two() -> tuple[Stage, Peer, Peer]:
    stage = Stage()
    alice, bob = stage.native("alice"), stage.native("bob")
    stage.turns.wait(1)
    alice.take()
    return stage, alice, bob


def positions(peer: Peer) -> dict:
    """Return the hello of a client that has read everything so far."""
    welcome = next(event for event in peer.events() if isinstance(event, events.Welcome))
    return {"token": welcome.token, "epoch": welcome.epoch}


# Resuming


def test_a_lost_connection_is_announced_only_after_a_grace_period() -> None:
    stage, alice, bob = two()
    bob.drop()
    stage.turns.wait(RESUME_SECONDS - 0.1)
    assert alice.events() == []
    assert stage.hub.online.names() == ["alice", "bob"]
    stage.turns.wait(0.2)
    assert presences(alice.events()) == ["-bob"]
    assert stage.hub.online.names() == ["alice"]


def test_a_session_resumed_in_time_was_never_announced_as_gone() -> None:
    stage, alice, bob = two()
    hello = positions(bob)
    bob.drop()
    stage.turns.wait(RESUME_SECONDS / 2)
    bob = stage.login(**hello)
    (welcome,) = bob.told(events.Welcome)
    assert welcome.name == "bob"
    assert welcome.token != hello["token"]
    stage.turns.wait(60)
    assert alice.events() == []
    assert stage.hub.online.names() == ["alice", "bob"]


def test_a_user_who_logs_in_again_in_time_was_never_announced_as_gone() -> None:
    stage, alice, bob = two()
    bob.drop()
    stage.turns.wait(RESUME_SECONDS / 2)
    stage.native("bob")
    stage.turns.wait(60)
    assert alice.events() == []


def test_a_resumed_session_gets_exactly_the_missed_entries() -> None:
    stage, alice, bob = two()
    hello = positions(bob)
    alice.say("one")
    stage.settle()
    assert bob.heard() == [("#lobby", 1, "one")]
    bob.drop()
    for n in range(200):
        alice.say(f"missed {n}")
        stage.settle()
    bob = stage.login(**hello, positions={"#lobby": 1})
    alice.say("live")
    stage.settle()
    seqs = [seq for _, seq, _ in bob.heard()]
    assert seqs == list(range(2, 203))
    assert not bob.session.places.is_behind


def test_a_conversation_that_began_meanwhile_is_replayed() -> None:
    stage, alice, bob = two()
    hello = positions(bob)
    bob.drop()
    alice.say("psst", to="@bob")
    stage.settle()
    bob = stage.login(**hello)
    stage.settle()
    assert [text for _, _, text in bob.heard()] == ["psst"]


def test_positions_of_another_epoch_replay_nothing() -> None:
    stage, alice, bob = two()
    for n in range(3):
        alice.say(f"text {n}")
    stage.settle()
    bob.do(commands.Quit)
    bob = stage.native("bob", epoch="another", positions={"#lobby": 1})
    told = bob.events()
    assert [event.conversations[0].head for event in told if isinstance(event, events.Welcome)] == [3]
    assert not any(isinstance(event, events.Entry) for event in told)


@pytest.mark.parametrize("position", [3, 99])
def test_a_session_that_missed_nothing_is_live_immediately(position: int) -> None:
    stage, alice, bob = two()
    for n in range(3):
        alice.say(f"text {n}")
    stage.settle()
    bob.do(commands.Quit)
    bob = stage.native("bob", epoch=stage.hub.logins.epoch, positions={"#lobby": position})
    assert bob.heard() == []
    assert not bob.session.places.is_behind
    assert stage.journal.reads == []


def test_a_session_resumed_elsewhere_is_closed_here() -> None:
    stage, alice, bob = two()
    hello = positions(bob)
    other = stage.login(**hello)
    assert bob.last_words == encode(events.Bye(code="replaced", text="This session continues in another connection."))
    alice.say("hi")
    stage.settle()
    assert other.heard() == [("#lobby", 1, "hi")]
    assert bob.heard() == []
    stage.turns.wait(60)
    assert alice.told(events.Presence) == []
    assert stage.hub.online.names() == ["alice", "bob"]


def test_a_resume_token_is_valid_once() -> None:
    stage, _, bob = two()
    hello = positions(bob)
    stage.login(**hello)
    again = stage.login(token=hello["token"])
    assert [type(event) for event in again.events()] == [events.Error]


@pytest.mark.parametrize("seconds", [0, RESUME_SECONDS + 1])
def test_a_resume_token_ends_with_its_session(seconds: float) -> None:
    stage, _, bob = two()
    hello = positions(bob)
    if seconds:
        bob.drop()
        stage.turns.wait(seconds)
    else:
        bob.do(commands.Quit)
    assert [event.code for event in stage.login(**hello).told(events.Error)] == ["usage"]
    assert len(stage.hub.logins.resumable) == 1


def test_a_guest_resumes_with_its_rooms_and_direct_messages() -> None:
    stage, alice, _ = two()
    guest = stage.guest("gus")
    hello = positions(guest)
    guest.do(commands.Join, room="#ops")
    alice.say("hi", to="@gus")
    stage.settle()
    guest.drop()
    guest = stage.login(**hello)
    (welcome,) = guest.told(events.Welcome)
    assert [each.conversation[0] for each in welcome.conversations] == ["#", "#", "@"]


def test_a_guest_that_does_not_reconnect_is_removed() -> None:
    stage, _, _ = two()
    guest = stage.guest("gus")
    hello = positions(guest)
    guest.drop()
    assert stage.guest("gus").told(events.Error)
    stage.turns.wait(RESUME_SECONDS + 1)
    assert stage.login(**hello).told(events.Error)
    assert stage.guest("gus").told(events.Welcome)


def test_the_grace_period_of_an_old_session_does_not_end_a_newer_one() -> None:
    stage, alice, bob = two()
    bob.drop()
    stage.turns.wait(RESUME_SECONDS - 1)
    bob = stage.native("bob")
    bob.drop()
    stage.turns.wait(2)
    assert stage.hub.online.names() == ["alice", "bob"]
    stage.turns.wait(RESUME_SECONDS)
    assert stage.hub.online.names() == ["alice"]
    assert presences(alice.told(events.Presence)) == ["-bob"]


def test_a_resumed_session_that_quits_is_gone_immediately() -> None:
    stage, alice, bob = two()
    hello = positions(bob)
    bob.drop()
    stage.login(**hello).do(commands.Quit)
    assert presences(alice.events()) == ["-bob"]
    assert stage.hub.online.names() == ["alice"]


def test_the_presence_of_a_user_ends_with_the_last_session() -> None:
    stage, alice, bob = two()
    other = stage.native("bob")
    bob.do(commands.Quit)
    stage.turns.wait(60)
    assert alice.events() == []
    other.do(commands.Quit)
    assert presences(alice.events()) == ["-bob"]


def test_a_later_guest_of_the_same_name_cannot_read_earlier_messages() -> None:
    stage, alice, _ = two()
    first = stage.plain("gus")
    alice.say("for the first gus", to="@gus")
    stage.settle()
    pair = next(each.conversation for each in alice.told(events.Entry))
    first.do(commands.Quit)
    second = stage.guest("gus")
    (welcome,) = second.told(events.Welcome)
    assert [each.conversation for each in welcome.conversations] == ["#lobby"]
    for conversation in ("@alice", pair):
        second.do(commands.History, conversation=conversation)
        assert second.told(events.Past) == []
    alice.say("for the second gus", to="@gus")
    stage.settle()
    assert [(seq, text) for _, seq, text in second.heard()] == [(1, "for the second gus")]


def test_messages_between_guests_are_removed_with_both() -> None:
    stage = Stage()
    one, other = stage.plain("one"), stage.plain("other")
    one.say("hi", to="@other")
    stage.settle()
    one.do(commands.Quit)
    other.do(commands.Quit)
    assert stage.hub.directory.conversations.keys() == {"#lobby"}
    assert stage.hub.directory.users == {}
    assert stage.hub.presence.listeners == {}
    assert stage.hub.directory.lobby.audience == {}


# Push-back


def test_unstored_entries_are_bounded_per_session() -> None:
    stage, alice, bob = two()
    bob.take()
    alice.ask(*(commands.Send(to="#lobby", text=str(n)) for n in range(200)))
    assert alice.session.under_way == UNACKNOWLEDGED_ENTRIES
    assert alice.waiting == 200 - UNACKNOWLEDGED_ENTRIES
    stage.settle()
    assert [text for _, _, text in bob.heard()] == [str(n) for n in range(200)]
    assert alice.session.under_way == alice.session.under_way_bytes == 0


def test_unstored_bytes_are_bounded_per_session() -> None:
    stage, alice, bob = two()
    bob.take()
    alice.ask(*(commands.Send(to="#lobby", text=f"{n} {LONG}") for n in range(20)))
    assert UNACKNOWLEDGED_BYTES <= alice.session.under_way_bytes < UNACKNOWLEDGED_BYTES + 40_000
    stage.settle()
    assert [seq for _, seq, _ in bob.heard()] == list(range(1, 21))


def test_unstored_bytes_are_bounded_in_total(monkeypatch: pytest.MonkeyPatch) -> None:
    assert UNDER_WAY_BYTES == 16_777_216
    monkeypatch.setattr(hub, "UNDER_WAY_BYTES", 1_000_000)
    stage, alice, _ = two()
    senders = [stage.guest(f"g{n}") for n in range(20)]
    alice.take()
    for sender in senders:
        sender.ask(*(commands.Send(to="#lobby", text=LONG) for _ in range(5)))
    assert 1_000_000 <= sum(sender.session.under_way_bytes for sender in senders) < 1_040_000
    assert sum(sender.waiting for sender in senders) == 100 - sum(sender.session.under_way for sender in senders)
    senders[-1].drop()
    stage.settle()
    assert [seq for _, seq, _ in alice.heard()] == list(range(1, 96))
    assert not any(sender.waiting for sender in senders[:-1])


def test_commands_of_a_stalled_session_are_not_taken() -> None:
    stage, alice, bob = two()
    bob.stall()
    bob.say("while I sleep")
    assert bob.waiting == 1
    bob.read_again()
    assert bob.waiting == 0
    stage.settle()
    assert [text for _, _, text in alice.heard()] == ["while I sleep"]


# Starting again


def test_durable_state_survives_a_restart() -> None:
    stage, alice, bob = two()
    alice.do(commands.Join, room="#ops")
    alice.do(commands.Topic, room="#ops", text="broken")
    bob.do(commands.Join, room="#ops")
    bob.do(commands.Leave, room="#ops")
    alice.say("hi", to="@bob")
    alice.say("hello")
    stage.settle()
    stage.hub = stage.new_hub()
    (welcome,) = stage.native("alice").told(events.Welcome)
    told = {each.conversation: each for each in welcome.conversations}
    assert told.pop("#lobby").head == 1
    assert told.pop("#ops") == events.Conversation(conversation="#ops", head=1, topic="broken")
    (pair,) = told.values()
    assert (pair.head, pair.peer) == (1, "bob")
    (welcome,) = stage.native("bob").told(events.Welcome)
    assert [each.conversation for each in welcome.conversations] == ["#lobby", pair.conversation]


def test_a_former_guest_has_no_name_after_a_restart() -> None:
    stage, alice, _ = two()
    guest = stage.plain("gus")
    guest.say("hi", to="@alice")
    stage.settle()
    alice.take()
    stage.hub = stage.new_hub()
    (welcome,) = stage.native("alice").told(events.Welcome)
    assert [each.peer for each in welcome.conversations[1:]] == [None]


def test_messages_between_guests_are_gone_after_a_restart() -> None:
    stage = Stage()
    one = stage.plain("one")
    stage.plain("other")
    one.say("hi", to="@other")
    stage.settle()
    stage.hub = stage.new_hub()
    assert stage.hub.directory.conversations.keys() == {"#lobby"}


def test_a_welcome_with_many_conversations_stays_under_the_line_limit() -> None:
    stage, _, _ = two()
    for n in range(WELCOME_CONVERSATIONS + 50):
        friend = stage.native(f"g{n}")
        friend.say("hi", to="@alice")
        stage.settle()
        friend.do(commands.Quit)
    again = stage.native("alice")
    lines = again.take().splitlines()
    assert decode_event(lines[0]).following == 51
    assert max(map(len, lines)) < LINE_BYTES
    assert len(lines) == 1 + 51  # the lobby and 550 others, 500 of them in the first


def member_of_many() -> tuple[Stage, Peer, int]:
    """Return a stage with a member of more rooms than fit into some lines, and their number."""
    stage, alice, _ = two()
    many = 2 * WELCOME_CONVERSATIONS + 20
    for n in range(many):
        alice.do(commands.Join, room=f"#r{n}")
    return stage, alice, many


def test_one_turn_of_the_loop_sends_a_bounded_number_of_conversations() -> None:
    stage, _, many = member_of_many()
    again = stage.connect()
    again.log_in(key_of("alice"), name="alice")
    stage.settle()
    told = [data.count(b'{"type":"conversation"') for data in again.writes]
    assert sum(told) == many + 1
    assert max(told) <= WELCOME_CONVERSATIONS
    assert len(again.session.places.heard) == many + 1


@pytest.mark.parametrize("resumes", [False, True])
def test_entries_during_a_long_welcome_are_delivered_once(*, resumes: bool) -> None:
    stage, alice, many = member_of_many()
    rooms = [f"#r{n}" for n in range(0, many, 100)]
    for room in rooms:
        alice.say("before", to=room)
    stage.settle()
    hello = {"epoch": stage.hub.logins.epoch, "positions": dict.fromkeys(rooms, 0)} if resumes else {}
    again = stage.connect()
    again.log_in(key_of("alice"), name="alice", **hello)
    for room in rooms:
        alice.say("meanwhile", to=room)
        stage.turns.turn()
    alice.do(commands.Leave, room=f"#r{many - 1}")
    stage.settle()
    told = again.events()
    heads = {
        each.conversation: each.head
        for event in told
        if isinstance(event, events.Welcome)
        for each in event.conversations
    }
    heads |= {event.conversation: event.head for event in told if isinstance(event, events.Conversation)}
    for room in rooms:
        seqs = [event.seq for event in told if isinstance(event, events.Entry) and event.conversation == room]
        assert seqs == list(range(1 if resumes else heads[room] + 1, 3)), room
    assert [type(event) for event in told].count(events.Live) == resumes
    assert not again.session.places.is_behind
    assert f"#r{many - 1}" not in [each.id for each in again.session.places.heard]


def test_a_slow_reader_gets_its_conversations_in_parts() -> None:
    stage, _, many = member_of_many()
    again = stage.connect()
    again.log_in(key_of("alice"), name="alice")
    again.stall()
    stage.turns.wait(5)
    assert len(again.session.places.heard) < many
    again.read_again()
    stage.turns.wait(5)
    assert len(again.session.places.heard) > many


def test_the_rendering_decides_whether_a_session_hears_all_rooms() -> None:
    stage, alice, _ = two()
    alice.do(commands.Join, room="#ops")
    dave = stage.plain("dave")
    dave.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    dave.take(), alice.take()
    alice.say("lobby")
    alice.say("ops", to="#ops")
    stage.settle()
    assert dave.text() == "alice: ops\n"
    assert {conversation for conversation, _, _ in alice.heard()} == {"#lobby", "#ops"}


def test_a_hub_makes_unguessable_tokens() -> None:
    stage = Stage()
    words = {Hub(stage.journal, stage.turns.call_later, stage.turns.spawn).token(16) for _ in range(2)}
    assert len(words) == 2
    assert min(map(len, words)) >= 16
