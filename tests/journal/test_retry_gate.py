"""The retry gate holds back messages that would overtake a refused one, in bounded memory."""

from __future__ import annotations

from socketchat.journal import retry_gate as gate
from socketchat.journal.retry_gate import RetryGate
from tests.journal.desk import say


def test_a_later_number_waits_for_all_refused_ones() -> None:
    refused = RetryGate()
    for n in (5, 6, 8):
        refused.note(say(key=(1, n)))
    assert not refused.admits(say(key=(1, 7)))
    assert refused.admits(say(key=(1, 5)))
    assert not refused.admits(say(key=(1, 9)))
    assert refused.admits(say(key=(1, 4)))  # a repetition from before
    assert refused.admits(say(key=(1, 6)))
    assert refused.admits(say(key=(1, 7)))
    assert refused.admits(say(key=(1, 8)))
    assert not refused
    assert refused.admits(say(key=(1, 9)))


def test_other_outboxes_and_messages_without_a_key_are_not_blocked() -> None:
    refused = RetryGate()
    refused.note(say())
    assert not refused
    refused.note(say(key=(1, 5)))
    assert refused.admits(say(key=(2, 6)))
    assert refused.admits(say())


def test_the_memory_of_refused_numbers_is_bounded() -> None:
    refused = RetryGate()
    for outbox in range(gate.OUTBOXES + 1):
        refused.note(say(key=(outbox, 1)))
    assert refused.admits(say(key=(0, 2)))
    assert not refused.admits(say(key=(1, 2)))
    for n in range(gate.REFUSED_PER_OUTBOX + 100):
        refused.note(say(key=(1, n)))
    assert not refused.admits(say(key=(1, 10**6)))
    assert max(len(numbers) for numbers in refused._refused.values()) == gate.REFUSED_PER_OUTBOX
