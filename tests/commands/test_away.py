from socketchat.commands.users import NAMES_PER_EVENT
from socketchat.protocol import commands, events
from socketchat.protocol.codec import encode
from socketchat.protocol.limits import AWAY_CHARACTERS, LINE_BYTES
from tests.hub.stage import Peer, Stage


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
