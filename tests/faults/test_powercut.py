"""A power cut takes nothing that was told to be stored; and the same cuts are felt where commits are not synced."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.powercut import Power, build
from tests.faults.test_commit import ENOUGH, ROOT, check, told

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(sys.platform != "linux" or shutil.which("gcc") is None, reason="needs Linux and gcc"),
]

LONG = bool(os.environ.get("SOCKETCHAT_LONG"))
CUTS = 100 if LONG else 12
MOST_CALLS = 5000
"""At most so many calls before the power goes: some hundred commits, and in most runs a checkpoint or two."""


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("library"))


def cut(power: Power, directory: Path, first: int, after: int, *words: str) -> dict[int, tuple[str, int]]:
    """Run a writer until the power goes, and return what it was told."""
    command = [sys.executable, "-m", "tests.faults.writer", str(directory), str(first), str(ENOUGH), *words]
    process = subprocess.run(
        command, cwd=ROOT, env=power.environment(after), stdout=subprocess.PIPE, text=True, check=False
    )
    if process.returncode != -signal.SIGKILL:
        raise RuntimeError(f"the power did not go; the writer ended with {process.returncode}")
    power.fail()
    return told(process.stdout.splitlines(keepends=True))


def cuts(power: Power, directory: Path, *words: str, seed: int) -> int:
    """Cut the power again and again; return how many messages were told to be stored, all of which are."""
    chance = random.Random(seed)
    stored: dict[int, tuple[str, int]] = {}
    last = 0
    for _ in range(CUTS):
        stored |= cut(power, directory, last + 1, chance.randrange(1, MOST_CALLS), *words)
        last = asyncio.run(check(directory, stored))
        power.settle()
    return len(stored)


@pytest.mark.parametrize("early", [0, 50, 95], ids="{}% written back early".format)
def test_what_was_told_survives_power_cuts(tmp_path: Path, library: Path, early: int) -> None:
    data = tmp_path / "data"
    assert cuts(Power(library, data, early=early), data, seed=early) > 100


@pytest.mark.parametrize("after", range(1, 200 if LONG else 40, 1 if LONG else 3))
def test_a_store_that_is_made_while_the_power_goes_is_whole_or_made_again(
    tmp_path: Path, library: Path, after: int
) -> None:
    data = tmp_path / "data"
    asyncio.run(check(data, cut(Power(library, data), data, 1, after)))


def test_the_same_cuts_are_felt_where_commits_are_not_synced(tmp_path: Path, library: Path) -> None:
    data = tmp_path / "data"
    with pytest.raises(AssertionError, match="lost"):
        cuts(Power(library, data), data, "normal", seed=0)


def test_a_disk_that_lies_about_syncs_is_felt(tmp_path: Path, library: Path) -> None:
    data = tmp_path / "data"
    asyncio.run(check(data, {}))
    with pytest.raises(AssertionError, match="lost"):
        cuts(Power(library, data, lies=True), data, seed=0)
