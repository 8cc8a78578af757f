"""A store of an earlier version is backed up and carried over, whole or not at all."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import apsw
import pytest

from socketchat.exceptions import StorageProblem
from socketchat.journal import Duplicate, Query, Stored
from socketchat.journal.sqlite import schema
from socketchat.journal.sqlite.checksum import checksum
from socketchat.journal.sqlite.journal import SQLiteJournal
from tests.journal.data import FIRST
from tests.journal.desk import opened, say, text_of
from tests.journal.disk import FULL, inserted

DIES_AT_A_SYNC = """
import os, signal, sys
from pathlib import Path
from socketchat.journal.sqlite.database import Database
from tests.journal.disk import inserted

left = int(sys.argv[2])

def count():
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

with inserted() as disk:
    disk.before_sync = count
    store = Database(Path(sys.argv[1]))
    store.acquire()
    store.open_writer().close()
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    directory.mkdir()
    shutil.copyfile(FIRST, directory / "socketchat.db")
    return directory


def version_of(database: Path) -> int:
    db = apsw.Connection(str(database))
    found = schema.version(db)
    assert db.pragma("integrity_check") == "ok"
    db.close()
    return found


def test_a_store_of_the_first_version_is_migrated(directory: Path) -> None:
    async def scene() -> None:
        async with opened(SQLiteJournal(str(directory), asyncio.get_running_loop())) as desk:
            assert desk.state.heads == {"*": 2, "#lobby": 73, "@u1:u2": 1}
            assert desk.state.floors == {"*": 1, "#lobby": 1, "@u1:u2": 1}
            assert [fact.kind for fact in desk.state.facts] == ["user", "user", "topic"]
            entries = await desk.journal.read("#lobby", limit=100)
            assert [entry.seq for entry in entries] == list(range(1, 74))
            assert [text_of(entry) for entry in entries[:2]] == ["hello", "waves 👋"]
            again, new = say("hello", key=(2**64 - 1, 1)), say("new")
            duplicate, stored = await desk.store(again, new)
            assert duplicate == Duplicate(again, entries[0])
            assert isinstance(stored, Stored)
            assert stored.entry.seq == 74

    asyncio.run(scene())
    assert version_of(directory / "socketchat.db") == len(schema.MIGRATIONS)


def test_a_migration_keeps_a_backup_of_the_old_store(directory: Path) -> None:
    async def scene() -> None:
        async with opened(SQLiteJournal(str(directory), asyncio.get_running_loop())):
            pass

    before = os.umask(0)
    asyncio.run(scene())
    os.umask(before)
    kept = directory / "socketchat.db.v1.bak"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert version_of(kept) == 1
    rows = "SELECT * FROM entry"
    assert list(apsw.Connection(str(kept)).execute(rows)) == list(apsw.Connection(str(FIRST)).execute(rows))
    assert sorted(path.name for path in directory.iterdir()) == ["lock", "socketchat.db", kept.name]


def test_a_killed_migration_leaves_the_old_or_the_new_store(directory: Path, tmp_path: Path) -> None:
    for nth in count(1):
        place = tmp_path / str(nth)
        shutil.copytree(directory, place)
        command = [sys.executable, "-c", DIES_AT_A_SYNC, str(place), str(nth)]
        ended = subprocess.run(command, check=False, timeout=60).returncode
        found = version_of(place / "socketchat.db")
        if ended == 0:
            assert found == len(schema.MIGRATIONS)
            break
        assert ended == -signal.SIGKILL
        if found > 1:
            assert version_of(place / "socketchat.db.v1.bak") == 1
        asyncio.run(opens(place))
    assert nth > 2


async def opens(directory: Path) -> None:
    async with opened(SQLiteJournal(str(directory), asyncio.get_running_loop())) as desk:
        assert len(await desk.journal.read("#lobby", limit=100)) == 73


def test_a_store_that_cannot_be_backed_up_is_not_migrated(directory: Path) -> None:
    with inserted() as disk:
        disk.fault = FULL
        with pytest.raises(StorageProblem, match="Free some space"):
            asyncio.run(opens(directory))
        disk.fault = None
        assert version_of(directory / "socketchat.db") == 1
        asyncio.run(opens(directory))


def of_the_second_version(directory: Path, *texts: str) -> None:
    """Make a store as the second version left it, whose index has no folded texts."""
    db = apsw.Connection(str(directory / "socketchat.db"))
    with db:
        for step in schema.MIGRATIONS[:2]:
            step(db)
        db.execute("INSERT INTO conversation (id, name) VALUES (1, '#lobby')")
        for seq, text in enumerate(texts, 1):
            body = json.dumps({"text": text}).encode()
            proof = checksum("#lobby", seq, seq, "u1", "alice", "message", body)
            row = (seq, 1, seq, seq, "u1", "alice", "message", body, None, None, 0, proof)
            db.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            db.execute("INSERT INTO place VALUES (1, ?, ?)", (seq, seq))
            db.execute("INSERT INTO words (rowid, text, tags) VALUES (?, ?, 'c1 u' || hex('u1'))", (seq, text))
        db.execute("UPDATE meta SET fed = ?1, indexed = ?1", (len(texts),))
        db.pragma("application_id", schema.APPLICATION_ID)
        db.pragma("user_version", 2)
    db.close()


def test_entries_indexed_by_the_second_version_are_found_inside_sentences(tmp_path: Path) -> None:
    of_the_second_version(tmp_path, "明日東京で", "hello", "Straße")

    async def scene() -> None:
        async with opened(SQLiteJournal(str(tmp_path), asyncio.get_running_loop())) as desk:
            for text, seq in (("東京", 1), ("STRASSE", 3)):
                found = await desk.journal.search(Query(text, ["#lobby"], 9))
                assert [entry.seq for entry in found.entries] == [seq]

    asyncio.run(scene())
    assert version_of(tmp_path / "socketchat.db.v2.bak") == 2
