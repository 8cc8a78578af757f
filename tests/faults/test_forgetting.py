"""Secure deletion changes no kept entry, with readers, backups and power cuts."""

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

import apsw
import pytest

from socketchat.journal.bodies import is_blank
from socketchat.journal.sqlite import writer
from socketchat.journal.sqlite.checksum import entry_from
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.journal.sqlite.offline.backup import back_up
from socketchat.journal.sqlite.upkeep import secure_delete as scrubbing
from tests.faults.forgetter import ROOM, is_deleted, text
from tests.faults.powercut import Power, build
from tests.faults.test_commit import ROOT
from tests.journal.desk import opened, text_of
from tests.journal.sqlite.upkeep.test_traces import left_in_files

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(sys.platform != "linux" or shutil.which("gcc") is None, reason="needs Linux and gcc"),
]

CUTS = 150 if os.environ.get("SOCKETCHAT_LONG") else 8
MOST_CALLS = 4000
ROUNDS = 1000 if os.environ.get("SOCKETCHAT_LONG") else 100

ENTRIES = """
    SELECT c.name, e.seq, e.ts, e.author, e.name, e.kind, e.body, e.checksum
    FROM entry e JOIN conversation c ON c.id = e.conversation
"""


@pytest.mark.parametrize("early", [0, 50])
def test_a_power_cut_during_secure_delete_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, early: int
) -> None:
    monkeypatch.setattr(scrubbing, "SCRUB_SECONDS", 0.0)
    monkeypatch.setattr(writer, "IDLE_SECONDS", 0.01)
    power = Power(build(tmp_path), tmp_path / "data", early=early)
    chance = random.Random(early)
    seqs: dict[int, int] = {}
    gone: set[int] = set()
    for _ in range(CUTS):
        lines = cut(power, tmp_path / "data", chance.randrange(300, MOST_CALLS), max(seqs, default=0) + 1000)
        seqs |= {int(n): int(seq) for n, seq in re.findall(r"^stored (\d+) (\d+)\n", lines, re.MULTILINE)}
        gone |= {int(n) for n in re.findall(r"^deleted (\d+)\n", lines, re.MULTILINE)}
        asyncio.run(asyncio.wait_for(check(tmp_path / "data", seqs, gone), 60))
        power.settle()
    assert len(gone) > CUTS


def test_readers_and_backups_are_intact_during_secure_delete(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "tests.faults.forgetter", data, "1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for number in range(ROUNDS):
            while not (line := process.stdout.readline()).startswith("deleted"):
                assert line, "the process has ended"
            back_up(data, tmp_path / f"{number}.db")
            for path in (tmp_path / f"{number}.db", data / "socketchat.db"):
                reader = apsw.Connection(str(path))
                reader.pragma("mmap_size", 1 << 30)
                assert reader.pragma("integrity_check") == "ok"
                kinds = {entry_from(row).kind for row in reader.execute(ENTRIES)}
                assert kinds == {"message", "delete"}
                reader.close()
        assert process.poll() is None
        process.kill()


def cut(power: Power, directory: Path, after: int, first: int) -> str:
    """Store and delete until the power cut, and return the reports."""
    command = [sys.executable, "-m", "tests.faults.forgetter", directory, str(first)]
    process = subprocess.run(
        command, cwd=ROOT, env=power.environment(after), stdout=subprocess.PIPE, text=True, check=False
    )
    if process.returncode != -signal.SIGKILL:
        raise RuntimeError(f"the power did not go; the process ended with {process.returncode}")
    power.fail()
    return process.stdout


async def check(directory: Path, seqs: dict[int, int], gone: set[int]) -> None:
    """Compare the store with the reports, and search for traces after the next run."""
    async with opened(SQLiteJournal(str(directory), asyncio.get_running_loop())) as desk:
        entries = {entry.seq: entry for entry in await desk.journal.read(ROOM, limit=1_000_000)}
        assert list(entries) == list(range(1, len(entries) + 1))
        for n, seq in seqs.items():
            if n in gone:
                assert is_blank(entries[seq])
            else:
                assert text_of(entries[seq]) == text(n) or (is_deleted(n) and is_blank(entries[seq]))
        looker = desk.journal._database.open_reader()
        while next(looker.execute("SELECT deleted FROM meta")) != (0,):
            await desk.journal.read(ROOM, limit=100)
        assert left_in_files(directory, {word for n in gone for word in text(n).split()}) == set()
        looker.close()
    db = apsw.Connection(str(directory / "socketchat.db"))
    assert db.pragma("integrity_check") == "ok"
    db.close()
