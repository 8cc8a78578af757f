"""The files of the SQLite journal, and the errors if it cannot use them."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from socketchat.exceptions import BadFile, ChatError, StorageProblem
from socketchat.journal import Duplicate, Proposal, StorageRefused, Stored
from socketchat.journal.sqlite import ledger, schema, writer
from socketchat.journal.sqlite.database import WAL_KEPT
from socketchat.journal.sqlite.indexes import outbox_index as keys
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.journal.sqlite.writer import CHECKPOINT_PAGES
from tests.journal.desk import opened, say
from tests.journal.disk import FULL, NO_READ, Disk

HOLDER = """
import asyncio, sys
from socketchat.journal.sqlite.journal import SQLiteJournal

async def hold():
    journal = SQLiteJournal(sys.argv[1], asyncio.get_running_loop())
    await journal.open()
    print("open", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(hold())
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "new" / "data"


@pytest.fixture
def wide_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def journal_in(directory: Path) -> SQLiteJournal:
    return SQLiteJournal(str(directory), asyncio.get_running_loop())


async def fill(directory: Path, *proposals: Proposal) -> None:
    async with opened(journal_in(directory)) as desk:
        await desk.store(*proposals)


async def refusal(directory: Path) -> ChatError:
    with pytest.raises(ChatError) as raised:
        await journal_in(directory).open()
    return raised.value


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def modes(directory: Path) -> dict[str, int]:
    return {path.name: mode(path) for path in directory.iterdir()}


def test_the_connections_have_the_required_settings(directory: Path) -> None:
    async def scene() -> None:
        async with opened(journal_in(directory)) as desk:
            writer = desk.journal._writer._db
            wanted = {
                "journal_mode": "wal",
                "synchronous": 2,
                "secure_delete": 1,
                "mmap_size": 0,
                "wal_autocheckpoint": 0,
                "journal_size_limit": WAL_KEPT,
                "fullfsync": 1,
                "checkpoint_fullfsync": 1,
                "user_version": len(schema.MIGRATIONS),
                "application_id": schema.APPLICATION_ID,
            }
            assert {name: writer.pragma(name) for name in wanted} == wanted
            reader = desk.journal._readers._database.open_reader()
            assert (reader.pragma("query_only"), reader.pragma("wal_autocheckpoint")) == (1, 0)
            with pytest.raises(apsw.ReadOnlyError):
                reader.execute("UPDATE meta SET epoch = 'mine'")
            reader.close()

    asyncio.run(scene())


@pytest.mark.usefixtures("wide_umask")
def test_only_the_owner_can_read_the_files(directory: Path) -> None:
    async def scene() -> None:
        async with opened(journal_in(directory)) as desk:
            await desk.store(say())
            assert [mode(directory), mode(directory.parent)] == [0o700, 0o700]
            assert modes(directory) == dict.fromkeys(
                ["lock", "socketchat.db", "socketchat.db-shm", "socketchat.db-wal"], 0o600
            )

    asyncio.run(scene())


def test_files_readable_by_others_are_made_private(directory: Path) -> None:
    asyncio.run(fill(directory))
    (directory / "socketchat.db").chmod(0o644)
    (directory / "lock").chmod(0o644)
    asyncio.run(fill(directory))
    assert modes(directory) == {"lock": 0o600, "socketchat.db": 0o600}


def test_a_closed_store_is_one_intact_file(directory: Path) -> None:
    asyncio.run(fill(directory, *(say(str(i), f"#{i % 7}", key=(i % 3, i)) for i in range(3000))))
    assert sorted(path.name for path in directory.iterdir()) == ["lock", "socketchat.db"]
    db = apsw.Connection(str(directory / "socketchat.db"))
    assert db.pragma("integrity_check") == "ok"
    db.close()


def test_the_error_for_a_second_process_names_the_first_one(directory: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        error = asyncio.run(refusal(directory))
        assert isinstance(error, StorageProblem)
        wanted = f"The data directory {directory} is in use by another socketchat (process {holder.pid})"
        assert str(error).startswith(wanted)
        holder.send_signal(signal.SIGKILL)
    asyncio.run(fill(directory))  # the lock dies with its holder


def test_a_journal_that_fails_to_open_releases_the_directory(directory: Path) -> None:
    directory.mkdir(parents=True)
    database = directory / "socketchat.db"
    database.write_text("")
    asyncio.run(refusal(directory))
    database.unlink()
    asyncio.run(fill(directory))


def spoil_with_text(database: Path) -> None:
    database.write_text("Dear diary, this is no database but rather long.\n" * 100)


def spoil_the_tables(database: Path) -> None:
    data = bytearray(database.read_bytes())
    data[100:4096] = b"\xa5" * 3996
    database.write_bytes(data)


def spoil_the_entries(database: Path) -> None:
    db = apsw.Connection(str(database))
    root = next(db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'entry'"))[0]
    db.close()
    data = bytearray(database.read_bytes())
    data[(root - 1) * 4096 : root * 4096] = b"\xa5" * 4096
    database.write_bytes(data)


def change(statement: str) -> Callable[[Path], None]:
    def spoil(database: Path) -> None:
        db = apsw.Connection(str(database))
        db.execute(statement)
        db.close()

    return spoil


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (spoil_with_text, "is damaged"),
        (spoil_the_tables, "is damaged"),
        (spoil_the_entries, "is damaged"),
        (lambda database: database.write_bytes(b""), "is empty"),
        (lambda database: database.write_bytes(database.read_bytes()[:-4096]), "is damaged"),
        (lambda database: database.rename(f"{database}-wal"), "is missing, but its log is there"),
        (change("PRAGMA application_id = 7"), "not a store of socketchat"),
        (change(f"PRAGMA application_id = {schema.EARLIER_ID}"), "created by a version before 0.1.0"),
        (change("PRAGMA user_version = 99"), "newer socketchat"),
    ],
    ids=["text", "tables", "entries", "empty", "short", "missing", "foreign", "earlier", "newer"],
)
def test_a_foreign_file_is_left_alone(directory: Path, spoil: Callable[[Path], None], told: str) -> None:
    asyncio.run(fill(directory, say(fact=True)))
    spoil(directory / "socketchat.db")
    before = {path.name: path.read_bytes() for path in directory.iterdir() if path.name.endswith((".db", "-wal"))}
    error = asyncio.run(refusal(directory))
    assert isinstance(error, BadFile)
    assert told in str(error)
    assert "\n" not in str(error)
    after = {path.name: path.read_bytes() for path in directory.iterdir()}
    assert {name: after[name] for name in before} == before


def test_an_interrupted_creation_starts_over(directory: Path) -> None:
    directory.mkdir(parents=True)
    (directory / "socketchat.db.new").write_bytes(b"half")
    asyncio.run(fill(directory))
    assert sorted(path.name for path in directory.iterdir()) == ["lock", "socketchat.db"]


def test_a_missing_store_is_not_recreated_silently(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    asyncio.run(fill(directory, say()))
    assert caplog.records == []
    (directory / "tls.pem").write_text("")
    (directory / "socketchat.db").unlink()
    asyncio.run(fill(directory))
    assert "creating an empty one" in caplog.text


def test_a_path_that_cannot_be_a_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = asyncio.run(refusal(tmp_path / "file" / "data"))
    assert isinstance(error, StorageProblem)
    assert "Cannot use the data directory" in str(error)


def test_a_file_system_without_shared_memory_is_an_error(directory: Path) -> None:
    bare = apsw.VFS("no-shared-memory", "unix-none", makedefault=True)
    try:
        error = asyncio.run(refusal(directory))
    finally:
        bare.unregister()
        apsw.set_default_vfs("unix")
    assert isinstance(error, StorageProblem)
    assert "Choose a local disk" in str(error)


def test_a_full_disk_at_the_start_is_an_error(directory: Path, disk: Disk) -> None:
    disk.fault = FULL
    error = asyncio.run(refusal(directory))
    assert isinstance(error, StorageProblem)
    assert "Free some space" in str(error)
    disk.fault = None
    asyncio.run(fill(directory))


@pytest.mark.parametrize("bad", [b"text", "\ud800"], ids=["body", "name"])
def test_only_the_entry_that_cannot_be_stored_is_refused(directory: Path, bad: object) -> None:
    async def scene() -> None:
        spoiled = say("bad", "#new", key=(1, 2), claims=("x",))
        if isinstance(bad, str):
            spoiled.name = bad
        else:
            spoiled.body = None  # type: ignore[assignment]
        async with opened(journal_in(directory)) as desk:
            proposals = [say("1", key=(1, 1)), spoiled, say("3", key=(1, 3), claims=("x",)), say("4", "#new")]
            outcomes = await desk.store(*proposals)
            assert [type(o) for o in outcomes] == [Stored, StorageRefused, Stored, Stored]
            assert [o.entry.seq for o in outcomes if isinstance(o, Stored)] == [1, 2, 1]
            assert not outcomes[1].retry
            again = say("3", key=(1, 3))
            assert await desk.store(again) == [Duplicate(again, outcomes[2].entry)]
        async with opened(journal_in(directory)) as desk:
            assert desk.state.heads == {"#lobby": 2, "#new": 1}

    asyncio.run(scene())


def copy_of(directory: Path) -> Path:
    """Copy the store as a crash would leave it; call this while nothing is being written."""
    return Path(shutil.copytree(directory, f"{directory}-copy"))


def test_entries_not_indexed_before_a_crash_are_indexed_at_the_next_start(directory: Path) -> None:
    async def scene() -> None:
        proposals = [say(str(i), f"#{i % 3}", key=(2**63, i)) for i in range(50)]
        async with opened(journal_in(directory)) as desk:
            stored = await desk.store(*proposals)
            crashed = copy_of(directory)
        db = apsw.Connection(str(crashed / "socketchat.db"))
        assert next(db.execute("SELECT fed FROM meta")) == (0,)
        db.close()
        async with opened(journal_in(crashed)) as desk:
            assert desk.state.heads == {"#0": 17, "#1": 17, "#2": 16}
            again = [say(str(i), f"#{i % 3}", key=(2**63, i)) for i in range(50)]
            assert await desk.store(*again) == [Duplicate(p, s.entry) for p, s in zip(again, stored, strict=True)]
            assert await desk.journal.read("#0", limit=99) == [s.entry for s in stored[::3]]

    asyncio.run(scene())


def test_the_wal_is_checkpointed_as_it_grows(directory: Path) -> None:
    async def scene() -> None:
        async with opened(journal_in(directory)) as desk:
            log = directory / "socketchat.db-wal"
            for _ in range(12):
                await desk.store(*(say("x" * 8000) for _ in range(100)))
            assert log.stat().st_size < 2 * CHECKPOINT_PAGES * 4096
            assert (directory / "socketchat.db").stat().st_size > CHECKPOINT_PAGES * 4096

    asyncio.run(scene())


def test_failed_upkeep_is_postponed(directory: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "FEED_ENTRIES", 10)

    def fill_up() -> None:
        disk.fault = FULL

    async def scene() -> None:
        async with opened(journal_in(directory)) as desk:
            stored = await desk.store(say("0", key=(1, 0)))
            disk.after_sync = fill_up
            stored += await desk.store(*(say(str(i), key=(1, i)) for i in range(1, 10)))
            assert await asyncio.to_thread(disk.failures.acquire, timeout=10)
            disk.after_sync = disk.fault = None
            again = say("3", key=(1, 3))
            assert await desk.store(again) == [Duplicate(again, stored[3].entry)]
            stored += await desk.store(say("10", key=(1, 10)))
            assert await desk.journal.read("#lobby", limit=99) == [outcome.entry for outcome in stored]

    asyncio.run(scene())


def test_keys_are_indexed_when_the_writer_is_idle(directory: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "IDLE_SECONDS", 0.01)
    synced = threading.Semaphore(0)
    disk.after_sync = synced.release

    async def scene() -> None:
        async with opened(journal_in(directory)) as desk:
            await desk.store(say(key=(1, 1)), say(key=(1, 2)))
            looker = desk.journal._database.open_reader()
            while looker.execute("SELECT fed FROM meta").get != 2:
                assert await asyncio.to_thread(synced.acquire, timeout=10)
            looker.close()
            again = say(key=(1, 2))
            assert isinstance((await desk.store(again))[0], Duplicate)

    asyncio.run(scene())


def test_outboxes_no_longer_in_memory_are_looked_up(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "OUTBOXES", 2)
    monkeypatch.setattr(ledger, "FEED_ENTRIES", 5)

    async def scene() -> None:
        async with opened(journal_in(directory)) as desk:
            await desk.store(*(say(key=(outbox, 7)) for outbox in range(9)))
            again = [say(key=(outbox, n)) for outbox in range(9) for n in (6, 7, 8)]
            types = [type(outcome) for outcome in await desk.store(*again)]
            assert types == [Duplicate, Duplicate, Stored] * 9
            assert len(desk.journal._writer._ledger._outbox_index._fed_last) <= 2

    asyncio.run(scene())


def test_a_storage_error_while_entries_are_retried_refuses_all(directory: Path) -> None:
    async def scene() -> None:
        async with opened(journal_in(directory)) as desk:
            db = desk.journal._writer._db
            db.pragma("max_page_count", db.pragma("page_count") + 2)
            bad = say("bad", "#new", key=(1, 1))
            bad.body = None  # type: ignore[assignment]
            proposals = [bad, *(say("x" * 9000, "#new") for _ in range(5))]
            outcomes = await desk.store(*proposals)
            assert all(isinstance(o, StorageRefused) and o.retry and "full" in o.reason for o in outcomes)
            db.pragma("max_page_count", 10**6)
            outcomes = await desk.store(*proposals)
            assert isinstance(outcomes[0], StorageRefused)
            assert not outcomes[0].retry
            assert [o.entry.seq for o in outcomes[1:]] == [1, 2, 3, 4, 5]

    asyncio.run(scene())


def test_after_a_writer_failure_every_proposal_is_refused(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    def broken_clock() -> int:
        raise ZeroDivisionError

    async def scene() -> None:
        journal = SQLiteJournal(str(directory), asyncio.get_running_loop(), clock=broken_clock)
        async with opened(journal) as desk:
            desk.journal.submit(say())
            await asyncio.to_thread(journal._writer._thread.join, 10)
            [refused] = await desk.store(say())
            assert isinstance(refused, StorageRefused)

    asyncio.run(scene())
    assert "ZeroDivisionError" in caplog.text


def test_a_failed_read_is_an_error(directory: Path, disk: Disk) -> None:
    async def scene() -> None:
        async with opened(journal_in(directory)) as desk:
            [stored] = await desk.store(say())
            disk.fault = NO_READ
            with pytest.raises(StorageProblem, match="cannot be read"):
                await desk.journal.read("#lobby", limit=1)
            disk.fault = None
            assert await desk.journal.read("#lobby", limit=1) == [stored.entry]

    asyncio.run(scene())


def test_a_read_after_closing_is_an_error(directory: Path) -> None:
    async def scene() -> None:
        async with opened(journal_in(directory)) as desk:
            pass
        with pytest.raises(StorageProblem):
            await desk.journal.read("#lobby", limit=1)

    asyncio.run(scene())
