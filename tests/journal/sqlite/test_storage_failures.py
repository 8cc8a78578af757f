"""A COMMIT that raises: no answer is sent before the journal has looked up what is stored."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import apsw
import pytest

from socketchat.journal import Duplicate, StorageRefused, Stored
from socketchat.journal.sqlite.database import Database
from socketchat.journal.sqlite.journal import SQLiteJournal
from tests.journal.desk import Desk, opened, say
from tests.journal.disk import LOST, NO_SYNC, NO_WRITE, Disk


def journal_in(directory: Path) -> SQLiteJournal:
    return SQLiteJournal(str(directory), asyncio.get_running_loop())


async def failures(disk: Disk, count: int) -> None:
    """Wait until the disk has failed so often: after the second time the first attempt to reopen is over."""
    for _ in range(count):
        assert await asyncio.to_thread(disk.failures.acquire, timeout=10)


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize(("fault", "found"), [(NO_SYNC, True), (LOST, False), (NO_WRITE, False)])
def test_a_batch_with_a_failed_commit_is_looked_up(tmp_path: Path, disk: Disk, fault: str, *, found: bool) -> None:
    async def scene() -> None:
        async with opened(journal_in(tmp_path)) as desk:
            before = await desk.store(*(say(str(i), key=(1, i)) for i in range(3)))
            assert len(await desk.journal.read("#lobby", limit=9)) == 3  # so that a reader holds the log as well
            unknown = [say("a", key=(5, 3), claims=("x",)), say("b", "#new"), say("2", key=(1, 2))]
            disk.fault = fault
            for proposal in unknown:
                desk.journal.submit(proposal)
            await failures(disk, 2)
            await meanwhile(desk)
            assert [desk.told(proposal) for proposal in unknown] == [None] * 3
            synced, disk.fault = disk.syncs, None
            outcomes = [await desk.outcome(proposal) for proposal in unknown]
            assert disk.syncs > synced  # a failed sync is never counted as done
            if found:
                assert [type(outcome) for outcome in outcomes] == [Stored, Stored, Duplicate]
                assert outcomes[2].entry == before[2].entry
                again = say("a", key=(5, 3))
                assert await desk.store(again) == [Duplicate(again, outcomes[0].entry)]
            else:
                assert all(isinstance(outcome, StorageRefused) and outcome.retry for outcome in outcomes)
                outcomes = await desk.store(*unknown)
            assert [outcome.entry.seq for outcome in outcomes] == [4, 1, 3]
            [next_one] = await desk.store(say("next"))
            wanted = [outcome.entry for outcome in [*before, outcomes[0], next_one]]
            assert await desk.journal.read("#lobby", limit=9) == wanted
        async with opened(journal_in(tmp_path)) as desk:
            assert await desk.journal.read("#lobby", limit=9) == wanted

    async def meanwhile(desk: Desk) -> None:
        """New proposals are refused immediately, and reads continue."""
        [refused] = await desk.store(say("meanwhile"))
        assert isinstance(refused, StorageRefused)
        assert refused.retry
        assert "disk" in refused.reason
        assert len(await desk.journal.read("#lobby", upto=3, limit=9)) == 3

    asyncio.run(scene())


def test_proposals_queued_behind_a_failed_batch_are_refused_after_it(tmp_path: Path, disk: Disk) -> None:
    async def scene() -> None:
        reached, go_on = threading.Event(), threading.Event()

        def hold() -> None:
            reached.set()
            go_on.wait(10)

        async with opened(journal_in(tmp_path)) as desk:
            await desk.store(say("0"))
            disk.fault, disk.before_sync = NO_SYNC, hold
            first, second, third = (say(str(n), key=(1, n)) for n in (1, 2, 3))
            desk.journal.submit(first)
            await asyncio.to_thread(reached.wait, 10)
            desk.journal.submit(second)
            await turns()  # handed over
            disk.before_sync = None
            go_on.set()
            await failures(disk, 2)
            disk.fault = None
            assert isinstance(await desk.outcome(first), Stored)
            assert isinstance(await desk.outcome(second), StorageRefused)
            assert [outcome.proposal for outcome in desk.outcomes()[1:]] == [first, second]
            assert isinstance((await desk.store(third))[0], StorageRefused)  # it would overtake the second
            outcomes = await desk.store(second, third)
            assert [outcome.entry.seq for outcome in outcomes] == [3, 4]

    asyncio.run(scene())


def test_closing_with_an_unknown_outcome_sends_no_answer(tmp_path: Path, disk: Disk) -> None:
    async def scene() -> None:
        unknown = say("a", key=(1, 1))
        async with opened(journal_in(tmp_path)) as desk:
            await desk.store(say("0"))
            disk.fault = NO_SYNC
            desk.journal.submit(unknown)
            await failures(disk, 2)
        assert desk.told(unknown) is None
        disk.fault = None
        async with opened(journal_in(tmp_path)) as desk:
            assert desk.state.heads == {"#lobby": 2}
            [outcome] = await desk.store(unknown)
            assert isinstance(outcome, Duplicate)

    asyncio.run(scene())


def test_the_wal_is_rewritten_and_synced_before_it_is_trusted(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []

    def fsync(fd: int) -> None:
        synced.append(os.fstat(fd).st_ino)
        os.fdatasync(fd)

    async def scene() -> None:
        async with opened(journal_in(tmp_path)) as desk:
            await desk.store(say())
            log = (tmp_path / "socketchat.db-wal").stat().st_ino
            monkeypatch.setattr(os, "fsync", fsync)
            disk.fault = NO_SYNC
            unknown = say()
            desk.journal.submit(unknown)
            await failures(disk, 1)
            disk.fault = None
            assert isinstance(await desk.outcome(unknown), Stored)
            assert log in synced

    asyncio.run(scene())


def test_rewriting_the_wal_changes_nothing(tmp_path: Path) -> None:
    store = Database(tmp_path)
    store.acquire()
    store.rewrite_log()  # no outcome yet
    db = store.open_writer()
    with db:
        db.executemany("INSERT INTO claim VALUES (?, ?)", ((str(i), i) for i in range(100_000)))
    db.close()
    log = tmp_path / "socketchat.db-wal"
    before = log.read_bytes()
    store.rewrite_log()
    assert log.read_bytes() == before
    assert len(before) > 1 << 20
    db = store.open_writer()
    assert next(db.execute("SELECT count(*) FROM claim")) == (100_000,)
    db.close()
    store.release()


def test_an_error_before_the_commit_needs_no_recovery(tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(journal_in(tmp_path)) as desk:
            [before] = await desk.store(say("1"))
            shell = apsw.Connection(str(tmp_path / "socketchat.db"))
            shell.execute("BEGIN IMMEDIATE")  # as a SQLite shell might
            [refused] = await desk.store(say("2"))
            assert isinstance(refused, StorageRefused)
            assert refused.retry
            shell.execute("ROLLBACK")
            shell.close()
            [after] = await desk.store(say("3"))
            assert (before.entry.seq, after.entry.seq) == (1, 2)

    asyncio.run(scene())


def test_a_batch_that_cannot_be_rolled_back_is_looked_up(tmp_path: Path) -> None:
    def refuse_to_roll_back(_: object, statement: str, __: object) -> bool:
        return statement != "ROLLBACK"

    async def scene() -> None:
        async with opened(journal_in(tmp_path)) as desk:
            [before] = await desk.store(say("1", key=(1, 1)))
            desk.journal._writer._db.exec_trace = refuse_to_roll_back
            again = say("1", key=(1, 1))
            [refused] = await desk.store(again)  # a batch without an entry is rolled back
            assert isinstance(refused, StorageRefused)
            assert await desk.store(again) == [Duplicate(again, before.entry)]

    asyncio.run(scene())


def test_a_bad_entry_is_reported_with_the_batch_that_was_looked_up(tmp_path: Path, disk: Disk) -> None:
    async def scene() -> None:
        async with opened(journal_in(tmp_path)) as desk:
            await desk.store(say("0"))
            bad = say("bad")
            bad.body = None  # type: ignore[assignment]
            batch = [say("1"), bad, say("2")]
            disk.fault = NO_SYNC
            for proposal in batch:
                desk.journal.submit(proposal)
            await failures(disk, 2)
            disk.fault = None
            assert [type(await desk.outcome(proposal)) for proposal in batch] == [Stored, StorageRefused, Stored]
            assert await desk.journal.read("#lobby", after=1, limit=9) == [
                desk.told(batch[0]).entry,
                desk.told(batch[2]).entry,
            ]

    asyncio.run(scene())


def test_a_reader_with_the_sqlite_shell_does_not_block_the_journal(tmp_path: Path, disk: Disk) -> None:
    async def scene() -> None:
        async with opened(journal_in(tmp_path)) as desk:
            await desk.store(say("0"))
            shell = apsw.Connection(str(tmp_path / "socketchat.db"))
            shell.execute("BEGIN")
            shell.execute("SELECT * FROM entry").fetchall()
            unknown = say("1", key=(1, 1))
            disk.fault = NO_SYNC
            desk.journal.submit(unknown)
            await failures(disk, 2)
            disk.fault = None
            outcome = await desk.outcome(unknown)
            if isinstance(outcome, StorageRefused):  # the shell's view of the log does not have it
                [outcome] = await desk.store(unknown)
            assert isinstance(outcome, Stored)
            assert outcome.entry.seq == 2
            shell.close()

    asyncio.run(scene())
