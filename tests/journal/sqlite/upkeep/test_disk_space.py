"""A nearly full or locked disk: writes are refused, reads continue, and the journal recovers by itself."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import apsw
import pytest

from socketchat.journal import Duplicate, StorageRefused, Stored
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.journal.sqlite.lock import SET_ASIDE_BYTES
from socketchat.journal.sqlite.upkeep import disk_space as reserve
from socketchat.journal.sqlite.upkeep.disk_space import free_bytes
from tests.faults.tmpfs import fill, small_disk
from tests.journal.desk import opened, say, text_of

OUTBOX = 7


@pytest.fixture
def space(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Return the free space that the journal sees, which can be changed."""
    left = {"free": reserve.RESERVE_BYTES}
    monkeypatch.setattr(reserve, "free_bytes", lambda _: left["free"])
    monkeypatch.setattr(reserve, "LOOK_SECONDS", 0.0)
    return left


def test_entries_that_need_the_reserve_are_refused_until_space_is_free(
    tmp_path: Path, space: dict[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        async with opened(SQLiteJournal(str(tmp_path), asyncio.get_running_loop())) as desk:
            [before] = await desk.store(say("before"))
            space["free"] -= 1
            for _ in range(3):
                [refused] = await desk.store(say("too much", key=(1, 1)))
                assert isinstance(refused, StorageRefused)
                assert refused.retry
                assert "full" in refused.reason
            assert isinstance(before, Stored)
            assert await desk.journal.read("#lobby", limit=9) == [before.entry]
            space["free"] += 1
            [after] = await desk.store(say("too much", key=(1, 1)))
            assert isinstance(after, Stored)
            assert after.entry.seq == 2

    asyncio.run(scene())
    told = [record.message.removeprefix(f"the disk of {tmp_path} ") for record in caplog.records]
    assert told == ["is full: refusing messages until there is space", "has space again"]


def test_the_free_space_is_not_checked_for_every_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(reserve, "free_bytes", lambda path: asked.append(path) or reserve.RESERVE_BYTES)
    monkeypatch.setattr(reserve, "LOOK_SECONDS", 3600.0)
    found = reserve.DiskSpace(tmp_path)
    assert [found.lacks() for _ in range(9)] == [False] * 9
    assert asked == [tmp_path]


def test_unknown_free_space_counts_as_enough(tmp_path: Path) -> None:
    assert not reserve.DiskSpace(tmp_path / "gone").lacks()
    assert reserve.free_bytes(tmp_path) > 0


@pytest.mark.parametrize("hold", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_lock_by_the_sqlite_shell_delays_writes_only_briefly(tmp_path: Path, hold: str) -> None:
    async def scene() -> None:
        async with opened(SQLiteJournal(str(tmp_path), asyncio.get_running_loop())) as desk:
            [before] = await desk.store(say("before"))
            shell = apsw.Connection(str(tmp_path / "socketchat.db"))
            shell.execute(hold)
            [refused] = await desk.store(say("meanwhile", key=(1, 1)))
            assert isinstance(refused, StorageRefused)
            assert refused.retry
            assert isinstance(before, Stored)
            assert await desk.journal.read("#lobby", limit=9) == [before.entry]
            shell.execute("ROLLBACK")
            shell.close()
            [after] = await desk.store(say("meanwhile", key=(1, 1)))
            assert isinstance(after, Stored)

    asyncio.run(scene())


@pytest.mark.parametrize("how", ["closed", "killed", "killed and without its shared memory"])
def test_a_store_on_a_full_disk_is_opened_for_reading(tmp_path: Path, how: str) -> None:
    with small_disk(tmp_path / "disk", 40) as disk:
        first, data = tmp_path / "first", disk / "data"

        async def fill_store() -> None:
            async with opened(SQLiteJournal(str(first), asyncio.get_running_loop())) as desk:
                await desk.store(*(say(f"text {n}", key=(OUTBOX, n)) for n in range(3_000)))
                await desk.store(*(say(f"text {n}", key=(OUTBOX, n)) for n in range(3_000, 3_100)))
                if how != "closed":
                    copy(first, data)
            if how == "closed":
                copy(first, data)

        asyncio.run(fill_store())
        if how.endswith("memory"):
            (data / "socketchat.db-shm").unlink()
        fill(disk / "ballast", leave=0)
        assert free_bytes(disk) == 0

        async def read() -> None:
            async with opened(SQLiteJournal(str(data), asyncio.get_running_loop())) as desk:
                assert desk.state.heads == {"#lobby": 3_100}
                entries = await desk.journal.read("#lobby", limit=9_999)
                assert [text_of(entry) for entry in entries] == [f"text {n}" for n in range(3_100)]
                assert await desk.journal.find((OUTBOX, 3_099)) == entries[-1]
                (refused,) = await desk.store(say("no room"))
                assert isinstance(refused, StorageRefused)
                (disk / "ballast").unlink()
                while isinstance((outcome := (await desk.store(say("room")))[0]), StorageRefused):
                    pass
                assert outcome.entry.seq == 3_101
                (again,) = await desk.store(say("text 3099", key=(OUTBOX, 3_099)))
                assert isinstance(again, Duplicate)
                assert again.entry == entries[-1]

        asyncio.run(read())


def copy(first: Path, data: Path) -> None:
    """Copy a store, with the space that it has set aside."""
    shutil.copytree(first, data)
    assert (data / "lock").stat().st_blocks * 512 >= SET_ASIDE_BYTES
