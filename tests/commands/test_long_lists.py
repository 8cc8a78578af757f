import pytest

from socketchat.commands.read_markers import CONVERSATIONS_PER_TURN
from socketchat.commands.rooms import ROOMS_PER_EVENT
from socketchat.commands.users import NAMES_PER_EVENT
from socketchat.hub.policy.limits import READ_BURST
from socketchat.protocol import commands, events
from tests.hub.stage import Stage
from tests.hub.stall_meter import MeteredStage, Work


def test_a_list_of_many_rooms_takes_several_turns_of_the_loop_and_is_whole() -> None:
    stage = Stage()
    alice, plain = stage.native("alice"), stage.plain("dave")
    for n in range(2 * ROOMS_PER_EVENT + 10):
        alice.do(commands.Join, room=f"#r{n:04}")
    alice.take(), plain.take()
    alice.ask(commands.Rooms(id=1), commands.Ping(id=2))
    first = alice.told(events.Rooms)
    assert len(first) == 1
    stage.settle()
    told = first + alice.told(events.Rooms)
    assert [event.start for event in told] == [0, 200, 400]
    names = [room.name for event in told for room in event.rooms]
    assert names == sorted(names)
    assert len(names) == 2 * ROOMS_PER_EVENT + 11
    plain.do(commands.Rooms)
    titles = [line for line in plain.text().splitlines() if "===" in line]
    assert titles == ["=== Rooms (200) ===", "=== Rooms (from 201) ===", "=== Rooms (from 401) ==="]


def test_a_list_of_many_users_takes_several_turns_of_the_loop_and_is_whole() -> None:
    stage = Stage()
    alice, plain = stage.native("alice"), stage.plain("dave")
    for n in range(NAMES_PER_EVENT):
        stage.guest(f"g{n}")
    stage.turns.wait(1)
    alice.take(), plain.take()
    alice.ask(commands.Users(id=1))
    first = alice.told(events.Users)
    stage.settle()
    told = first + alice.told(events.Users)
    assert [(event.start, len(event.users), event.total) for event in told] == [(0, 500, 502), (500, 2, 502)]
    assert len(first) == 1
    plain.do(commands.Users)
    assert [line for line in plain.text().splitlines() if "===" in line] == ["=== Online Users (502) ==="]


def test_a_list_ends_with_the_session_and_waits_for_a_slow_reader() -> None:
    stage = Stage()
    alice, other = stage.native("alice"), stage.native("alice")
    for n in range(2 * ROOMS_PER_EVENT):
        alice.do(commands.Join, room=f"#r{n:04}")
    for peer in (alice, other):
        peer.take()
        peer.ask(commands.Rooms(id=1))
        peer.stall()
        stage.turns.wait(5)
        assert len(peer.told(events.Rooms)) == 1
    alice.drop()
    other.read_again()
    stage.turns.wait(5)
    assert alice.told(events.Rooms) == []
    assert len(other.told(events.Rooms)) == 2


@pytest.mark.parametrize("command", [commands.Read(id=1), commands.Unread(id=1)])
def test_many_conversations_are_marked_and_counted_in_several_turns_of_the_loop(command: commands.Command) -> None:
    stage = MeteredStage()
    alice = stage.native("alice")
    for number in range(10 * CONVERSATIONS_PER_TURN):
        names = {alice.session.user.id: "alice", f"u{number}": "x"}
        stage.hub.state.add_pair(names)
    alice.take()
    stage.meter.most = Work()
    with stage.meter.turn():
        alice.ask(command)
    stage.settle()
    assert alice.told(events.Ok) == [events.Ok(id=1)]
    assert stage.meter.most.calls <= 40 * CONVERSATIONS_PER_TURN


def test_marking_everything_as_read_is_rated_and_marking_one_conversation_is_not() -> None:
    stage = Stage(limited=True)
    alice = stage.native("alice")
    alice.ask(*[commands.Read(conversation="#lobby")] * (READ_BURST + 10))
    assert alice.waiting == 0
    alice.ask(*[commands.Read()] * (READ_BURST + 10))
    assert alice.waiting == 10
