import pytest

from socketchat.client.session import positions as module
from socketchat.client.session.client_events import Gap, Reset
from socketchat.client.session.positions import Positions
from socketchat.exceptions import ProtocolError
from socketchat.protocol.codec import decode_event
from socketchat.protocol.events import Conversation, Left
from tests.client.scripted import EPOCH, conversation, entry, lines, welcome


def event(told: dict):
    return decode_event(lines(told).rstrip(b"\n"))


def log_in(positions: Positions, *conversations: dict, epoch: str = EPOCH):
    told, missed, skipped = positions.login(event(welcome(*conversations, epoch=epoch)))
    assert skipped == sum(each.last - each.first + 1 for each in told if getattr(each, "reason", "") == "skipped")
    return told, missed


def take(positions: Positions, seq: int, to: str = "#lobby") -> list:
    return [each.seq if not isinstance(each, Gap) else each for each in positions.take(event(entry(seq, to=to)))]


def test_a_new_client_starts_at_the_heads() -> None:
    positions = Positions()
    assert log_in(positions, conversation("#lobby", 7), conversation("@a:b", 3)) == ([], 0)
    assert positions.seqs == {"#lobby": 7, "@a:b": 3}
    assert take(positions, 8) == [8]


def test_a_repeated_entry_is_dropped_and_a_gap_is_reported_first() -> None:
    positions = Positions()
    log_in(positions, conversation("#lobby", 7))
    assert take(positions, 7) == []
    assert take(positions, 8) == [8]
    assert take(positions, 8) == []
    assert take(positions, 12) == [Gap("#lobby", 9, 11), 12]
    assert take(positions, 13) == [13]


def test_a_reconnecting_client_continues_at_its_positions() -> None:
    positions = Positions(EPOCH, {"#lobby": 5})
    assert log_in(positions, conversation("#lobby", 7)) == ([], 2)
    assert [take(positions, seq) for seq in (5, 6, 7, 8)] == [[], [6], [7], [8]]


def test_new_direct_messages_are_missed_from_their_first_entry() -> None:
    positions = Positions(EPOCH, {"#lobby": 5})
    _, missed = log_in(positions, conversation("#lobby", 5), conversation("@a:b", 2))
    assert missed == 2
    assert [take(positions, seq, "@a:b") for seq in (1, 2)] == [[1], [2]]


def test_a_room_joined_on_another_device_starts_at_its_head_and_is_reported() -> None:
    positions = Positions()
    log_in(positions, conversation("#lobby", 1))
    told, missed = log_in(positions, conversation("#lobby", 1), conversation("#ops", 9))
    assert told == [Conversation(conversation="#ops", head=9)]
    assert (missed, positions.seqs["#ops"]) == (0, 9)


def test_a_room_left_on_another_device_is_reported() -> None:
    positions = Positions()
    log_in(positions, conversation("#lobby", 1), conversation("#ops", 9))
    assert log_in(positions, conversation("#lobby", 1)) == (
        [Left(conversation="#ops", text="You are no longer in #ops.")],
        0,
    )
    assert "#ops" not in positions.seqs
    assert "#ops" not in positions.heard


def test_another_epoch_is_reported_and_discards_positions() -> None:
    positions = Positions(EPOCH, {"#lobby": 50})
    told, missed = log_in(positions, conversation("#lobby", 3), epoch="new")
    assert (told, missed) == ([Reset("new")], 0)
    assert take(positions, 4) == [4]


def test_a_head_below_the_position_is_another_history() -> None:
    positions = Positions(EPOCH, {"#lobby": 50})
    told, _ = log_in(positions, conversation("#lobby", 3))
    assert told == [Reset(EPOCH)]
    assert take(positions, 4) == [4]


def test_history_shortened_beyond_the_position_is_a_gap() -> None:
    positions = Positions(EPOCH, {"#lobby": 5})
    told, missed = log_in(positions, conversation("#lobby", 20, floor=11))
    assert (told, missed) == ([Gap("#lobby", 6, 10, "shortened")], 10)
    assert take(positions, 11) == [11]


@pytest.mark.parametrize("name", ["#lobby", "@a:b"])
def test_entries_skipped_after_a_long_absence_are_not_a_gap(name: str) -> None:
    positions = Positions(EPOCH, {"#lobby": 5, "@a:b": 5})
    told, missed = log_in(positions, conversation(name, 2000, after=1800))
    assert (told, missed) == ([Gap(name, 6, 1800, "skipped")], 1995)
    assert take(positions, 1801, name) == [1801]


def test_dropped_and_skipped_entries_are_distinguished() -> None:
    positions = Positions(EPOCH, {"#lobby": 5})
    told, missed = log_in(positions, conversation("#lobby", 2000, floor=100, after=1800))
    assert (told, missed) == ([Gap("#lobby", 6, 99, "shortened"), Gap("#lobby", 100, 1800, "skipped")], 1901)


def test_new_direct_messages_can_be_skipped_too() -> None:
    positions = Positions(EPOCH, {"#lobby": 5})
    told, missed = log_in(positions, conversation("#lobby", 5), conversation("@a:b", 2000, after=1800))
    assert (told, missed) == ([Gap("@a:b", 1, 1800, "skipped")], 2000)


@pytest.mark.parametrize("after", [3, 9999])
def test_an_impossible_start_changes_nothing(after: int) -> None:
    positions = Positions(EPOCH, {"#lobby": 5})
    assert log_in(positions, conversation("#lobby", 7, after=after)) == ([], 2)
    assert [take(positions, seq) for seq in (6, 7)] == [[6], [7]]


def test_a_new_conversation_starts_at_its_head_and_a_known_one_keeps_its_position() -> None:
    positions = Positions()
    log_in(positions, conversation("#lobby"))
    positions.describe(event(conversation("#ops", 4)))
    assert take(positions, 5, "#ops") == [5]
    positions.describe(event(conversation("#ops", 9, topic="new")))
    assert positions.heard["#ops"].topic == "new"
    assert take(positions, 6, "#ops") == [6]


def test_a_rejoined_conversation_starts_at_its_new_head() -> None:
    positions = Positions()
    log_in(positions, conversation("#lobby"), conversation("#ops", 4))
    positions.end("#ops")
    positions.describe(event(conversation("#ops", 9)))
    assert take(positions, 10, "#ops") == [10]


def test_an_entry_of_an_unannounced_conversation_is_not_lost() -> None:
    positions = Positions()
    log_in(positions)
    assert take(positions, 3, "#ops") == [3]
    assert take(positions, 4, "#ops") == [4]


def test_a_hostile_server_cannot_fill_the_memory_with_conversations(monkeypatch) -> None:
    monkeypatch.setattr(module, "HELD_BYTES", 10_000)
    positions = Positions()
    log_in(positions)
    for _ in range(100):  # the same one again and again takes no more room
        positions.describe(event(conversation("#ops", topic="x" * 1000)))
    for number in range(30):
        positions.describe(event(conversation(f"#{number}")))
    with pytest.raises(ProtocolError, match="more conversations"):
        positions.describe(event(conversation("#last", topic="x" * 5000)))


def test_the_positions_of_short_direct_messages_do_not_fit_into_a_hello_first() -> None:
    positions = Positions()
    log_in(positions, *(conversation(f"@{n}:x", n) for n in range(1, 200)), conversation("#lobby", 1))
    assert positions.told() == positions.seqs
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "TOLD_BYTES", 60)
        assert positions.told() == {"#lobby": 1, "@199:x": 199, "@198:x": 198, "@197:x": 197}
