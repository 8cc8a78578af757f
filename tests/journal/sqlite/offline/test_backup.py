"""Backups of a store that is in use, and stores made from them."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from socketchat.exceptions import BadFile, Refused, StorageProblem
from socketchat.journal import Proposal, Stored
from socketchat.journal.sqlite import schema
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.journal.sqlite.offline.backup import back_up, restore
from socketchat.journal.sqlite.offline.reading import reading
from tests.journal.data import FIRST
from tests.journal.desk import Desk, opened, say, text_of


def journal_in(directory: Path) -> SQLiteJournal:
    return SQLiteJournal(str(directory), asyncio.get_running_loop())


def rows_of(database: Path) -> list[tuple[object, ...]]:
    db = apsw.Connection(str(database))
    assert db.pragma("integrity_check") == "ok"
    rows = list(db.execute("SELECT * FROM entry ORDER BY id"))
    db.close()
    return rows


async def stored_in(directory: Path) -> tuple[str, list[str]]:
    async with opened(journal_in(directory)) as desk:
        return desk.state.epoch, [text_of(entry) for entry in await desk.journal.read("#lobby", limit=9)]


async def fill(directory: Path, *proposals: Proposal) -> None:
    async with opened(journal_in(directory)) as desk:
        await desk.store(*proposals)


def test_a_backup_under_load_is_a_prefix_of_the_log(tmp_path: Path) -> None:
    async def talk(desk: Desk) -> None:
        i = 0
        while True:
            await desk.store(*(say(f"{i} {n}", f"#{n % 3}", key=(n % 2, i * 7 + n)) for n in range(7)))
            i += 1

    async def scene() -> None:
        async with opened(journal_in(tmp_path / "data")) as desk:
            talking = asyncio.create_task(talk(desk))
            for n in range(5):
                [confirmed] = await desk.store(say(f"before backup {n}"))
                await asyncio.to_thread(back_up, tmp_path / "data", tmp_path / f"{n}.db")
                assert isinstance(confirmed, Stored)
                assert not talking.done()
            talking.cancel()

    asyncio.run(scene())
    whole = rows_of(tmp_path / "data" / "socketchat.db")
    for n in range(5):
        rows = rows_of(tmp_path / f"{n}.db")
        assert rows == whole[: len(rows)]
        assert f"before backup {n}".encode() in b"".join(bytes(row[7]) for row in rows[-500:])
        assert (tmp_path / f"{n}.db").stat().st_mode & 0o777 == 0o600


def test_a_restored_backup_is_an_independent_store(tmp_path: Path) -> None:
    data, copy, other = tmp_path / "data", tmp_path / "copy.db", tmp_path / "other" / "data"
    asyncio.run(fill(data, say("one"), say("two")))
    back_up(data, copy)
    assert sorted(path.name for path in data.iterdir()) == ["lock", "socketchat.db"]
    asyncio.run(fill(data, say("three")))
    restore(copy, other)
    assert (other.stat().st_mode & 0o777, (other / "socketchat.db").stat().st_mode & 0o777) == (0o700, 0o600)
    epoch, texts = asyncio.run(stored_in(data))
    new_epoch, restored = asyncio.run(stored_in(other))
    assert (texts, restored) == (["one", "two", "three"], ["one", "two"])
    assert new_epoch != epoch
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "data", "other"]


def test_a_backup_overwrites_no_file(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy.db"
    asyncio.run(fill(data, say("one")))
    back_up(data, copy)
    before = copy.read_bytes()
    with pytest.raises(Refused, match="already"):
        back_up(data, copy)
    with pytest.raises(Refused, match="There is a store"):
        restore(copy, data)
    assert copy.read_bytes() == before
    assert asyncio.run(stored_in(data))[1] == ["one"]


def test_a_store_of_the_first_version_can_be_restored(tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(FIRST.read_bytes())
    restore(copy, tmp_path / "data")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "data"]
    assert asyncio.run(stored_in(tmp_path / "data"))[1][0] == "hello"


def damaged(copy: Path) -> None:
    data = bytearray(copy.read_bytes())
    data[4096:8192] = b"\xa5" * 4096
    copy.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (Path.unlink, "No such file"),
        (damaged, "damaged"),
        (lambda copy: copy.write_text("Dear diary\n" * 999), "is not a backup"),
        (lambda copy: copy.write_bytes(b""), "Give a file that `socketchat backup` wrote"),
        (lambda copy: change(copy, "PRAGMA user_version = 99"), "newer"),
    ],
    ids=["missing", "damaged", "text", "empty", "newer"],
)
def test_an_invalid_backup_is_not_restored(tmp_path: Path, spoil: object, told: str) -> None:
    data, copy, other = tmp_path / "data", tmp_path / "copy.db", tmp_path / "other"
    asyncio.run(fill(data, *(say("one") for _ in range(99))))
    back_up(data, copy)
    spoil(copy)  # type: ignore[operator]
    with pytest.raises(BadFile, match=told):
        restore(copy, other)
    assert not other.exists()


def change(database: Path, statement: str) -> None:
    db = apsw.Connection(str(database))
    db.execute(statement)
    db.close()


def test_a_missing_source_or_target_of_a_backup_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="No store"):
        back_up(tmp_path, tmp_path / "copy.db")
    asyncio.run(fill(tmp_path, say("one")))
    with pytest.raises(BadFile, match="Cannot write"):
        back_up(tmp_path, tmp_path / "nowhere" / "copy.db")


def test_a_restore_into_a_store_in_use_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(journal_in(tmp_path / "data")):
            with pytest.raises(StorageProblem, match="in use"):
                restore(FIRST, tmp_path / "data")

    asyncio.run(scene())


def test_a_read_only_connection_cannot_write(tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(journal_in(tmp_path)) as desk:
            await desk.store(say("one"))
            with reading(tmp_path) as db, pytest.raises(apsw.ReadOnlyError):
                schema.begin_epoch(db)
            await desk.store(say("two"))

    asyncio.run(scene())


def test_an_interrupted_restore_is_reported_and_can_be_repeated(tmp_path: Path) -> None:
    data, copy, other = tmp_path / "data", tmp_path / "copy.db", tmp_path / "other"
    asyncio.run(fill(data, *(say(f"number {i}") for i in range(99))))
    back_up(data, copy)
    for text in ("one", "two"):
        asyncio.run(fill(tmp_path / text, say(text)))
        back_up(tmp_path / text, tmp_path / f"{text}.db")
    restore(tmp_path / "one.db", other)
    (other / "socketchat.db").rename(other / "socketchat.db.restored")
    leave_a_journal(other / "socketchat.db.restored")
    with pytest.raises(BadFile, match=r"interrupted\. Run it again"):
        asyncio.run(stored_in(other))
    restore(tmp_path / "two.db", other)
    assert asyncio.run(stored_in(other))[1] == ["two"]
    assert sorted(path.name for path in other.iterdir()) == ["lock", "socketchat.db"]


def leave_a_journal(database: Path) -> None:
    """Be killed in the middle of the transaction that gives a copy its epoch."""
    script = f"""if True:
        import apsw, os, signal
        db = apsw.Connection({str(database)!r})
        db.pragma("cache_spill", 1)
        db.pragma("cache_size", 1)
        db.execute("BEGIN; UPDATE meta SET epoch = zeroblob(9000); UPDATE entry SET body = zeroblob(90000)")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", script], check=False)
    assert Path(f"{database}-journal").stat().st_size > 0


def test_two_backups_of_one_name_do_not_destroy_each_other(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy.db"
    asyncio.run(fill(data, *(say(f"number {i}") for i in range(99))))
    asyncio.run(fill(tmp_path / "other", say("other")))

    def meanwhile(_done: int, _of: int) -> None:
        if not copy.exists():
            back_up(tmp_path / "other", copy)

    with pytest.raises(Refused, match="already"):
        back_up(data, copy, meanwhile)
    restore(copy, tmp_path / "restored")
    assert asyncio.run(stored_in(tmp_path / "restored"))[1] == ["other"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "data", "other", "restored"]


@pytest.mark.parametrize("name", ["copy.db.new", "copy.db.new-journal", "copy.db-journal"])
def test_a_backup_touches_no_file_beside_it(tmp_path: Path, name: str) -> None:
    asyncio.run(fill(tmp_path / "data", say("one")))
    (tmp_path / name).write_text("precious")
    back_up(tmp_path / "data", tmp_path / "copy.db")
    assert (tmp_path / name).read_text() == "precious"


def test_a_dangling_symlink_does_not_count_as_a_new_file(tmp_path: Path) -> None:
    asyncio.run(fill(tmp_path / "data", say("one")))
    (tmp_path / "copy.db").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Refused, match="already"):
        back_up(tmp_path / "data", tmp_path / "copy.db")


READ_ONLY = """
import subprocess, sys
from pathlib import Path
from socketchat.journal.sqlite.offline.backup import back_up
from socketchat.journal.sqlite.offline.export import as_text, entries
from socketchat.journal.sqlite.offline.reading import reading
data = Path(sys.argv[1])
subprocess.run(["mount", "--bind", data, data], check=True)
subprocess.run(["mount", "-o", "remount,ro,bind", data], check=True)
with reading(data) as db:
    print("".join(as_text(entry, {}) + chr(10) for entry in entries(db)))
back_up(data, Path(sys.argv[2]))
"""


def can_mount() -> bool:
    return subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="needs the right to mount")
@pytest.mark.parametrize("state", ["closed", "killed", "running"])
def test_a_read_only_copy_can_be_exported_and_backed_up(tmp_path: Path, state: str) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy.db"

    async def scene() -> None:
        async with opened(journal_in(data)) as desk:
            await desk.store(*(say(f"number {i}") for i in range(99)))
            if state == "running":
                await asyncio.to_thread(read_only, data, copy)
            if state == "killed":
                shutil.copytree(data, tmp_path / "killed")
                (tmp_path / "killed" / "socketchat.db-shm").unlink()

    asyncio.run(scene())
    if state != "running":
        read_only(tmp_path / "killed" if state == "killed" else data, copy)
    assert len(rows_of(copy)) == 99


def read_only(data: Path, copy: Path) -> None:
    """Export and back up in a process that cannot write in the data directory."""
    before = {path.name: path.read_bytes() for path in data.iterdir() if path.suffix != ".db-shm"}
    script = [sys.executable, "-c", READ_ONLY, str(data), str(copy)]
    ran = subprocess.run(["unshare", "-m", *script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "alice: number 98" in ran.stdout
    assert {path.name: path.read_bytes() for path in data.iterdir() if path.suffix != ".db-shm"} == before
