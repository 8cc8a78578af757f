import msgspec
import pytest

from socketchat.commands.operator import orders as handlers
from socketchat.hub.state.invites import invite_id
from socketchat.protocol import events, operator
from socketchat.protocol.codec import decode_event
from tests.commands.account.test_newcomers import answer, closed, come
from tests.hub.stage import Stage

WEEK = 7 * 86_400


def ordered(stage: Stage, order: operator.ORDERS) -> list[str] | str:
    """Return the lines that answer an order, or the code of the error."""
    peer = stage.connect()
    peer.session.user = stage.hub.operator
    handlers.handle(stage.hub, peer.session, order)
    stage.settle()
    lines: list[str] = []
    for line in peer.take().splitlines():
        if b'"report"' in line:
            lines += msgspec.json.decode(line, type=operator.Report).lines
        elif isinstance(told := decode_event(line), events.Error):
            return told.code
        else:
            assert isinstance(told, events.Ok)
    return lines


def test_an_invite_is_shown_once_and_works() -> None:
    stage = closed()
    _, _, token = ordered(stage, operator.CreateInvite(seconds=WEEK))
    assert answer(come(stage, invite=token)) == "alice"
    assert answer(come(stage, "ben", invite=token)) == "bad_invite"


def test_an_invite_to_a_room_creates_the_room_if_there_is_none() -> None:
    stage = closed()
    for room in ("#team", "team", "#TEAM"):
        _, _, token = ordered(stage, operator.CreateInvite(seconds=WEEK, room=room))
    assert [room.name for room in stage.hub.directory.rooms.values()] == ["#lobby", "#team"]
    assert answer(come(stage, invite=token)) == "alice"
    assert [user.name for user in stage.hub.directory.room("#team", lambda _: True).members.values()] == ["alice"]


def test_the_log_holds_no_token() -> None:
    stage = closed()
    _, _, token = ordered(stage, operator.CreateInvite(seconds=WEEK))
    assert token not in repr((vars(stage.journal), vars(stage.journal._store)))
    assert invite_id(token) in {each.id for each in stage.hub.state.invites.good(stage.now)}


def test_the_list_shows_valid_invites() -> None:
    stage = closed()
    _, _, token = ordered(stage, operator.CreateInvite(seconds=WEEK, uses=2, room="#lobby"))
    _, _, short = ordered(stage, operator.CreateInvite(seconds=60))
    come(stage, invite=token)
    assert ordered(stage, operator.ListInvites()) == [
        f"{invite_id(token)[:8]} used 1 of 2, for 1 week to #lobby",
        f"{invite_id(short)[:8]} used 0 of 1, for 1 minute",
    ]
    stage.turns.wait(60)
    come(stage, "ben", invite=token)
    assert ordered(stage, operator.ListInvites()) == []


def test_a_revoked_invite_is_refused_after_a_restart_too() -> None:
    stage = closed()
    _, _, token = ordered(stage, operator.CreateInvite(seconds=WEEK))
    assert ordered(stage, operator.RevokeInvite(invite=invite_id(token)[:8])) == []
    assert answer(come(stage, invite=token)) == "bad_invite"
    stage.hub = stage.new_hub()
    assert answer(come(stage, invite=token)) == "bad_invite"
    assert ordered(stage, operator.ListInvites()) == []


def test_an_invite_that_cannot_be_stored_is_not_valid() -> None:
    stage = closed()
    _, _, token = ordered(stage, operator.CreateInvite(seconds=WEEK))
    stage.journal.capacity = 0
    assert ordered(stage, operator.CreateInvite(seconds=WEEK)) == "storage"
    assert ordered(stage, operator.RevokeInvite(invite=invite_id(token))) == "storage"
    stage.journal.capacity = 10
    assert answer(come(stage, invite=token)) == "alice"


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (operator.CreateInvite(seconds=0), "usage"),
        (operator.CreateInvite(seconds=WEEK, uses=0), "usage"),
        (operator.CreateInvite(seconds=WEEK, uses=100_000), "usage"),
        (operator.CreateInvite(seconds=10**12), "usage"),
        (operator.CreateInvite(seconds=WEEK, room="#my room"), "bad_name"),
        (operator.CreateInvite(seconds=WEEK, room="#1obby"), "name_taken"),
        (operator.RevokeInvite(invite=""), "not_found"),
        (operator.RevokeInvite(invite="zz"), "not_found"),
        (operator.JoinCode(), "refused"),
    ],
)
def test_an_impossible_invite_is_refused(order: operator.ORDERS, code: str) -> None:
    stage = closed()
    ordered(stage, operator.CreateInvite(seconds=WEEK))
    assert ordered(stage, order) == code


def test_an_ambiguous_prefix_revokes_no_invite() -> None:
    stage = closed()
    tokens = [ordered(stage, operator.CreateInvite(seconds=WEEK))[2] for _ in range(40)]
    by_first = [invite_id(token)[0] for token in tokens]
    twice = next(letter for letter in by_first if by_first.count(letter) > 1)
    assert ordered(stage, operator.RevokeInvite(invite=twice)) == "not_found"
    assert len(ordered(stage, operator.ListInvites())) == 40


def test_invites_are_limited(monkeypatch) -> None:
    monkeypatch.setattr("socketchat.commands.operator.invites.MOST_INVITES", 2)
    stage = closed()
    assert [ordered(stage, operator.CreateInvite(seconds=WEEK)) == "too_many" for _ in range(3)] == [False, False, True]
