"""A killed backup, restore or recovery keeps the old files, and leaves no file that looks complete."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from socketchat.exceptions import BadFile, Refused, StorageProblem
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.journal.sqlite.offline.backup import back_up, restore
from socketchat.journal.sqlite.offline.recovery import recover
from tests.client.serving import serving
from tests.faults.load import Load, check
from tests.faults.test_commit import needs_strace
from tests.faults.tmpfs import fill, small_disk
from tests.journal.desk import opened, say, text_of

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1200)]

LONG = bool(os.environ.get("SOCKETCHAT_LONG"))
SAID = 400
BACKUPS = 30 if LONG else 4
CALLS = {"pwrite64": 60, "write": 40, "ftruncate": 3, "fsync": 6, "fdatasync": 6, "rename": 4, "unlink": 6}
"""The system calls at which a command is killed, and the most that are made of each."""

PROGRAM = (sys.executable, "-m", "socketchat")
RECOVER = (
    "import sys; from pathlib import Path; from socketchat.journal.sqlite.offline.recovery import recover; "
    "recover(Path(sys.argv[1]))"
)


def texts_in(directory: Path) -> list[str]:
    async def scene() -> list[str]:
        async with opened(SQLiteJournal(str(directory), asyncio.get_running_loop())) as desk:
            return [text_of(entry) for entry in await desk.journal.read("#lobby", limit=9999)]

    return asyncio.run(scene())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A store with some messages, the last of them in the write-ahead log, as after a crash."""

    async def scene() -> None:
        async with opened(SQLiteJournal(str(tmp_path / "data"), asyncio.get_running_loop())) as desk:
            await desk.store(*(say(f"{i} {'x' * 90}") for i in range(SAID)))

    asyncio.run(scene())
    return tmp_path / "data"


def kills() -> Iterator[tuple[str, int]]:
    chance = random.Random(9)
    for call, most in CALLS.items():
        places = range(1, most + 1)
        yield from ((call, nth) for nth in (places if LONG else sorted(chance.sample(places, min(most, 5)))))


def killed(call: str, nth: int, *command: object) -> bool:
    """Run a command and kill it at the n-th use of a system call; return False if it ended before."""
    trace = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={call}"]
    done = subprocess.run(
        [*trace, "-e", f"inject={call}:signal=KILL:when={nth}", *map(str, command)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    return done.returncode != 0


@needs_strace
def test_a_killed_backup_leaves_no_backup(tmp_path: Path, data: Path) -> None:
    said, copy = texts_in(data), tmp_path / "copy.db"
    for call, nth in kills():
        was_killed = killed(call, nth, *PROGRAM, "backup", copy, "--data", data)
        assert was_killed or copy.exists()
        if not copy.exists():
            back_up(data, copy)
        restore(copy, tmp_path / "other")
        assert texts_in(tmp_path / "other") == said
        shutil.rmtree(tmp_path / "other")
        copy.unlink()
        assert texts_in(data) == said


@needs_strace
def test_a_killed_restore_is_complete_or_reported(tmp_path: Path, data: Path) -> None:
    said, copy, other = texts_in(data), tmp_path / "copy.db", tmp_path / "other"
    back_up(data, copy)
    before = copy.read_bytes()
    for call, nth in kills():
        was_killed = killed(call, nth, *PROGRAM, "restore", copy, "--data", other)
        if (other / "socketchat.db").exists():
            assert texts_in(other) == said
        else:
            assert was_killed
            if any(path.name != "lock" for path in other.glob("*")):
                with pytest.raises(BadFile, match="interrupted"):
                    texts_in(other)
            restore(copy, other)
            assert texts_in(other) == said
        assert copy.read_bytes() == before
        shutil.rmtree(other)


@needs_strace
def test_a_killed_recovery_keeps_the_damaged_store(tmp_path: Path, data: Path) -> None:
    database = data / "socketchat.db"
    content = bytearray(database.read_bytes())
    at = content.index(b"100 xxx") // 4096 * 4096
    content[at : at + 4096] = os.urandom(4096)
    database.write_bytes(content)
    shutil.copytree(data, tmp_path / "reference")
    kept = recover(tmp_path / "reference")
    assert 300 < kept.kept < SAID
    recovered = texts_in(tmp_path / "reference")
    for call, nth in kills():
        trial = Path(shutil.copytree(data, tmp_path / "trial"))
        killed(call, nth, sys.executable, "-c", RECOVER, trial)
        damaged = trial / "socketchat.db.damaged"
        originals = [path for path in (trial / "socketchat.db", damaged) if path.exists()]
        assert any(path.read_bytes() == content for path in originals)
        try:
            assert recover(trial) == kept
        except Refused:
            assert damaged.read_bytes() == content
        assert texts_in(trial) == recovered
        shutil.rmtree(trial)


def test_a_killed_export_does_not_change_the_store(data: Path) -> None:
    said = texts_in(data)
    before = (data / "socketchat.db").read_bytes()
    with subprocess.Popen([*PROGRAM, "export", "--data", data], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        process.kill()
    assert (data / "socketchat.db").read_bytes() == before
    assert texts_in(data) == said


def test_a_backup_to_a_full_disk_is_an_error_and_leaves_no_file(tmp_path: Path, data: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        fill(disk / "ballast", leave=20_000)
        with pytest.raises(StorageProblem, match=r"copy\.db is full"):
            back_up(data, disk / "copy.db")
        with pytest.raises(StorageProblem, match="full"):
            restore(data / "socketchat.db", disk / "other")
        assert [path.name for path in disk.iterdir()] == ["ballast"]
    assert len(texts_in(data)) == SAID


def rows_of(database: Path) -> list[tuple[object, ...]]:
    db = apsw.Connection(str(database))
    assert db.pragma("integrity_check") == "ok"
    rows = list(db.execute("SELECT * FROM entry ORDER BY id"))
    db.close()
    return rows


async def back_up_under_load(directory: Path) -> list[int]:
    """Back up a busy server; return the number of messages in each backup."""
    sizes = []
    with serving(directory, "--no-limits") as server:
        async with Load(server.port, directory) as load:
            for number in range(BACKUPS):
                await load.acknowledge(100)
                confirmed = load.history.acknowledged
                command = [*PROGRAM, "backup", directory / f"{number}.db", "--data", directory / "data"]
                assert await asyncio.to_thread(subprocess.call, command, stdout=subprocess.DEVNULL) == 0
                sizes.append(confirmed)
            await load.finish()
        await asyncio.to_thread(server.end)
        await check(load, directory / "data")
    return sizes


def test_a_backup_of_a_busy_server_has_all_confirmed_messages(tmp_path: Path) -> None:
    confirmed = asyncio.run(back_up_under_load(tmp_path))
    whole = rows_of(tmp_path / "data" / "socketchat.db")
    for number, least in enumerate(confirmed):
        rows = rows_of(tmp_path / f"{number}.db")
        assert rows == whole[: len(rows)]
        assert sum(row[6] == "message" for row in rows) >= least
        restore(tmp_path / f"{number}.db", tmp_path / f"restored {number}")
