from socketchat.commands.users import NAMES_PER_EVENT
from socketchat.protocol import commands, events
from socketchat.protocol.codec import encode
from socketchat.protocol.limits import AWAY_CHARACTERS, LINE_BYTES
from socketchat.protocol.slash.help import everyday, moderating
from socketchat.protocol.slash.table import SLASHES
from tests.hub.stage import Peer, Stage


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


def test_help_explains_every_slash_command() -> None:
    stage = Stage()
    alice = stage.native("alice")
    alice.take()
    number = alice.do(commands.Help)
    told, ok = (event for event in alice.events() if not isinstance(event, events.Presence))
    assert all(slash.usage in told.text for slash in everyday())
    assert all(f"/{slash.name}" in told.text for slash in moderating())
    assert (told.id, ok) == (number, events.Ok(id=number))
    alice.do(commands.Help, topic="/dm")
    assert SLASHES["dm"].help in alice.told(events.Help)[0].text
    alice.do(commands.Help, topic="topc")
    (error,) = alice.told(events.Error)
    assert (error.code, error.text) == (
        "no_such_command",
        "No such command: /topc. Did you mean /topic? /help lists the commands.",
    )


def away(peer: Peer) -> dict[str, str]:
    peer.take()
    peer.do(commands.Users)
    (users,) = peer.told(events.Users)
    return users.away


def test_a_user_is_listed_as_away_until_the_next_message() -> None:
    stage = Stage()
    alice, bob = stage.native("alice"), stage.native("bob")
    bob.do(commands.Away)
    assert away(alice) == {"bob": "away"}
    bob.do(commands.Away, text=" lunch\x1b ")
    assert away(alice) == {"bob": "lunch^["}
    bob.say("back")
    stage.settle()
    assert away(alice) == {}


def test_a_user_who_left_is_not_away_on_return() -> None:
    stage = Stage()
    alice, bob = stage.native("alice"), stage.native("bob")
    bob.do(commands.Away, text="lunch")
    bob.do(commands.Quit)
    stage.native("bob")
    assert away(alice) == {}


def test_a_long_away_reason_is_refused() -> None:
    stage = Stage()
    alice = stage.native("alice")
    alice.take()
    alice.do(commands.Away, text="x" * 61)
    (error,) = alice.told(events.Error)
    assert error.code == "too_long"


def test_a_line_of_away_users_with_long_reasons_fits_the_limit() -> None:
    users = [f"{n:03}" + "\U00020000" * 17 for n in range(NAMES_PER_EVENT)]
    told = events.Users(users=users, away=dict.fromkeys(users, "\U00020000" * AWAY_CHARACTERS), id=2**53 - 1)
    assert len(encode(told)) < LINE_BYTES


def test_guests_are_marked_in_the_list() -> None:
    stage = Stage()
    alice = stage.native("alice")
    stage.plain("gus")
    alice.take()
    alice.do(commands.Users)
    (told,) = alice.told(events.Users)
    assert (told.users, told.guests) == (["alice", "gus"], ["gus"])
