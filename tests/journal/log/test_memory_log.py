"""A log in memory keeps the contract."""

from __future__ import annotations

import pytest

from socketchat.journal.log import APPEND_RECORDS, RECORD_BYTES, Full, Log, chained
from socketchat.journal.log.memory import MemoryLog


def test_records_are_read_in_order_from_a_position() -> None:
    log: Log = MemoryLog()
    assert (log.first, log.last) == (1, 0)
    assert log.append([b"a", b"b"], 7) == 2
    assert log.append([b"c"], 9) == 3
    assert [(r.position, r.time, r.payload) for r in log.read(1)] == [(2, 7, b"b"), (3, 9, b"c")]
    assert list(log.read(3)) == []


def test_the_chain_hash_covers_all_records_before() -> None:
    log = MemoryLog()
    log.append([b"a", b"b"], 7)
    first = chained(log.identity, 1, 7, b"a")
    assert [record.chain for record in log.read(0)] == [first, chained(first, 2, 7, b"b")]
    assert log.chain == chained(first, 2, 7, b"b")


def test_only_sealed_segments_are_trimmed() -> None:
    log = MemoryLog()
    log.append([b"a", b"b"], 0)
    log.trim(2)
    assert log.first == 1
    log.roll()
    log.append([b"c"], 0)
    log.trim(1)
    assert log.first == 1
    log.trim(3)
    assert (log.first, log.last) == (3, 3)
    with pytest.raises(ValueError, match="trimmed"):
        log.read(1)
    log.roll()
    log.trim(3)
    assert (log.first, log.last) == (4, 3)
    assert log.append([b"d"], 0) == 4


def test_a_full_log_stores_nothing_and_works_again_when_there_is_space() -> None:
    log = MemoryLog(capacity=3)
    log.append([b"ab"], 0)
    with pytest.raises(Full):
        log.append([b"c", b"d"], 0)
    assert log.last == 1
    log.roll()
    log.trim(1)
    assert log.append([b"c", b"d"], 0) == 3


def test_a_log_can_continue_another() -> None:
    log = MemoryLog(after=41, chain=bytes(16))
    assert log.append([b"x"], 0) == 42
    assert log.chain == chained(bytes(16), 42, 0, b"x")


@pytest.mark.parametrize(
    "payloads", [[], [b""] * (APPEND_RECORDS + 1), [bytes(RECORD_BYTES + 1)], [bytes(RECORD_BYTES)] * 9]
)
def test_appends_are_bounded(payloads: list[bytes]) -> None:
    with pytest.raises(ValueError, match="append"):
        MemoryLog().append(payloads, 0)
