import pytest

from socketchat.exceptions import NoSuchUser, StorageProblem
from socketchat.hub import Session
from socketchat.hub.sessions import REFUSAL_CHARACTERS, refusal
from socketchat.hub.state.conversations import Conversation
from socketchat.protocol import commands, events
from socketchat.protocol.codec import decode_event
from socketchat.protocol.conversations import pair_id
from socketchat.wire.native import NATIVE, NativeRendering
from socketchat.wire.plain import PLAIN
from tests.hub.stage import Peer, Stage


def session_of(rendering) -> tuple[Session, list[bytes]]:
    written: list[bytes] = []
    return Session(rendering, Stage().connect(), written.append), written


def test_an_event_is_written_in_the_dialect_of_the_session() -> None:
    native, plain = session_of(NATIVE), session_of(PLAIN)
    for session, _ in (native, plain):
        session.tell(events.Left(conversation="#ops"))
    assert native[1] == [b'{"type":"left","conversation":"#ops"}\n']
    assert plain[1] == [b"[room] You left #ops.\n"]


def test_events_that_a_dialect_does_not_show_are_not_written() -> None:
    session, written = session_of(PLAIN)
    session.tell(events.Ok(id=1))
    assert written == []


def test_an_error_has_its_code_its_command_id_and_retry() -> None:
    session, written = session_of(NATIVE)
    session.refuse(StorageProblem("full"), commands.Ping(id=7), retry=True)
    assert decode_event(written[0]) == events.Error(code="storage", text="full", id=7, retry=True)


def test_an_error_is_short_and_clean() -> None:
    told = refusal(NoSuchUser("No such user: \x1b[2J\r\n" + "x" * 10_000), None)
    assert told.text.startswith("No such user: ^[[2J ")
    assert len(told.text) <= REFUSAL_CHARACTERS + 10


def test_an_ended_session_writes_nothing_and_waits_for_nothing() -> None:
    session, written = session_of(NATIVE)
    session.stalled = True
    session.end()
    session.tell(events.Left(conversation="#ops"))
    assert written == []
    assert (session.gone, session.stalled) == (True, False)


def at(conversation: Conversation, head: int) -> Conversation:
    conversation.head = head
    return conversation


def test_a_session_that_enters_a_conversation_twice_hears_it_once() -> None:
    conversation, session = Conversation("#ops"), session_of(NATIVE)[0]
    session.places.enter(conversation)
    session.places.enter(conversation)
    assert list(session.places.heard) == [conversation]
    assert conversation.audience == {NATIVE: {session: session.places}}


def test_a_rendering_is_removed_with_its_last_session() -> None:
    conversation, session = Conversation("#ops"), session_of(NATIVE)[0]
    session.places.enter(conversation)
    session.places.leave(conversation)
    session.places.leave(conversation)
    assert (session.places.heard, conversation.audience) == ([], {})


def test_a_live_session_misses_nothing() -> None:
    conversation, session = at(Conversation("#ops"), 7), session_of(NATIVE)[0]
    session.places.enter(conversation)
    session.places.miss(conversation, 6)
    assert not session.places.is_behind


def test_a_session_that_is_behind_misses_entries_from_the_first_missed_one() -> None:
    ops, quiet, session = at(Conversation("#ops"), 7), at(Conversation("#quiet"), 9), session_of(NATIVE)[0]
    session.places.enter(ops)
    session.places.enter(quiet)
    session.places.fall_behind()
    session.places.miss(ops, 7)
    session.places.miss(ops, 8)
    assert dict(session.places.lacks) == {ops: 7}
    assert not session.places.catch_up()
    session.places.was_sent(at(ops, 9), 9)
    assert session.places.catch_up()
    assert not session.places.is_behind


def test_a_session_that_is_behind_misses_nothing_of_a_left_conversation() -> None:
    conversation, session = at(Conversation("#ops"), 7), session_of(NATIVE)[0]
    session.places.fall_behind()
    session.places.enter(conversation, sent=3)
    assert dict(session.places.lacks) == {conversation: 3}
    session.places.leave(conversation)
    session.places.miss(conversation, 7)
    session.places.was_sent(conversation, 5)
    assert dict(session.places.lacks) == {}


class Shouting(NativeRendering):
    """Another rendering of the same dialect."""

    def entry(self, entry: events.Entry, *, own: bool = False) -> bytes:
        return super().entry(entry, own=own).replace(b"hello", b"HELLO")


@pytest.mark.parametrize("changed_at", range(0, 41, 5))
@pytest.mark.parametrize("stalls", [False, True])
def test_changing_the_rendering_loses_and_repeats_no_entry(changed_at: int, *, stalls: bool) -> None:
    stage, shouting = Stage(), Shouting()
    alice, bob, other = stage.native("alice"), stage.native("bob"), stage.native("other")
    bob.do(commands.Join, room="#ops")
    alice.do(commands.Join, room="#ops")
    bob.take()
    stage.journal.turns = 3
    if stalls:
        bob.stall()
    for n in range(40):
        if n == changed_at:
            bob.session.places.render_as(shouting)
        if stalls and n == 20:
            bob.read_again()
        alice.say("hello", to=("#lobby", "#ops", "@bob")[n % 3])
        stage.turns.turn()
    stage.settle()
    assert in_order(bob) == {"#lobby": 14, "#ops": 13, other_of(bob, alice): 13}
    assert bob.session in stage.hub.presence.listeners[bob.session.rendering]
    stage.hub.logins.exit(bob.session, quits=True)
    assert set(stage.hub.presence.listeners) == {NATIVE}
    assert other.heard()


def other_of(one: Peer, other: Peer) -> str:
    return pair_id(one.session.user.id, other.session.user.id)


def in_order(peer: Peer) -> dict[str, int]:
    """Return the head of each conversation; every seq up to it was delivered once, in order."""
    heads: dict[str, int] = {}
    for conversation, seq, text in peer.heard():
        heads[conversation] = heads.get(conversation, 0) + 1
        assert (seq, text.lower()) == (heads[conversation], "hello")
    return heads
