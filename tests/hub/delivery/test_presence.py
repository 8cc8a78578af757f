import pytest

from socketchat.hub.delivery.presence import COALESCE_SECONDS
from socketchat.protocol import commands, events
from socketchat.protocol.limits import PRESENCE_NAMES
from tests.hub.stage import Peer, Stage


def watched_by(*names: str) -> tuple[Stage, list[Peer]]:
    """Return a stage on which these are online and have been told so."""
    stage = Stage()
    peers = [stage.native(name) for name in names]
    stage.turns.wait(1)
    for peer in peers:
        peer.take()
    return stage, peers


def test_who_comes_is_told_at_once_to_the_others() -> None:
    stage, (alice,) = watched_by("alice")
    stage.native("bob")
    assert alice.events() == [events.Presence(joined=["bob"])]


def test_who_comes_is_not_told_about_itself() -> None:
    stage = Stage()
    bob = stage.native("bob")
    stage.turns.wait(1)
    assert bob.told(events.Presence) == []


def test_who_comes_meanwhile_is_told_together() -> None:
    stage, (alice,) = watched_by("alice")
    for name in ("bob", "carol", "dora"):
        stage.native(name)
    assert alice.events() == [events.Presence(joined=["bob"])]
    stage.turns.wait(COALESCE_SECONDS)
    assert alice.events() == [events.Presence(joined=["carol", "dora"])]


def test_newcomers_of_one_moment_are_told_about_each_other() -> None:
    stage = Stage()
    stage.native("first")
    bob, carol = stage.native("bob"), stage.native("carol")
    stage.turns.wait(1)
    assert bob.told(events.Presence) == [events.Presence(joined=["carol"])]
    assert carol.told(events.Presence) == [events.Presence(joined=["bob"])]


def test_a_plain_client_that_goes_is_told_at_once() -> None:
    stage, (alice,) = watched_by("alice")
    dave = stage.plain("dave")
    stage.turns.wait(1)
    alice.take()
    dave.drop()
    stage.settle()
    assert alice.events() == [events.Presence(left=["dave"])]


def test_who_quits_is_told_at_once() -> None:
    _, (alice, bob) = watched_by("alice", "bob")
    bob.do(commands.Quit)
    assert alice.events() == [events.Presence(left=["bob"])]


def test_who_comes_and_goes_in_one_moment_is_not_told() -> None:
    stage, (alice,) = watched_by("alice")
    stage.native("bob")
    stage.native("carol").do(commands.Quit)
    stage.turns.wait(1)
    assert alice.told(events.Presence) == [events.Presence(joined=["bob"])]


def test_who_goes_and_comes_in_one_moment_is_not_told() -> None:
    stage, (alice, bob) = watched_by("alice", "bob")
    stage.native("carol")
    bob.do(commands.Quit)
    stage.native("bob")
    stage.turns.wait(1)
    assert alice.told(events.Presence) == [events.Presence(joined=["carol"])]


def test_another_user_of_a_name_joins_after_the_first_has_left() -> None:
    stage = Stage()
    watcher = stage.plain("watcher")
    dave = stage.plain("dave")
    stage.turns.wait(1)
    watcher.take()
    stage.plain("erin")
    dave.drop()
    stage.plain("Dave")
    stage.turns.wait(1)
    assert watcher.text() == (
        "[join] erin has joined the chat.\n[leave] dave has left the chat.\n[join] Dave has joined the chat.\n"
    )


def test_nobody_speaks_before_having_joined() -> None:
    stage, (alice,) = watched_by("alice")
    stage.native("bob")
    carol = stage.native("carol")
    carol.say("hi")
    stage.settle()
    told = alice.events()
    assert [presence.joined for presence in told[:2]] == [["bob"], ["carol"]]
    assert isinstance(told[2], events.Entry)


@pytest.mark.parametrize("count", [PRESENCE_NAMES, PRESENCE_NAMES + 1])
def test_a_crowd_is_a_count(count: int) -> None:
    stage, (alice,) = watched_by("alice")
    plain = stage.plain("dave")
    stage.turns.wait(1)
    alice.take(), plain.take()
    stage.native("first")
    crowd = [stage.guest(f"guest{n:02}") for n in range(count)]
    stage.turns.wait(1)
    first, told = alice.told(events.Presence)
    assert first.joined == ["first"]
    assert told.joined == [f"guest{n:02}" for n in range(PRESENCE_NAMES)]
    assert told.joined_count == (count if count > PRESENCE_NAMES else 0)
    lines = plain.text().splitlines()
    if count > PRESENCE_NAMES:
        assert lines[1:] == [f"[join] guest00, guest01, guest02 and {count - 3} others have joined the chat."]
    else:
        assert len(lines) == 1 + count
    for guest in crowd:
        guest.do(commands.Quit)
    stage.turns.wait(1)
    assert sum(presence.left_count or len(presence.left) for presence in alice.told(events.Presence)) == count


def test_a_thousand_who_come_at_once_are_told_in_a_few_writes() -> None:
    stage, (alice,) = watched_by("alice")
    for n in range(1000):
        stage.guest(f"g{n}")
    stage.turns.wait(1)
    assert len(alice.writes) == 2


def test_the_second_session_of_a_user_is_not_told() -> None:
    stage, (alice, _) = watched_by("alice", "bob")
    other = stage.native("bob")
    other.do(commands.Quit)
    stage.turns.wait(1)
    assert alice.told(events.Presence) == []


def test_who_only_sends_is_invisible() -> None:
    stage, (alice,) = watched_by("alice")
    bob = stage.native("bob", listen="none")
    bob.say("hi")
    stage.settle()
    bob.do(commands.Quit)
    stage.turns.wait(60)
    told = alice.events()
    assert [type(event) for event in told] == [events.Entry]
    assert stage.hub.attendance.online() == ["alice"]
    assert bob.heard() == []


def test_who_sends_beside_a_session_of_its_own_does_not_end_it() -> None:
    stage, (alice, _) = watched_by("alice", "bob")
    sender = stage.native("bob", listen="none")
    sender.drop()
    stage.turns.wait(60)
    assert alice.told(events.Presence) == []
    assert stage.hub.attendance.online() == ["alice", "bob"]


def test_members_of_a_room_are_told_who_enters_and_leaves_it() -> None:
    stage, (alice, bob, carol) = watched_by("alice", "bob", "carol")
    alice.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    for peer in (alice, bob, carol):
        peer.take()
    bob.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    assert alice.told(events.Presence) == [events.Presence(joined=["bob"], room="#ops")]
    bob.do(commands.Leave, room="#ops")
    stage.turns.wait(1)
    assert alice.told(events.Presence) == [events.Presence(left=["bob"], room="#ops")]
    assert carol.told(events.Presence) == []
    assert bob.told(events.Presence) == []


def test_who_is_behind_is_told_once_who_is_online_when_it_has_caught_up() -> None:
    stage, (alice, bob) = watched_by("alice", "bob")
    bob.stall()
    stage.native("carol")
    stage.native("dora").do(commands.Quit)
    stage.turns.wait(1)
    assert bob.writes == []
    bob.read_again()
    stage.settle()
    assert bob.events() == [events.Presence(online=["alice", "bob", "carol"]), events.Live()]
    bob.stall()
    alice.say("hi")
    bob.read_again()
    stage.settle()
    assert [type(event) for event in bob.events()] == [events.Live, events.Entry]
