"""Messages that the journal reported as stored survive any failure of its process or its disk, once and in order."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw
import pytest

from socketchat.journal import Duplicate
from socketchat.journal.sqlite.journal import SQLiteJournal
from tests.faults.tmpfs import fill, small_disk
from tests.faults.writer import OUTBOX, ROOMS
from tests.journal.desk import opened, say, text_of

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[2]
LONG = bool(os.environ.get("SOCKETCHAT_LONG"))
ENOUGH = 10_000_000
"""More messages than a writer stores before it is killed."""


@contextmanager
def writer(directory: Path, first: int, last: int, *prefix: str) -> Iterator[subprocess.Popen[str]]:
    command = [*prefix, sys.executable, "-m", "tests.faults.writer", str(directory), str(first), str(last)]
    # A separate process session, so that the traced process can be killed with strace.
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def can_trace() -> bool:
    return subprocess.run(["strace", "-qq", "true"], capture_output=True, check=False).returncode == 0


needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None or not can_trace(), reason="needs strace, and leave to trace"
)


def told(lines: list[str]) -> dict[int, tuple[str, int]]:
    """Return the stored messages, by number, from the lines of a writer; the last line may be incomplete."""
    stored = {}
    for line in lines:
        if line.startswith("stored") and line.endswith("\n"):
            _, number, conversation, seq = line.split()
            stored[int(number)] = (conversation, int(seq))
    return stored


async def check(directory: Path, stored: dict[int, tuple[str, int]]) -> int:
    """Compare the store with the reports, and return the number of the last stored message."""
    places: dict[str, tuple[str, int]] = {}
    async with opened(SQLiteJournal(str(directory), asyncio.get_running_loop())) as desk:
        for conversation, head in desk.state.heads.items():
            entries = await desk.journal.read(conversation, limit=ENOUGH)
            assert [entry.seq for entry in entries] == list(range(1, head + 1))
            assert not places.keys() & {text_of(entry) for entry in entries}
            places |= {text_of(entry): (conversation, entry.seq) for entry in entries}
        assert len(places) == sum(desk.state.heads.values())
        assert {n: places.get(f"message {n}") for n in stored} == stored, "lost"
        again = [say(f"message {n}", f"#{n % ROOMS}", key=(OUTBOX, n)) for n in sorted(stored)[-20:]]
        for outcome in await desk.store(*again):
            assert isinstance(outcome, Duplicate)
            assert outcome.entry is not None
            assert bytes(outcome.entry.body) == outcome.proposal.body
    db = apsw.Connection(str(directory / "socketchat.db"))
    assert db.pragma("integrity_check") == "ok"
    db.close()
    return max((int(text.split()[1]) for text in places), default=0)


def test_acknowledged_messages_survive_kill_9(tmp_path: Path) -> None:
    chance = random.Random(2)
    stored: dict[int, tuple[str, int]] = {}
    last = 0
    for _ in range(100 if LONG else 5):
        with writer(tmp_path / "data", last + 1, ENOUGH) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(chance.randrange(1, 4000))]
            process.kill()
            lines += process.stdout.readlines()
        stored |= told(lines)
        last = asyncio.run(check(tmp_path / "data", stored))


@needs_strace
@pytest.mark.parametrize("call", ["pwrite64", "fdatasync"])
def test_acknowledged_messages_survive_a_kill_at_every_system_call(tmp_path: Path, call: str) -> None:
    stored: dict[int, tuple[str, int]] = {}
    last = 0
    for nth in range(1, 200 if LONG else 16):
        trace = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={call}"]
        with writer(
            tmp_path / "data", last + 1, ENOUGH, *trace, "-e", f"inject={call}:signal=KILL:when={nth}"
        ) as process:
            assert process.stdout is not None
            stored |= told(process.stdout.readlines())
        last = asyncio.run(check(tmp_path / "data", stored))
    assert stored


@needs_strace
@pytest.mark.parametrize("call", ["pwrite64", "fdatasync"])
def test_the_server_reports_and_survives_a_disk_error(tmp_path: Path, call: str) -> None:
    trace = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={call}"]
    when = "80..84" if call == "pwrite64" else "20..24"  # calls of each thread; opening a store makes fewer
    with writer(tmp_path / "data", 1, 700, *trace, "-e", f"inject={call}:error=EIO:when={when}") as process:
        assert process.stdout is not None
        stored = told(process.stdout.readlines())
    assert len(stored) == 700
    asyncio.run(check(tmp_path / "data", stored))


@needs_strace
def test_a_slow_disk_loses_nothing(tmp_path: Path) -> None:
    trace = ["strace", "-f", "-qq", "-o", os.devnull, "-e", "trace=fdatasync"]
    with writer(
        tmp_path / "data", 1, 70, *trace, "-e", "inject=fdatasync:delay_enter=100000"
    ) as process:  # µs, in front of each
        assert process.stdout is not None
        stored = told(process.stdout.readlines())
    assert len(stored) == 70
    asyncio.run(check(tmp_path / "data", stored))


def test_the_server_reports_and_survives_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 40) as disk:
        fill(disk / "data.ballast", leave=17_300_000)  # hardly more than the reserve
        with writer(disk / "data", 1, 3000) as process:
            assert process.stdout is not None
            lines = process.stdout.readlines()
        assert any(line.startswith("refused") for line in lines)
        stored = told(lines)
        assert len(stored) == 3000
        asyncio.run(check(disk / "data", stored))
