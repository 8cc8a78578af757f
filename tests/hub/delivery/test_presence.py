import pytest

from socketchat.hub.delivery.presence import COALESCE_SECONDS, PEOPLE_PER_EVENT
from socketchat.protocol import commands, events
from socketchat.protocol.codec import decode_event
from socketchat.protocol.limits import LINE_BYTES, PRESENCE_NAMES
from socketchat.wire.native import NativeRendering
from tests.hub.stage import Peer, Stage
from tests.presence import presences


def watched_by(*names: str) -> tuple[Stage, list[Peer]]:
    """Return a stage on which these users are online and know of each other."""
    stage = Stage()
    peers = [stage.native(name) for name in names]
    stage.turns.wait(1)
    for peer in peers:
        peer.take()
    return stage, peers


def test_a_join_is_announced_to_the_others() -> None:
    stage, (alice,) = watched_by("alice")
    stage.native("bob")
    assert presences(alice.events()) == ["+bob"]


def test_a_join_is_not_announced_to_the_newcomer() -> None:
    stage = Stage()
    bob = stage.native("bob")
    stage.turns.wait(1)
    assert bob.told(events.Presence) == []


def test_joins_within_the_interval_are_announced_together() -> None:
    stage, (alice,) = watched_by("alice")
    for name in ("bob", "carol", "dora"):
        stage.native(name)
    assert presences(alice.events()) == ["+bob"]
    stage.turns.wait(COALESCE_SECONDS)
    assert presences(alice.events()) == ["+carol", "+dora"]


def test_simultaneous_newcomers_are_announced_to_each_other() -> None:
    stage = Stage()
    stage.native("first")
    bob, carol = stage.native("bob"), stage.native("carol")
    stage.turns.wait(1)
    assert presences(bob.told(events.Presence)) == ["+carol"]
    assert presences(carol.told(events.Presence)) == ["+bob"]


def test_the_leave_of_a_plain_client_is_announced_immediately() -> None:
    stage, (alice,) = watched_by("alice")
    dave = stage.plain("dave")
    stage.turns.wait(1)
    alice.take()
    dave.drop()
    stage.settle()
    assert presences(alice.events()) == ["-dave"]


def test_a_quit_is_announced_immediately() -> None:
    _, (alice, bob) = watched_by("alice", "bob")
    bob.do(commands.Quit)
    assert presences(alice.events()) == ["-bob"]


def test_a_join_and_leave_within_the_interval_are_not_announced() -> None:
    stage, (alice,) = watched_by("alice")
    stage.native("bob")
    stage.native("carol").do(commands.Quit)
    stage.turns.wait(1)
    assert presences(alice.told(events.Presence)) == ["+bob"]


def test_a_leave_and_join_within_the_interval_are_not_announced() -> None:
    stage, (alice, bob) = watched_by("alice", "bob")
    stage.native("carol")
    bob.do(commands.Quit)
    stage.native("bob")
    stage.turns.wait(1)
    assert presences(alice.told(events.Presence)) == ["+carol"]


def test_the_join_of_a_new_user_of_a_name_follows_the_leave_of_the_old() -> None:
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


def test_a_join_is_announced_before_the_first_message() -> None:
    stage, (alice,) = watched_by("alice")
    stage.native("bob")
    carol = stage.native("carol")
    carol.say("hi")
    stage.settle()
    told = alice.events()
    assert presences(told[:2]) == ["+bob", "+carol"]
    assert isinstance(told[2], events.Entry)


@pytest.mark.parametrize("count", [PRESENCE_NAMES, PRESENCE_NAMES + 1])
def test_a_crowd_is_announced_as_a_count(count: int) -> None:
    stage, (alice,) = watched_by("alice")
    plain = stage.plain("dave")
    stage.turns.wait(1)
    alice.take(), plain.take()
    stage.native("first")
    crowd = [stage.guest(f"guest{n:02}") for n in range(count)]
    stage.turns.wait(1)
    first, told = alice.told(events.Presence)
    assert presences([first]) == ["+first"]
    assert presences([told]) == [f"+guest{n:02}" for n in range(PRESENCE_NAMES)]
    assert told.appeared_count == (count if count > PRESENCE_NAMES else 0)
    lines = plain.text().splitlines()
    if count > PRESENCE_NAMES:
        assert lines[1:] == [f"[join] guest00, guest01, guest02 and {count - 3} others have joined the chat."]
    else:
        assert len(lines) == 1 + count
    for guest in crowd:
        guest.do(commands.Quit)
    stage.turns.wait(1)
    assert sum(told.disappeared_count or len(told.disappeared) for told in alice.told(events.Presence)) == count


def test_a_thousand_simultaneous_joins_take_a_few_writes() -> None:
    stage, (alice,) = watched_by("alice")
    for n in range(1000):
        stage.guest(f"g{n}")
    stage.turns.wait(1)
    assert len(alice.writes) == 2


def test_the_second_session_of_a_user_is_not_announced() -> None:
    stage, (alice, _) = watched_by("alice", "bob")
    other = stage.native("bob")
    other.do(commands.Quit)
    stage.turns.wait(1)
    assert alice.told(events.Presence) == []


def test_a_session_that_does_not_listen_is_invisible() -> None:
    stage, (alice,) = watched_by("alice")
    bob = stage.native("bob", listen="none")
    bob.say("hi")
    stage.settle()
    bob.do(commands.Quit)
    stage.turns.wait(60)
    told = alice.events()
    assert [type(event) for event in told] == [events.Entry]
    assert stage.hub.online.names() == ["alice"]
    assert bob.heard() == []


def test_a_send_beside_another_session_does_not_end_it() -> None:
    stage, (alice, _) = watched_by("alice", "bob")
    sender = stage.native("bob", listen="none")
    sender.drop()
    stage.turns.wait(60)
    assert alice.told(events.Presence) == []
    assert stage.hub.online.names() == ["alice", "bob"]


def test_joins_and_leaves_of_a_room_are_announced_to_its_members() -> None:
    stage, (alice, bob, carol) = watched_by("alice", "bob", "carol")
    alice.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    for peer in (alice, bob, carol):
        peer.take()
    bob.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    assert presences(alice.told(events.Presence)) == ["+bob joined #ops"]
    bob.do(commands.Leave, room="#ops")
    stage.turns.wait(1)
    assert presences(alice.told(events.Presence)) == ["-bob left #ops"]
    assert carol.told(events.Presence) == []
    assert bob.told(events.Presence) == []


def test_a_session_that_caught_up_gets_one_presence_snapshot() -> None:
    stage, (alice, bob) = watched_by("alice", "bob")
    bob.stall()
    stage.native("carol")
    stage.native("dora").do(commands.Quit)
    stage.turns.wait(1)
    assert bob.writes == []
    bob.read_again()
    stage.settle()
    assert presences(bob.told(events.Presence)) == ["=alice bob carol"]
    bob.stall()
    alice.say("hi")
    bob.read_again()
    stage.settle()
    assert [type(event) for event in bob.events()] == [events.Live, events.Entry]


def test_a_kicked_user_is_announced_as_kicked() -> None:
    stage, (alice, bob, carol) = watched_by("alice", "bob", "carol")
    for peer in (alice, bob, carol):
        peer.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    carol.take()
    alice.do(commands.Kick, room="#ops", name="bob")
    stage.turns.wait(1)
    assert presences(carol.told(events.Presence)) == ["-bob kicked #ops"]


def test_presence_carries_user_ids() -> None:
    stage, (alice,) = watched_by("alice")
    bob = stage.native("bob")
    (told,) = alice.told(events.Presence)
    assert told.appeared == [events.Person(user=bob.session.user.id, name="bob", why="online")]
    assert told.total == 2


class RoomByRoom(NativeRendering):
    """A rendering to which the members of each room are shown, as IRC needs it."""

    shows_members = True


def test_a_rendering_can_show_presence_in_each_room() -> None:
    stage, (alice, bob, carol) = watched_by("alice", "bob", "carol")
    for peer in (alice, bob):
        peer.do(commands.Join, room="#ops")
    carol.do(commands.Join, room="#other")
    stage.turns.wait(1)
    alice.session.places.render_as(RoomByRoom())
    alice.take(), carol.take()
    bob.do(commands.Quit)
    stage.turns.wait(1)
    assert presences(alice.told(events.Presence)) == ["-bob"]  # in all rooms
    back = stage.native("bob")
    stage.turns.wait(1)
    assert presences(alice.told(events.Presence)) == ["+bob", "+bob #ops"]
    back.do(commands.Quit)
    stage.native("bob").do(commands.Leave, room="#ops")
    stage.turns.wait(1)
    assert presences(alice.told(events.Presence))[-1] == "-bob left #ops"
    assert not [said for said in presences(carol.told(events.Presence)) if "#" in said]


def test_a_leave_while_coming_online_is_announced_to_the_room() -> None:
    stage, (alice, bob, carol) = watched_by("alice", "bob", "carol")
    for peer in (alice, bob, carol):
        peer.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    carol.session.places.render_as(RoomByRoom())
    bob.do(commands.Quit)
    stage.turns.wait(1)
    alice.take()
    stage.native("dora")
    stage.native("bob").do(commands.Leave, room="#ops")
    stage.turns.wait(1)
    assert "-bob left #ops" in presences(alice.told(events.Presence))


@pytest.mark.parametrize("restarts", [False, True])
def test_a_resumed_session_gets_a_presence_snapshot_after_its_replay(*, restarts: bool) -> None:
    stage, (alice, bob, carol) = watched_by("alice", "bob", "carol")
    hello = {"epoch": stage.hub.logins.epoch, "positions": {"#lobby": 0}}
    bob.drop()
    alice.say("meanwhile")
    carol.do(commands.Quit)
    stage.turns.wait(1)
    if restarts:
        stage.hub = stage.new_hub()
        stage.native("dora")
    back = stage.native("bob", **hello)
    stage.turns.wait(1)
    told = back.events()
    assert [type(event) for event in told[-3:]] == [events.Entry, events.Live, events.Presence]
    assert presences(told[-1:]) == ["=bob dora" if restarts else "=alice bob"]


def test_a_session_in_a_new_epoch_gets_a_presence_snapshot() -> None:
    stage, _ = watched_by("alice")
    back = stage.native("bob", epoch="another", positions={"#lobby": 0})
    stage.turns.wait(1)
    assert presences(back.told(events.Presence)) == ["=alice bob"]


def test_a_long_presence_snapshot_is_split_into_lines() -> None:
    stage = Stage()
    for n in range(PEOPLE_PER_EVENT + 10):
        stage.guest(f"{n:03}" + "\U00020000" * 17)
    plain = stage.plain("dave")
    bob = stage.native("bob", epoch=stage.hub.logins.epoch)
    stage.turns.wait(1)
    lines = [line for line in bob.take().splitlines(keepends=True) if b'"online":[' in line]
    told = [decode_event(line) for line in lines]
    assert [(event.start, len(event.online), event.total) for event in told] == [(0, 500, 512), (500, 12, 512)]
    assert max(map(len, lines)) < LINE_BYTES / 2
    plain.take()
    stage.hub.presence.inform(plain.session)
    stage.turns.wait(1)
    assert [line for line in plain.text().splitlines() if "===" in line] == ["=== Online Users (512) ==="]


def test_a_thousand_resumed_sessions_share_one_encoded_snapshot() -> None:
    stage, _ = watched_by("alice")
    encoded = []

    class Counting(NativeRendering):
        def event(self, event: events.Event) -> bytes:
            if isinstance(event, events.Presence) and event.online is not None:
                encoded.append(event)
            return super().event(event)

    rendering = Counting()
    peers = [stage.connect(rendering) for _ in range(100)]
    for n, peer in enumerate(peers):
        peer.ask(commands.Hello(name=f"g{n}", epoch=stage.hub.logins.epoch))
    stage.turns.wait(1)
    assert len(encoded) == 1
    assert all(peer.told(events.Presence)[-1].total == 101 for peer in peers)
