"""Damage is told or harmless: no changed, missing or repeated record is ever read."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socketchat.journal.log import Damaged, Record
from socketchat.journal.log.file import FileLog
from socketchat.journal.log.frame import BLOCK, SECTOR, Draft, frame_at, records_of
from socketchat.journal.log.opening import salvage
from tests.journal.log.sim_disk import Deferred, SimDisk

SIZE = 8 * BLOCK
CHANCE = random.Random(9)
TEXT = [b"%04d" % n * CHANCE.choice([1, 100, 2000]) for n in range(30)]
FIRST, LAST = "0000000001.segment", "0000000006.segment"


def make(*, zeros: bool = False) -> SimDisk:
    """Return a disk with a log of 30 records in several segments, as a killed process leaves it."""
    disk = SimDisk(is_direct=True)
    log = FileLog(disk, segment_bytes=SIZE, worker=Deferred())
    for n in range(0, 30, 3):
        log.append([text if not zeros else text + bytes(2000) for text in TEXT[n : n + 3]], n)
    assert len(log._segments) > 3
    return disk


def copy(disk: SimDisk) -> SimDisk:
    other = SimDisk(is_direct=True)
    for name, content in disk.files.items():
        other.create(name, 0)
        other.files[name].write(0, bytes(content.durable))
        other.sync(name)
    other.sync_names()
    return other


def opened(disk: SimDisk, applied: int = 0) -> FileLog:
    return FileLog(disk, segment_bytes=SIZE, worker=Deferred(), applied=applied)


def read(disk: SimDisk, applied: int = 0) -> list[Record]:
    log = opened(disk, applied)
    return list(log.read(log.first - 1))


BASE = make()
RECORDS = read(copy(BASE))
NAMES = sorted(BASE.files)
PLACES = st.tuples(st.sampled_from(NAMES), st.integers(0, SIZE - 1), st.integers(0, 7))


def flip(disk: SimDisk, name: str, offset: int, bit: int) -> None:
    disk.files[name].cached[offset] ^= 1 << bit


@settings(max_examples=300, deadline=None)
@given(st.lists(PLACES, min_size=1, max_size=3))
def test_flipped_bits_are_told_or_harmless(places: list[tuple[str, int, int]]) -> None:
    disk = copy(BASE)
    for place in places:
        flip(disk, *place)
    try:
        assert read(disk) == RECORDS
    except Damaged as damage:
        assert damage.segment in NAMES  # noqa: PT017 - it may as well be harmless


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_a_flip_of_any_byte_is_told_or_harmless() -> None:
    told = 0
    for name in NAMES:
        for offset in range(0, SIZE, 7):
            disk = copy(BASE)
            flip(disk, name, offset, offset % 8)
            try:
                assert read(disk) == RECORDS, (name, offset)
            except Damaged:
                told += 1
    assert told > 1000


@settings(max_examples=200, deadline=None)
@given(PLACES)
def test_salvage_reads_every_intact_record(place: tuple[str, int, int]) -> None:
    disk = copy(BASE)
    flip(disk, *place)
    found = list(salvage(disk))
    assert len(found) >= len(RECORDS) - 3  # an append has three
    assert set(found) <= set(RECORDS)
    assert found == sorted(found)


@settings(max_examples=200, deadline=None)
@given(PLACES)
def test_damage_to_what_is_stored_elsewhere_loses_nothing(place: tuple[str, int, int]) -> None:
    applied = 24
    disk = copy(BASE)
    flip(disk, *place)
    try:
        log = opened(disk, applied)
    except Damaged as damage:
        assert damage.position > applied  # noqa: PT017 - it may as well be harmless
        return
    assert log.last == 30
    assert list(log.read(applied)) == RECORDS[applied:]
    if log.damage:
        assert log.damage[0].position <= applied + 1
        log.roll()
        log.trim(log.last)
        log.close()
        assert opened(disk).damage == []


def frame(segment: int, index: int) -> tuple[str, int, int]:
    """Return the place of a frame: its segment, and its bytes without the padding."""
    log = opened(copy(BASE))
    found = log._segments[segment]
    ends = [*found.starts[1:], found.end]
    start, end = found.starts[index], ends[index]
    return found.name, start, start + len(bytes(BASE.files[found.name].durable[start:end]).rstrip(b"\xff"))


def test_a_sector_lost_in_a_record_before_the_last_is_damage() -> None:
    name, start, end = frame(1, 0)
    for at in range(start, end, SECTOR):
        disk = copy(BASE)
        disk.files[name].cached[at : at + SECTOR] = bytes(SECTOR)
        with pytest.raises(Damaged) as told:
            read(disk)
        assert (told.value.segment, told.value.offset) == (name, start)


def test_the_last_append_is_cut_if_any_of_its_sectors_never_arrived() -> None:
    name, start, end = frame(-1, -1)
    for at in range(start, end, SECTOR):
        disk = copy(BASE)
        disk.files[name].cached[at : at + SECTOR] = bytes(SECTOR)
        assert read(disk) == RECORDS[:27]


def test_a_changed_bit_in_the_last_append_is_damage_and_no_torn_write() -> None:
    name, start, end = frame(-1, -1)
    for at in range(start, end, 97):
        disk = copy(BASE)
        flip(disk, name, at, 3)
        with pytest.raises(Damaged) as told:
            read(disk)
        assert (told.value.position, told.value.offset) == (28, start)


def test_records_with_sectors_of_zeros_are_told_apart_as_well() -> None:
    base = make(zeros=True)
    name = max(name for name in base.files if any(base.files[name].durable[BLOCK:]))
    log = opened(copy(base))
    start, end = log._segments[-1].starts[-1], log._segments[-1].end
    content = base.files[name].durable
    empty = [at for at in range(start, end, SECTOR) if not any(content[at : at + SECTOR])]
    assert empty
    disk = copy(base)
    flip(disk, name, start + 100, 0)
    with pytest.raises(Damaged):
        read(disk)
    full = next(at for at in range(start, end, SECTOR) if at not in empty)
    disk = copy(base)
    disk.files[name].cached[full : full + SECTOR] = bytes(SECTOR)
    assert len(read(disk)) == 27


def test_a_lost_segment_is_told() -> None:
    for name in NAMES[1:-1]:
        disk = copy(BASE)
        disk.remove(name)
        if any(BASE.files[name].durable[BLOCK:]) and name != max(
            n for n in NAMES if any(BASE.files[n].durable[BLOCK:])
        ):
            with pytest.raises(Damaged, match="records are missing"):
                read(disk)


def test_a_segment_that_was_cut_off_is_told() -> None:
    disk = copy(BASE)
    del disk.files[NAMES[1]].cached[2 * BLOCK :]
    with pytest.raises(Damaged):
        read(disk)


def test_segments_of_two_logs_do_not_mix() -> None:
    disk, other = copy(BASE), make()
    disk.files[NAMES[2]] = other.files[NAMES[2]]
    with pytest.raises(Damaged, match="another log"):
        read(disk)


def test_a_segment_of_an_earlier_life_does_not_count() -> None:
    disk, other = copy(BASE), make()
    disk.files[NAMES[2]].cached[BLOCK:] = other.files[NAMES[2]].durable[BLOCK:]
    with pytest.raises(Damaged):
        read(disk)


def test_no_text_of_a_user_is_taken_for_a_frame() -> None:
    draft = Draft()
    draft.compose(7, 0, bytes(16), [b"forged"])
    forged = bytes(draft.stamped(b"unknown!"))
    disk = SimDisk(is_direct=True)
    log = opened(disk)
    log.append([b"x" * (BLOCK - 100 - 12) + forged * 3], 0)
    start, end = log._segments[-1].starts[-1], log._segments[-1].end
    disk.files[log._segments[-1].name].cached[start : start + SECTOR] = bytes(SECTOR)
    assert end > start + 2 * BLOCK
    assert read(disk) == []


@settings(deadline=None)
@given(st.lists(st.binary(max_size=3000), max_size=5), st.integers(0, 1 << 60), st.integers(0, 1 << 60))
def test_a_frame_holds_its_records(payloads: list[bytes], first: int, time: int) -> None:
    draft = Draft()
    chain = draft.compose(first, time, b"b" * 16, payloads)
    content = bytes(draft.stamped(b"segment!"))
    assert len(content) == draft.size
    assert len(content) % BLOCK == 0
    found = frame_at(content, 0, b"segment!")
    assert found is not None
    assert (found.first, found.last, found.after, found.end) == (first, first + len(payloads) - 1, chain, len(content))
    assert [record.payload for record in records_of(content, found) or ()] == payloads
    assert frame_at(content, 0, b"another!") is None


@given(st.binary(max_size=300))
def test_no_other_bytes_are_a_frame(content: bytes) -> None:
    assert frame_at(content, 0, content[8:16]) is None
