"""The checker accepts a correct history, and finds each deliberate error."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults import history
from tests.faults.history import History

ROOMS = ("#a", "#b")
SENDERS = ("s1", "s2", "s3")
READERS = ("r1", "r2")

Step = tuple[str, *tuple[Any, ...]]


def good(seed: int) -> list[Step]:
    """Return the history of a correct chat: some answers are lost, and some messages too."""
    chance = random.Random(seed)
    rooms: dict[str, list[str]] = {room: [] for room in ROOMS}
    told: dict[tuple[str, str], int] = {}
    steps: list[Step] = []
    for number in range(1, 60):
        sender, room = chance.choice(SENDERS), chance.choice(ROOMS)
        text = f"{sender} {number}"
        steps.append(("says", sender, room, text))
        fate = chance.random()
        if fate < 0.9:
            rooms[room].append(text)
            if fate < 0.8 or number > 50:
                steps.extend([("acknowledges", text, (room, len(rooms[room])))] * chance.choice([1, 1, 2]))
        for reader in READERS:
            for where in ROOMS:
                if number == 59 or chance.random() < 0.5:
                    for seq in range(told.get((reader, where), 0) + 1, len(rooms[where]) + 1):
                        steps.append(("shows", reader, (where, seq), rooms[where][seq - 1]))
                        told[reader, where] = seq
    return [*steps, *(("holds", room, list(enumerate(texts, 1))) for room, texts in rooms.items())]


def problems(steps: list[Step]) -> set[str]:
    told = History()
    for name, *rest in steps:
        getattr(told, name)(*rest)
    return told.kinds()


# The problem of each mutant. A place is that of an acknowledged and shown message in the middle.


def stored(steps: list[Step], room: str) -> list[tuple[int, str]]:
    return next(entries for name, *rest in steps if name == "holds" for where, entries in [rest] if where == room)


def replace_stored(steps: list[Step], room: str, change: Callable[[list[str]], object]) -> None:
    entries = stored(steps, room)
    texts = [text for _, text in entries]
    change(texts)
    entries[:] = list(enumerate(texts, 1))


def middle(steps: list[Step]) -> tuple[str, int, str]:
    found = [(*place, text) for name, *rest in steps if name == "acknowledges" for text, place in [rest]]
    room, seq, text = next(one for one in found[len(found) // 2 :] if one[1] > 1)
    return room, seq, text


def of_reader(steps: list[Step], reader: str, room: str) -> list[int]:
    return [n for n, step in enumerate(steps) if step[:2] == ("shows", reader) and step[2][0] == room]


def lose_the_last(steps: list[Step]) -> None:
    """A power cut lost acknowledged messages."""
    room, _, _ = middle(steps)
    replace_stored(steps, room, list.pop)


def lose_one_in_the_middle(steps: list[Step]) -> None:
    room, seq, _ = middle(steps)
    entries = stored(steps, room)
    del entries[seq - 1]


def lose_one_and_close_ranks(steps: list[Step]) -> None:
    room, seq, _ = middle(steps)
    replace_stored(steps, room, lambda texts: texts.pop(seq - 1))


def store_twice(steps: list[Step]) -> None:
    """A repeated message was not recognized."""
    room, _, text = middle(steps)
    replace_stored(steps, room, lambda texts: texts.append(text))


def swap_two_in_the_store(steps: list[Step]) -> None:
    room, seq, _ = middle(steps)

    def change(texts: list[str]) -> None:
        texts[seq - 2 : seq] = reversed(texts[seq - 2 : seq])

    replace_stored(steps, room, change)


def store_what_nobody_said(steps: list[Step]) -> None:
    room, _, _ = middle(steps)
    replace_stored(steps, room, lambda texts: texts.append("s1 1000"))


def store_what_was_refused(steps: list[Step]) -> None:
    steps.insert(-2, ("says", "s1", "#a", "s1 1000"))
    steps.insert(-2, ("refuses", "s1 1000", None))
    replace_stored(steps, "#a", lambda texts: texts.append("s1 1000"))


def store_in_another_room(steps: list[Step]) -> None:
    room, _, _ = middle(steps)
    steps.insert(0, ("says", "s1", "#a" if room == "#b" else "#b", "s1 0"))
    replace_stored(steps, room, lambda texts: texts.append("s1 0"))


def answer_again_with_another_place(steps: list[Step]) -> None:
    room, seq, text = middle(steps)
    steps.insert(-2, ("acknowledges", text, (room, seq + 1)))


def answer_with_another_room(steps: list[Step]) -> None:
    steps.insert(0, ("says", "s1", "#a", "s1 0"))
    steps.insert(1, ("acknowledges", "s1 0", ("#b", 1)))


def overtake(steps: list[Step]) -> None:
    """A message gets a place before one that was answered before it was sent."""
    room, seq, _ = middle(steps)
    steps.insert(-2, ("says", "s9", room, "s9 1"))
    steps.insert(-2, ("acknowledges", "s9 1", (room, seq)))


def show_twice(steps: list[Step]) -> None:
    room, _, _ = middle(steps)
    at = of_reader(steps, "r1", room)[-1]
    steps.insert(at, steps[at])


def show_two_swapped(steps: list[Step]) -> None:
    room, _, _ = middle(steps)
    one, other = of_reader(steps, "r1", room)[-2:]
    steps[one], steps[other] = steps[other], steps[one]


def leave_one_out(steps: list[Step]) -> None:
    """The position of a reconnecting client was off by one."""
    room, _, _ = middle(steps)
    del steps[of_reader(steps, "r1", room)[-2]]


def leave_out_the_end(steps: list[Step]) -> None:
    room, _, _ = middle(steps)
    del steps[of_reader(steps, "r1", room)[-1]]


def show_what_is_not_stored(steps: list[Step]) -> None:
    """It was shown before it was on disk, and then the power failed."""
    room = "#a"
    steps.insert(-2, ("says", "s1", room, "s1 1000"))
    for reader in READERS:
        steps.insert(-2, ("shows", reader, (room, len(stored(steps, room)) + 1), "s1 1000"))


def show_something_else(steps: list[Step]) -> None:
    room, _, _ = middle(steps)
    at = of_reader(steps, "r1", room)[-1]
    steps[at] = (*steps[at][:3], "something else")


MUTANTS: dict[Callable[[list[Step]], None], str] = {
    lose_the_last: history.GONE,
    lose_one_in_the_middle: history.HOLE,
    lose_one_and_close_ranks: history.LOST,
    store_twice: history.DUPLICATE,
    swap_two_in_the_store: history.LOST,
    store_what_nobody_said: history.PHANTOM,
    store_what_was_refused: history.PHANTOM,
    store_in_another_room: history.PHANTOM,
    answer_again_with_another_place: history.STALE,
    answer_with_another_room: history.STALE,
    overtake: history.REORDERED,
    show_twice: history.DUPLICATE,
    show_two_swapped: history.REORDERED,
    leave_one_out: history.HOLE,
    leave_out_the_end: history.HOLE,
    show_what_is_not_stored: history.GONE,
    show_something_else: history.INCONSISTENT,
}


@pytest.mark.parametrize("seed", range(20))
def test_a_correct_history_passes_the_check(seed: int) -> None:
    assert problems(good(seed)) == set()


@pytest.mark.parametrize("mutate", MUTANTS, ids=lambda mutate: mutate.__name__)
def test_every_false_history_is_detected(mutate: Callable[[list[Step]], None]) -> None:
    for seed in range(20):
        steps = good(seed)
        mutate(steps)
        assert MUTANTS[mutate] in problems(steps), seed


def test_swapped_unacknowledged_messages_of_one_sender_are_detected() -> None:
    told = History()
    for text in ("s1 1", "s1 2"):
        told.says("s1", "#a", text)
    told.holds("#a", [(1, "s1 2"), (2, "s1 1")])
    assert told.kinds() == {history.REORDERED}


def test_a_message_stored_before_an_earlier_acknowledged_one_is_detected() -> None:
    told = History()
    told.says("s1", "#a", "s1 1")
    told.acknowledges("s1 1", ("#a", 2))
    told.says("s2", "#a", "s2 1")
    told.holds("#a", [(1, "s2 1"), (2, "s1 1")])
    assert told.kinds() == {history.REORDERED}


def test_an_acknowledged_message_that_is_missing_is_detected() -> None:
    told = History()
    told.says("s1", "#a", "s1 1")
    told.acknowledges("s1 1", ("#a", 1))
    told.holds("#a", [])
    assert told.kinds() == {history.LOST}


def test_a_reported_gap_is_accepted() -> None:
    told = History()
    for number in range(1, 8):
        told.says("s1", "#a", f"s1 {number}")
    told.shows("r1", ("#a", 1), "s1 1")
    told.tells_of_a_gap("r1", "#a", 2, 3)
    told.shows("r1", ("#a", 4), "s1 4")
    assert told.problems == []
    told.shows("r1", ("#a", 6), "s1 6")
    assert told.kinds() == {history.HOLE}


def test_more_missing_than_the_reported_gap_is_detected() -> None:
    told = History()
    told.says("s1", "#a", "s1 1")
    told.says("s1", "#a", "s1 2")
    told.shows("r1", ("#a", 1), "s1 1")
    told.tells_of_a_gap("r1", "#a", 3, 4)
    assert told.kinds() == {history.HOLE}
    told.shows("r1", ("#a", 6), "s1 2")
    assert len(told.problems) == 2
