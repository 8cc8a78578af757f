"""A power cut loses no stored message; without syncs, the same cuts do."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.kills import rounds
from tests.faults.powercut import Power, build
from tests.faults.test_commit import ENOUGH, ROOT, check, needs_strace, told

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(sys.platform != "linux" or shutil.which("gcc") is None, reason="needs Linux and gcc"),
]

LONG = bool(os.environ.get("SOCKETCHAT_LONG"))
CUTS = 100 if LONG else 12
MOST_CALLS = 5000
"""Most system calls before a power cut: some hundred commits, and usually a checkpoint or two."""


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("library"))


def cut(power: Power, directory: Path, first: int, after: int, *words: str) -> dict[int, tuple[str, int]]:
    """Run a writer until the power cut, and return its reports."""
    command = [sys.executable, "-m", "tests.faults.writer", str(directory), str(first), str(ENOUGH), *words]
    process = subprocess.run(
        command, cwd=ROOT, env=power.environment(after), stdout=subprocess.PIPE, text=True, check=False
    )
    if process.returncode != -signal.SIGKILL:
        raise RuntimeError(f"the power did not go; the writer ended with {process.returncode}")
    power.fail()
    return told(process.stdout.splitlines(keepends=True))


def cuts(power: Power, directory: Path, *words: str, seed: int) -> int:
    """Cut the power repeatedly; return the number of messages reported as stored, after checking all of them."""
    chance = random.Random(seed)
    stored: dict[int, tuple[str, int]] = {}
    last = 0
    for _ in range(CUTS):
        stored |= cut(power, directory, last + 1, chance.randrange(1, MOST_CALLS), *words)
        last = asyncio.run(check(directory, stored))
        power.settle()
    return len(stored)


@pytest.mark.parametrize("early", [0, 50, 95], ids="{}% written back early".format)
def test_acknowledged_messages_survive_power_cuts(tmp_path: Path, library: Path, early: int) -> None:
    data = tmp_path / "data"
    assert cuts(Power(library, data, early=early), data, seed=early) > 100


@pytest.mark.parametrize("after", range(1, 200 if LONG else 40, 1 if LONG else 3))
def test_a_store_created_during_a_power_cut_is_complete_or_recreated(tmp_path: Path, library: Path, after: int) -> None:
    data = tmp_path / "data"
    asyncio.run(check(data, cut(Power(library, data), data, 1, after)))


@needs_strace
def test_a_created_directory_is_synced_in_its_parent(tmp_path: Path) -> None:
    trace, data = tmp_path / "trace", tmp_path / "new" / "data"
    command = ["strace", "-f", "-y", "-o", trace, "-e", "trace=fsync", sys.executable, "-m", "tests.faults.writer"]
    subprocess.run([*command, data, "1", "1"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    synced = set(re.findall(r"fsync\(\d+<(.*?)>", trace.read_text()))
    assert {str(tmp_path), str(tmp_path / "new"), str(data)} <= synced


def test_without_syncs_the_same_power_cuts_lose_messages(tmp_path: Path, library: Path) -> None:
    data = tmp_path / "data"
    with pytest.raises(AssertionError, match="lost"):
        cuts(Power(library, data), data, "normal", seed=0)


def test_a_disk_that_ignores_syncs_loses_messages(tmp_path: Path, library: Path) -> None:
    data = tmp_path / "data"
    asyncio.run(check(data, {}))
    with pytest.raises(AssertionError, match="lost"):
        cuts(Power(library, data, lies=True), data, seed=0)


def test_no_shown_message_is_gone_after_a_power_cut(tmp_path: Path, library: Path) -> None:
    power = Power(library, tmp_path / "data", early=30)
    assert asyncio.run(rounds(CUTS // 2, tmp_path, seed=3, power=power)) > 100
