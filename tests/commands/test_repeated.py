"""A message repeated under its key is answered with its first answer, even if its author may not write any more."""

import pytest

from socketchat.protocol import commands, events
from tests.commands.test_revisions import cast
from tests.hub.stage import Peer

OUTBOX = "0123456789abcdef"

STOPPED = {
    "muted": lambda owner, _: owner.do(commands.Mute, room="#ops", name="ann"),
    "announcements": lambda owner, _: owner.do(commands.Settings, room="#ops", announce=True),
    "banned": lambda owner, _: owner.do(commands.Ban, room="#ops", name="ann"),
    "private": lambda owner, ann: (
        owner.do(commands.Access, room="#ops", private=True),
        ann.do(commands.Leave, room="#ops"),
    ),
}


def answers(peer: Peer, *sent: commands.Send) -> list[tuple[object, ...]]:
    """Send messages together; return the number and the seq, or the code, of each answer."""
    peer.take()
    peer.ask(*sent)
    peer.stage.settle()
    return [
        (each.id, each.seq, each.duplicate) if isinstance(each, events.Ok) else (each.id, each.code)
        for each in peer.events()
        if isinstance(each, events.Ok | events.Error)
    ]


def message(n: int, text: str = "hello", number: int = 1) -> commands.Send:
    return commands.Send(to="#ops", text=text, outbox=OUTBOX, n=n, id=number)


@pytest.mark.parametrize("stop", STOPPED)
def test_a_stored_message_is_a_duplicate_whatever_stops_its_author_meanwhile(stop: str) -> None:
    _, owner, ann, _ = cast()
    ((_, seq, _),) = answers(ann, message(5))
    STOPPED[stop](owner, ann)
    assert answers(ann, message(5)) == [(1, seq, True)]
    ((_, code),) = answers(ann, message(6))
    assert code != "key_reused"


def test_each_message_of_a_read_gets_its_own_answer() -> None:
    _, owner, ann, _ = cast()
    ((_, first, _),) = answers(ann, message(5))
    ((_, second, _),) = answers(ann, message(7, "more"))
    owner.do(commands.Mute, room="#ops", name="ann")
    told = answers(ann, message(5, number=11), message(7, "more", 12), message(8, "new", 13), message(7, "other", 14))
    assert told == [(11, first, True), (12, second, True), (13, "muted"), (14, "key_reused")]
    assert answers(ann, message(6, number=15)) == [(15, "muted")]


def test_a_refused_message_without_a_key_looks_nothing_up() -> None:
    stage, owner, ann, _ = cast()
    owner.do(commands.Mute, room="#ops", name="ann")
    stage.journal.find = None
    assert answers(ann, commands.Send(to="#ops", text="hello", id=1)) == [(1, "muted")]
