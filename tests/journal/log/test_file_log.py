"""A log in files keeps the contract, on a disk in memory and on a real one."""

from __future__ import annotations

import errno
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest

from socketchat.journal.log import APPEND_BYTES, APPEND_RECORDS, RECORD_BYTES, Failed, Full, Log, Newer, chained
from socketchat.journal.log.disk import CHUNK_BYTES, Directory, Disk
from socketchat.journal.log.file import SEGMENTS, TRIES, FileLog
from socketchat.journal.log.frame import BLOCK, FRAME_BYTES
from socketchat.journal.log.memory import MemoryLog
from socketchat.journal.log.segment import SEGMENT_BYTES
from tests.journal.log.sim_disk import Deferred, SimDisk

SIZE = 16 * BLOCK


def opened(disk: Disk, **options: object) -> FileLog:
    return FileLog(disk, segment_bytes=SIZE, worker=Deferred(), **options)


def payloads(log: Log) -> list[bytes]:
    return [record.payload for record in log.read(log.first - 1)]


def fill(log: FileLog) -> None:
    for _ in range(1000):
        log.append([bytes(13000)], 0)


@pytest.fixture(params=["sim", "direct", "synced"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    if request.param == "sim":
        return SimDisk(is_direct=True)
    return Directory(tmp_path / "log", direct=request.param == "direct")


def test_records_survive_a_restart(disk: Disk) -> None:
    log = opened(disk)
    assert (log.first, log.last) == (1, 0)
    assert log.append([b"a" * 9000, b"b"], 7) == 2
    log.close()
    log = opened(disk)
    assert log.append([b""], 9) == 3
    assert [(r.position, r.time, r.payload) for r in log.read(0)] == [(1, 7, b"a" * 9000), (2, 7, b"b"), (3, 9, b"")]
    assert [r.position for r in log.read(1)] == [2, 3]
    log.close()


def test_appends_go_past_the_page_cache_if_the_file_system_allows_it(tmp_path: Path) -> None:
    disk = Directory(tmp_path / "log")
    (tmp_path / "probe").write_bytes(bytes(BLOCK))
    try:
        os.close(os.open(tmp_path / "probe", os.O_RDONLY | getattr(os, "O_DIRECT", 1 << 40)))
    except (OSError, OverflowError):
        pytest.skip("the file system has no direct I/O")
    log = opened(disk)
    log.append([b"x"], 0)
    log.close()
    assert disk.is_direct


def test_both_backends_agree(disk: Disk) -> None:
    file = opened(disk)
    memory = MemoryLog(chain=file.chain)
    chance = random.Random(4)
    for time in range(60):
        batch = [chance.randbytes(chance.choice([0, 5, 700, 9000])) for _ in range(chance.randrange(1, 4))]
        assert file.append(batch, time) == memory.append(batch, time)
        assert file.chain == memory.chain
        if time % 4 == 3:
            file.roll()
            memory.roll()
            file.trim(time)
            memory.trim(time)
            assert file.first <= memory.first  # a segment is trimmed as a whole
    after = memory.first + 3
    assert list(file.read(after)) == list(memory.read(after))
    assert [file.chain_at(n) for n in range(memory.first - 1, file.last + 1)] == [
        memory.chain_at(n) for n in range(memory.first - 1, file.last + 1)
    ]
    file.close()


def test_a_trimmed_log_knows_its_position_and_chain_after_a_restart(disk: Disk) -> None:
    log = opened(disk)
    log.append([b"a", b"b"], 0)
    chain = log.chain
    log.trim(2)
    assert log.first == 1, "the segment in use is not trimmed"
    log.roll()
    log.roll()
    log.trim(2)
    assert (log.first, log.last) == (3, 2)
    log.close()
    log = opened(disk)
    assert (log.first, log.last, log.chain, log.chain_at(2)) == (3, 2, chain, chain)
    with pytest.raises(ValueError, match="trimmed"):
        log.read(1)
    assert log.append([b"c"], 0) == 3
    log.close()


def test_a_log_can_continue_another(disk: Disk) -> None:
    log = opened(disk, after=41, chain=bytes(16))
    log.close()
    log = opened(disk)
    assert log.append([b"x"], 0) == 42
    assert log.chain == chained(bytes(16), 42, 0, b"x")
    log.close()


def test_trimmed_segments_are_overwritten(tmp_path: Path) -> None:
    log = FileLog(Directory(tmp_path / "log"), segment_bytes=SIZE)
    for _ in range(40):
        log.append([b"secret" * 100], 0)
    log.roll()
    log.trim(log.last)
    log.append([b"public"], 0)
    log.close()
    assert log.uncleaned == 0
    contents = [file.read_bytes() for file in (tmp_path / "log").iterdir()]
    assert not any(b"secret" in content for content in contents)
    assert any(b"public" in content for content in contents)


def test_what_was_trimmed_before_a_crash_is_overwritten_at_the_next_start() -> None:
    disk = SimDisk(is_direct=True)
    log = opened(disk)
    log.append([b"secret"], 0)
    log.roll()
    log.trim(1)
    disk.rename("0000000001.segment", "0000000001.trimmed")
    disk.power_cut()
    log = opened(disk)
    log.close()
    assert not any(b"secret" in content.durable for content in disk.files.values())


def test_a_full_disk_refuses_appends_and_loses_nothing() -> None:
    disk = SimDisk(is_direct=True)
    log = opened(disk)
    log._supply._worker.work()
    disk.capacity = 0
    with pytest.raises(Full):
        fill(log)
    assert log.last == 6  # 16 KiB each: 3 in the current segment of 64 KiB, and 3 in the one made ahead
    assert log.append([b"small"], 0) == 7, "what fits is stored"
    disk.power_cut()
    log = opened(disk)
    assert log.last == 7
    with pytest.raises(Full):
        log.append([bytes(13000)], 0)
    disk.capacity = 1 << 30
    assert log.append([bytes(13000)], 0) == 8


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_every_way_to_lack_space_is_told_as_full(code: int) -> None:
    class NoSpace(SimDisk):
        def _take_space(self, size: int) -> None:
            if size > self.capacity:
                raise OSError(code, os.strerror(code))

    disk = NoSpace(is_direct=True)
    log = opened(disk)
    disk.capacity = 0
    with pytest.raises(Full):
        fill(log)


def test_segments_that_wait_to_be_trimmed_are_bounded() -> None:
    log = opened(SimDisk(is_direct=True))
    with pytest.raises(Full, match="wait to be trimmed"):
        fill(log)
    assert len(log._segments) == SEGMENTS
    log.roll()
    log.trim(log.last)
    log.append([bytes(9000)], 0)


@pytest.mark.parametrize(
    "batch", [[], [b""] * (APPEND_RECORDS + 1), [bytes(RECORD_BYTES + 1)], [bytes(RECORD_BYTES)] * 9]
)
def test_appends_are_bounded(batch: list[bytes]) -> None:
    with pytest.raises(ValueError, match="append"):
        opened(SimDisk(is_direct=True)).append(batch, 0)


def test_the_largest_append_fits_a_segment(tmp_path: Path) -> None:
    log = FileLog(Directory(tmp_path / "log"), worker=Deferred())
    record = random.Random(1).randbytes(RECORD_BYTES)
    batch = [record] * (APPEND_BYTES // RECORD_BYTES) + [b""] * (APPEND_RECORDS - APPEND_BYTES // RECORD_BYTES)
    assert log.append(batch, 0) == APPEND_RECORDS
    assert payloads(log) == batch
    log.close()
    assert BLOCK + FRAME_BYTES <= SEGMENT_BYTES
    assert CHUNK_BYTES % BLOCK == SEGMENT_BYTES % BLOCK == 0


def failing(disk: SimDisk, calls: int) -> None:
    disk.fail_in, disk.failures = 1, calls


@pytest.mark.parametrize("is_direct", [True, False], ids=["direct", "synced"])
def test_a_failed_write_goes_to_another_segment(*, is_direct: bool) -> None:
    disk = SimDisk(is_direct=is_direct)
    log = opened(disk)
    log._supply._worker.work()
    log.append([b"a"], 0)
    failing(disk, 1)
    assert log.append([b"b"], 0) == 2
    assert log.append([b"c"], 0) == 3
    assert payloads(log) == [b"a", b"b", b"c"]
    disk.power_cut()
    assert payloads(opened(disk)) == [b"a", b"b", b"c"]


@pytest.mark.parametrize("replace", [lambda log: log.roll(), lambda log: log.append([b"c"], 0)], ids=["roll", "append"])
def test_what_comes_after_a_failed_append_replaces_it(replace: Callable[[FileLog], object]) -> None:
    disk = SimDisk(is_direct=False)  # the page cache keeps the failed records
    log = opened(disk)
    log._supply._worker.work()
    failing(disk, TRIES + 1)
    with pytest.raises(Failed):
        log.append([b"b"], 0)
    assert log.last == 0
    disk.settle()
    replace(log)
    disk.kill()
    assert b"b" not in payloads(opened(disk))


def test_a_failed_append_is_found_whole_or_not_at_all_after_a_crash() -> None:
    for seed in range(50):
        disk = SimDisk(is_direct=True)
        log = opened(disk)
        log.append([b"a"], 0)
        disk.chance.seed(seed)
        failing(disk, 9)
        with pytest.raises(Failed):
            log.append([b"b" * 3000, b"c" * 3000], 0)
        disk.power_cut()
        assert [payload[:1] for payload in payloads(opened(disk))] in [[b"a"], [b"a", b"b", b"c"]]


def test_after_a_failure_without_space_the_append_stays_in_doubt() -> None:
    disk = SimDisk(is_direct=True)
    log = opened(disk)
    log._supply._worker.work()
    disk.capacity = 0
    failing(disk, 2)
    with pytest.raises(Failed):
        log.append([b"b"], 0)
    with pytest.raises(Failed):
        log.append([b"b"], 0)
    disk.capacity = 1 << 30
    assert log.append([b"b"], 0) == 1


def test_a_disk_that_fails_does_not_fill_with_segments() -> None:
    disk = SimDisk(is_direct=True)
    log = opened(disk)
    for _ in range(30):
        failing(disk, 1000)
        with pytest.raises(Failed):
            log.append([b"b"], 0)
        disk.settle()
        log._supply._worker.work()
    assert len(disk.files) <= 5
    assert log.append([b"b"], 0) == 1


def test_a_log_that_cannot_begin_leaves_no_thread(tmp_path: Path) -> None:
    class NoSpace(Directory):
        def create(self, name: str, size: int) -> None:
            raise OSError(errno.ENOSPC, f"no {size:,} bytes for {name}")

    with pytest.raises(Full):
        FileLog(NoSpace(tmp_path / "log"))
    assert "log-segments" not in {thread.name for thread in threading.enumerate()}


def test_a_log_of_a_newer_version_is_refused() -> None:
    disk = SimDisk(is_direct=True)
    opened(disk)
    content = disk.files["0000000001.segment"]
    content.cached[4:6] = b"\x02\x00"
    content.cached[48:52] = crc32(bytes(content.cached[:48])).to_bytes(4, "little")
    with pytest.raises(Newer):
        opened(disk)
