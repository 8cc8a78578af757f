from socketchat.protocol import commands, events
from tests.hub.stage import Stage


def test_users_are_sorted_by_name_in_any_case() -> None:
    stage = Stage()
    for name in ("carol", "Bob", "dave"):
        stage.guest(name)
    alice = stage.native("alice")
    stage.turns.wait(1)
    alice.take()
    number = alice.do(commands.Users)
    names, guests = ["alice", "Bob", "carol", "dave"], ["Bob", "carol", "dave"]
    assert alice.events() == [events.Users(users=names, id=number, guests=guests), events.Ok(id=number)]


def test_online_members_of_a_room_are_listed() -> None:
    stage = Stage()
    alice, bob, carol = stage.native("alice"), stage.native("bob"), stage.native("carol")
    for peer in (alice, bob):
        peer.do(commands.Join, room="#Ops")
    bob.do(commands.Quit)
    stage.turns.wait(1)
    carol.take()
    carol.do(commands.Users, room="ops")
    (users,) = carol.told(events.Users)
    assert (users.room, users.users) == ("#Ops", ["alice"])


def test_every_user_is_in_the_lobby() -> None:
    stage = Stage()
    alice, _ = stage.native("alice"), stage.native("bob")
    alice.do(commands.Users, room="#lobby")
    (users,) = alice.told(events.Users)
    assert (users.room, users.users) == (None, ["alice", "bob"])


def test_a_long_list_of_users_is_split_into_lines() -> None:
    stage = Stage()
    alice = stage.native("alice")
    for n in range(1500):
        stage.guest(f"g{n}")
    stage.turns.wait(1)
    alice.take()
    alice.do(commands.Users)
    assert [len(users.users) for users in alice.told(events.Users)] == [500, 500, 500, 1]


def test_guests_are_marked_in_the_list() -> None:
    stage = Stage()
    alice = stage.native("alice")
    stage.plain("gus")
    alice.take()
    alice.do(commands.Users)
    (told,) = alice.told(events.Users)
    assert (told.users, told.guests) == (["alice", "gus"], ["gus"])
