from socketchat.client.asyncio.backlog import AWAITED_BYTES, SLOW_BYTES, Backlog
from socketchat.client.session.client_events import Gap, LinkLost, Reset
from socketchat.protocol.codec import decode_event
from tests.client.scripted import entry, lines


def entry_of(seq: int, to: str = "#lobby"):
    return decode_event(lines(entry(seq, to=to)).rstrip(b"\n"))


def test_the_backlog_is_first_in_first_out() -> None:
    backlog = Backlog()
    for seq in (1, 2, 3):
        backlog.put(entry_of(seq))
    assert [backlog.take().seq for _ in range(3)] == [1, 2, 3]
    assert not backlog


def test_the_backlog_holds_more_bytes_while_an_answer_is_pending() -> None:
    backlog = Backlog()
    backlog.put(entry_of(1), SLOW_BYTES)
    assert backlog.is_full(awaited=False)
    assert not backlog.is_full(awaited=True)
    backlog.put(entry_of(2), AWAITED_BYTES)
    assert backlog.is_full(awaited=True)
    backlog.take()
    backlog.take()
    assert not backlog.is_full(awaited=False)


def test_many_small_events_fill_the_backlog() -> None:
    backlog = Backlog()
    for _ in range(3000):
        backlog.put(entry_of(1))
    assert backlog.is_full(awaited=False)


def test_repeated_failed_attempts_take_the_space_of_one() -> None:
    backlog = Backlog()
    for attempt in range(1, 10_000):
        backlog.put(LinkLost("gone", 1.0, attempt))
    assert not backlog.is_full(awaited=False)
    assert backlog.take() == LinkLost("gone", 1.0, 9999)
    assert not backlog


def test_positions_cover_only_delivered_events() -> None:
    backlog = Backlog()
    for happening in (entry_of(5), entry_of(6), Gap("@a:b", 3, 4), entry_of(5, "@a:b"), entry_of(1, "#left")):
        backlog.put(happening)
    newest = {"#lobby": 6, "@a:b": 5, "#other": 8}
    assert backlog.positions(newest) == {"#lobby": 4, "@a:b": 2, "#other": 8}
    backlog.take()
    assert backlog.positions(newest)["#lobby"] == 5


def test_events_before_a_reset_do_not_move_positions_of_the_new_epoch() -> None:
    backlog = Backlog()
    backlog.put(entry_of(900))
    backlog.put(Reset("new"))
    assert backlog.positions({"#lobby": 3}) == {"#lobby": 3}
