"""The log keeps what it acknowledged through kills, power cuts and failing system calls; without syncs, it does not."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.ext4 import PowerDisk, power_disk
from tests.faults.log_writer import ENOUGH, KEPT, MOST_IN_APPEND, opened, payload_of
from tests.faults.powercut import Power, build
from tests.faults.test_commit import LONG, ROOT, needs_strace
from tests.faults.tmpfs import small_disk

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]

needs_compiler = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("gcc") is None, reason="needs Linux and gcc"
)
MODES = ["direct", "synced"]


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("library"))


class Told:
    """What a writer has reported, over several runs."""

    def __init__(self) -> None:
        self.stored = 0
        self.trimmed = 0
        self.lines: list[str] = []

    def take(self, output: str) -> None:
        self.lines = [line for line in output.splitlines(keepends=True) if line.endswith("\n")]
        for line in self.lines:
            word, *number = line.split()
            if word == "stored":
                self.stored = max(self.stored, int(number[0]))
            if word == "trims":
                self.trimmed = max(self.trimmed, int(number[0]))


def run(directory: Path, told: Told, *prefix: str, last: int = ENOUGH, mode: str = "direct", **options: object) -> int:
    command = [*prefix, sys.executable, "-m", "tests.faults.log_writer", str(directory), str(last), mode]
    process = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, timeout=600, **options)
    told.take(process.stdout)
    return process.returncode


def check(directory: Path, told: Told, mode: str = "direct") -> None:
    """Compare a log with what was reported: each record once, in order, and at most one append more."""
    with closing(opened(directory, direct=mode == "direct")) as log:
        assert log.damage == []
        assert log.first - 1 <= told.trimmed
        assert told.stored <= log.last <= told.stored + MOST_IN_APPEND, "lost"
        position = log.first - 1
        for record in log.read(position):
            position += 1
            assert (record.position, record.payload) == (position, payload_of(position))
        assert position == log.last
        told.stored = position
        told.trimmed = max(told.trimmed, position - KEPT)
        log.trim(told.trimmed)  # or segments heap up, if each run is killed before it cleans them
    assert log.uncleaned == 0
    check_traces(directory, log.first)


def check_traces(directory: Path, first: int) -> None:
    for file in directory.iterdir():
        for found in re.findall(rb"record (\d+):", file.read_bytes()):
            assert int(found) >= first, "trimmed, and still there"


@needs_compiler
@pytest.mark.parametrize("mode", MODES)
def test_a_kill_at_every_system_call_loses_nothing(tmp_path: Path, library: Path, mode: str) -> None:
    told = Told()
    power = Power(library, tmp_path / "data")
    log = tmp_path / "data" / "log"
    for nth in range(1, 400 if LONG else 60):
        assert run(log, told, mode=mode, env=power.environment(nth)) == -signal.SIGKILL
        check(log, told, mode)
    assert told.stored > 100


def cuts(power: Power, log: Path, mode: str, seed: int, count: int) -> int:
    chance = random.Random(seed)
    told = Told()
    for _ in range(count):
        assert run(log, told, mode=mode, env=power.environment(chance.randrange(1, 250))) == -signal.SIGKILL
        power.fail()
        check(log, told, mode)
        power.settle()
    return told.stored


@needs_compiler
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("early", [0, 50, 95], ids="{}% written back early".format)
def test_a_power_cut_loses_nothing(tmp_path: Path, library: Path, early: int, mode: str) -> None:
    power = Power(library, tmp_path / "data", early=early)
    assert cuts(power, tmp_path / "data" / "log", mode, early, 300 if LONG else 20) > 500


@needs_compiler
@pytest.mark.parametrize("mode", MODES)
def test_a_log_begun_during_a_power_cut_is_complete_or_begun_again(tmp_path: Path, library: Path, mode: str) -> None:
    for nth in range(1, 40):
        data = tmp_path / str(nth)
        power = Power(library, data)
        told = Told()
        assert run(data / "log", told, mode=mode, env=power.environment(nth)) == -signal.SIGKILL
        power.fail()
        check(data / "log", told, mode)


@needs_compiler
@pytest.mark.parametrize("mode", ["unsynced", "lax"])
def test_without_syncs_the_same_power_cuts_lose_records(tmp_path: Path, library: Path, mode: str) -> None:
    with pytest.raises(AssertionError, match="lost"):
        cuts(Power(library, tmp_path / "data"), tmp_path / "data" / "log", mode, 0, 20)


@needs_compiler
def test_a_disk_that_ignores_syncs_loses_records(tmp_path: Path, library: Path) -> None:
    with pytest.raises(AssertionError, match="lost"):
        cuts(Power(library, tmp_path / "data", lies=True), tmp_path / "data" / "log", "direct", 0, 20)


def cut_for_real(disk: PowerDisk, told: Told, mode: str, lines: int) -> None:
    """Stop a writer after some lines, cut the power of its disk, and start the disk again."""
    command = [sys.executable, "-m", "tests.faults.log_writer", str(disk.directory / "log"), str(ENOUGH), mode]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        output = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGSTOP)
        disk.cut()
        process.kill()
        told.take("".join([*output, process.stdout.read()]))
    disk.restore()


@pytest.mark.parametrize("mode", MODES)
def test_a_power_cut_of_a_real_file_system_loses_nothing(tmp_path: Path, mode: str) -> None:
    chance = random.Random(1)
    told = Told()
    with power_disk(tmp_path / "disk", 64) as disk:
        for _ in range(100 if LONG else 8):
            cut_for_real(disk, told, mode, chance.randrange(1, 60))
            check(disk.directory / "log", told, mode)
    assert told.stored > 100


def test_without_syncs_a_power_cut_of_a_real_file_system_loses_records(tmp_path: Path) -> None:
    told = Told()
    with power_disk(tmp_path / "disk", 64) as disk:
        assert run(disk.directory / "log", told, last=10) == 0
        cut_for_real(disk, told, "unsynced", 30)
        with pytest.raises(AssertionError, match="lost"):
            check(disk.directory / "log", told)


@needs_strace
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
@pytest.mark.parametrize("call", ["pwrite64", "fsync", "fdatasync", "rename", "unlink"])
def test_a_failing_system_call_is_passed_by(tmp_path: Path, call: str, error: str, mode: str) -> None:
    told = Told()
    log = tmp_path / "log"
    assert run(log, told, last=10, mode=mode) == 0
    trace = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={call}"]
    for when in ("2", "3", "4", "7..9", "5+3"):
        code = run(
            log, told, *trace, "-e", f"inject={call}:error={error}:when={when}", last=told.stored + 80, mode=mode
        )
        assert code in {0, 1}  # a log that cannot be opened is told
        check(log, told, mode)


@needs_compiler
@pytest.mark.parametrize("mode", MODES)
def test_short_writes_are_continued(tmp_path: Path, library: Path, mode: str) -> None:
    told = Told()
    power = Power(library, tmp_path / "data")
    log = tmp_path / "data" / "log"
    assert run(log, told, last=300, mode=mode, env=power.environment() | {"POWERCUT_SHORT": "50"}) == 0
    assert "failed\n" not in told.lines
    check(log, told, mode)


def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        told = Told()
        log = opened(disk / "log")
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(600 * 1024))
        log.close()
        command = [sys.executable, "-m", "tests.faults.log_writer", str(disk / "log"), "400"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line == "refused\n":
                    ballast.unlink(missing_ok=True)
            told.take("".join(lines))
        assert process.returncode == 0
        assert "refused\n" in lines
        assert told.stored >= 400
        check(disk / "log", told)


def test_a_limit_of_file_sizes_refuses(tmp_path: Path) -> None:
    told = Told()
    log = tmp_path / "log"
    assert run(log, told, last=10) == 0
    limited = ["bash", "-c", 'ulimit -f 100 && exec "$@"', "-"]  # 100 KiB, less than a segment
    assert run(log, told, *limited, last=20) in {0, 1}
    check(log, told)
