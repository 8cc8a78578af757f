from importlib import import_module

import pytest

from socketchat.exceptions import StorageProblem
from socketchat.hub.delivery.replay import WRITE_BYTES
from socketchat.journal.memory import MemoryJournal
from socketchat.protocol import commands, events, operator
from socketchat.protocol.codec import decode_text
from socketchat.protocol.limits import HISTORY_ENTRIES
from tests.hub.stage import Peer, Stage


def told(peer: Peer) -> tuple[list[int], events.Ok]:
    """Return the seqs of the entries in the answer, and its end."""
    *past, ok = peer.events()
    assert {type(event) for event in past} <= {events.Past}
    assert {event.id for event in past} <= {ok.id}
    return [event.seq for event in past], ok


def lobby_of(count: int) -> tuple[Stage, Peer]:
    stage = Stage()
    alice = stage.native("alice")
    for n in range(count):
        alice.say(f"text {n + 1}")
        stage.settle()
    alice.take()
    return stage, alice


@pytest.mark.parametrize(
    ("asked", "seqs", "more"),
    [
        ({}, range(1, 11), False),
        ({"limit": 3}, [8, 9, 10], True),
        ({"limit": 10}, range(1, 11), False),
        ({"limit": 0}, [10], True),
        ({"before": 4}, [1, 2, 3], False),
        ({"before": 4, "limit": 2}, [2, 3], True),
        ({"before": 1}, [], False),
        ({"before": 99}, range(1, 11), False),
        ({"after": 7}, [8, 9, 10], False),
        ({"after": 7, "limit": 2}, [9, 10], True),
        ({"after": 2, "before": 6}, [3, 4, 5], False),
        ({"after": 10}, [], False),
        ({"after": 99}, [], False),
    ],
    ids=str,
)
def test_the_newest_requested_entries_are_returned_in_order(asked: dict, seqs: range, more: bool) -> None:  # noqa: FBT001
    _, alice = lobby_of(10)
    number = alice.do(commands.History, conversation="#lobby", **asked)
    assert told(alice) == (list(seqs), events.Ok(id=number, more=more))


@pytest.mark.parametrize(("around", "seqs"), [(10, range(5, 16)), (1, range(1, 7)), (20, range(15, 21))])
def test_an_entry_is_returned_with_its_neighbors(around: int, seqs: range) -> None:
    _, alice = lobby_of(20)
    alice.do(commands.History, conversation="#lobby", around=around)
    assert told(alice)[0] == list(seqs)


@pytest.mark.parametrize("around", [0, 21, 2**53 - 1])
def test_a_missing_entry_has_no_neighbors(around: int) -> None:
    _, alice = lobby_of(20)
    alice.do(commands.History, conversation="#lobby", around=around)
    (error,) = alice.told(events.Error)
    assert (error.code, error.text, error.retry) == ("not_found", f"Message #lobby/{around} does not exist.", False)


def test_at_most_the_limit_of_entries_is_returned() -> None:
    _, alice = lobby_of(HISTORY_ENTRIES + 5)
    alice.do(commands.History, conversation="#lobby", limit=100_000)
    seqs, ok = told(alice)
    assert (seqs[0], len(seqs), ok.more) == (6, HISTORY_ENTRIES, True)


@pytest.mark.parametrize(
    ("asked", "seqs", "more"),
    [
        ({"limit": 1}, range(3, 44), True),
        ({"limit": 2}, range(2, 44), True),
        ({"limit": 3}, range(1, 44), False),
        ({"limit": 9}, range(1, 44), False),
        ({"limit": 1, "before": 40}, range(3, 40), True),
        ({"limit": 1, "before": 3}, range(2, 3), True),
    ],
    ids=str,
)
def test_edits_and_deletes_are_included_and_not_counted(asked: dict, seqs: range, more: bool) -> None:  # noqa: FBT001
    _, alice = lobby_of(3)
    for n in range(40):
        alice.do(commands.Edit, conversation="#lobby", text=f"edit {n}")
    alice.take()
    number = alice.do(commands.History, conversation="#lobby", **asked)
    assert told(alice) == (list(seqs), events.Ok(id=number, more=more))


def test_the_limit_holds_for_a_history_of_edits() -> None:
    _, alice = lobby_of(1)
    for n in range(HISTORY_ENTRIES + 9):
        alice.do(commands.Edit, conversation="#lobby", seq=1, text=f"edit {n}")
    alice.take()
    alice.do(commands.History, conversation="#lobby", limit=1)
    seqs, ok = told(alice)
    assert (seqs[0], len(seqs), ok.more) == (11, HISTORY_ENTRIES, True)


def erased(count: int) -> tuple[Stage, Peer]:
    """Store two lines of alice, many erased lines of bob with an edit among them, and another line of alice."""
    stage, alice = lobby_of(2)
    bob = stage.native("bob")
    for n in range(count):
        bob.say(f"spam {n}")
        if n == count // 2:
            stage.settle()
            bob.do(commands.Edit, conversation="#lobby", text="more spam")
    stage.settle()
    alice.say("peace")
    stage.settle()
    stage.order(operator.EraseUser(id=1, name="bob"))
    alice.take()
    return stage, alice


@pytest.mark.parametrize("asked", [{"limit": 3}, {"limit": 50}, {"around": 2}, {"limit": 9, "after": 1, "before": 99}])
def test_consecutive_deleted_lines_are_returned_as_one(asked: dict) -> None:
    stage, alice = erased(300)
    head = stage.hub.directory.lobby.head
    alice.do(commands.History, conversation="#lobby", **asked)
    *past, ok = alice.events()
    whole = [(1, 0, 0), (2, 0, 0), (3, 300, head - 1), (head, 0, 0)]
    around = [(1, 0, 0), (2, 0, 0), (3, 5, 7)]
    later = [(2, 0, 0), (3, 96, 98)]
    expected = around if "around" in asked else later if "after" in asked else whole
    assert [(each.seq, each.deleted, each.last) for each in past] == expected
    assert not ok.more


def test_the_scan_of_deleted_lines_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("socketchat.commands.history"), "LOOKED_AT", 250)
    stage, alice = erased(300)
    head = stage.hub.directory.lobby.head
    number = alice.do(commands.History, conversation="#lobby", limit=3)
    assert told(alice) == ([head - 249, head], events.Ok(id=number, more=True))
    alice.do(commands.History, conversation="#lobby", limit=3, before=head - 249)
    assert told(alice)[0] == [1, 2, 3]


def test_a_plain_reader_sees_consecutive_deleted_lines_as_one() -> None:
    stage, _ = erased(300)
    head = stage.hub.directory.lobby.head
    reader = stage.plain("gus")
    reader.take()
    reader.ask(commands.History(conversation="#lobby"))
    stage.settle()
    shown = [line.partition("] ")[2] for line in reader.text().splitlines()]
    assert shown == [
        "alice: text 1",
        "alice: text 2",
        f"bob: [300 lines deleted, to #lobby/{head - 1}]",
        "alice: peace",
    ]


def test_deleted_lines_of_several_authors_are_separate() -> None:
    stage, alice = lobby_of(2)
    bob = stage.native("bob")
    for peer, text in ((bob, "a"), (alice, "b"), (bob, "c"), (bob, "d")):
        peer.say(text)
        stage.settle()
    for peer, seq in ((alice, 1), (alice, 2), (bob, 3), (bob, 5), (bob, 6)):
        peer.do(commands.Delete, conversation="#lobby", seq=seq)
    alice.take()
    alice.do(commands.History, conversation="#lobby")
    past = alice.told(events.Past)
    assert [(each.seq, each.deleted, each.last) for each in past[:4]] == [(1, 2, 2), (3, 0, 0), (4, 0, 0), (5, 2, 6)]
    assert {each.kind for each in past[4:]} == {"delete"}


def test_messages_of_an_ignored_user_are_not_counted() -> None:
    stage, alice = lobby_of(2)
    bob = stage.native("bob")
    for _ in range(5):
        bob.say("noise")
    stage.settle()
    alice.do(commands.Ignore, name="bob")
    alice.take()
    alice.do(commands.History, conversation="#lobby", limit=1)
    assert told(alice)[0] == list(range(2, 8))


def test_long_entries_are_returned_in_parts() -> None:
    stage, alice = lobby_of(0)
    for n in range(20):
        alice.say(f"{n} " + "x" * 30_000)
    stage.settle()
    alice.take()
    alice.do(commands.History, conversation="#lobby")
    (data,) = alice.writes
    assert len(data) <= WRITE_BYTES + 100
    seqs, ok = told(alice)
    assert ok.more
    assert seqs == list(range(seqs[0], 21))
    rest: list[int] = []
    while ok.more:
        alice.do(commands.History, conversation="#lobby", before=(rest or seqs)[0])
        older, ok = told(alice)
        rest = older + rest
    assert rest + seqs == list(range(1, 21))


def test_undelivered_entries_are_not_returned() -> None:
    stage, alice = lobby_of(3)
    bob = stage.native("bob")
    bob.take()
    alice.say("under way")
    bob.ask(commands.History(id=7, conversation="#lobby"))
    stage.settle()
    events_told = bob.events()
    past = [event.seq for event in events_told if isinstance(event, events.Past)]
    assert past in ([1, 2, 3], [1, 2, 3, 4])
    heard = [event.seq for event in events_told if isinstance(event, events.Entry) and type(event) is events.Entry]
    assert heard == [4]


def test_a_slow_answer_delays_later_answers() -> None:
    stage, alice = lobby_of(3)
    alice.ask(commands.History(id=50, conversation="#lobby"), commands.Ping(id=51), commands.Users(id=52))
    assert alice.waiting == 2
    stage.settle()
    assert [event.id for event in alice.told(events.Ok)] == [50, 51, 52]


def test_a_public_room_can_be_read_without_membership() -> None:
    stage, alice = lobby_of(0)
    alice.do(commands.Join, room="#ops")
    alice.say("hi", to="#ops")
    stage.settle()
    bob = stage.native("bob")
    bob.take()
    bob.do(commands.History, conversation="OPS")
    assert told(bob)[0] == [1]


def test_direct_messages_can_be_read_only_by_their_two_users() -> None:
    stage, alice = lobby_of(0)
    bob, carol = stage.native("bob"), stage.native("carol")
    alice.say("secret", to="@bob")
    stage.settle()
    (entry,) = bob.told(events.Entry)
    for peer, conversation in ((alice, "@Bob"), (bob, "@alice"), (bob, entry.conversation)):
        peer.take()
        peer.do(commands.History, conversation=conversation)
        past = peer.told(events.Past)
        assert [decode_text(each).text for each in past] == ["secret"]
    for conversation in (entry.conversation, "@alice", "@nobody", "@x:y", "@:"):
        carol.take()
        carol.do(commands.History, conversation=conversation)
        assert carol.told(events.Past) == []


def test_reading_does_not_start_a_conversation() -> None:
    stage, alice = lobby_of(0)
    bob = stage.native("bob")
    stage.turns.wait(1)
    bob.take()
    before = set(stage.hub.directory.conversations)
    number = alice.do(commands.History, conversation="@bob")
    assert alice.told(events.Ok) == [events.Ok(id=number)]
    assert bob.events() == []
    assert set(stage.hub.directory.conversations) == before


class UnreadableJournal(MemoryJournal):
    """A journal whose disk cannot be read."""

    async def read(self, *_args, **_options):
        raise StorageProblem("the disk cannot be read")


def test_a_failed_history_can_be_requested_again() -> None:
    stage = Stage(UnreadableJournal)
    alice = stage.native("alice")
    alice.take()
    number = alice.do(commands.History, conversation="#lobby")
    alice.do(commands.Ping)
    error, ok = (event for event in alice.events() if not isinstance(event, events.Presence))
    assert (error.code, error.id, error.retry) == ("storage", number, True)
    assert ok.id == number + 1


def test_a_session_gone_before_its_answer_harms_no_other() -> None:
    stage, alice = lobby_of(3)
    alice.ask(commands.History(id=50, conversation="#lobby"), commands.Ping(id=51))
    alice.drop()
    stage.settle()
    assert alice.writes == []
