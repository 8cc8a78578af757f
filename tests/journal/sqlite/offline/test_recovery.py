"""A recovery saves the readable parts of a damaged store, reports the rest, and keeps the damaged store."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from socketchat.exceptions import BadFile, Refused
from socketchat.journal import Conflict, Duplicate, Proposal, Query, Stored
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.journal.sqlite.offline import recovery as salvage
from socketchat.journal.sqlite.offline.recovery import Report, recover
from socketchat.protocol.kinds import DAMAGED
from tests.journal.desk import Desk, opened, say, text_of

PAGE = 4096


def journal_in(directory: Path) -> SQLiteJournal:
    return SQLiteJournal(str(directory), asyncio.get_running_loop())


def edit(of: int, text: str) -> Proposal:
    return Proposal("#lobby", "u1", "alice", "edit", json.dumps({"of": of, "text": text}).encode(), of=of)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A closed store: a fact and 300 entries on several pages."""

    async def fill() -> None:
        async with opened(journal_in(tmp_path)) as desk:
            await desk.store(say("alice", "*", fact=True, claims=("name:alice",)))
            await desk.store(*(say(f"number {i} " + "x" * 90, key=(7, i)) for i in range(300)))
            await desk.store(edit(2, "number one"))
        async with opened(journal_in(tmp_path)):
            pass  # and so they are fed

    asyncio.run(fill())
    return tmp_path


def seen(directory: Path, look: Callable[[Desk], object] = lambda _: None) -> list[str | None]:
    """Return the texts in the order of seq, None for damaged entries."""

    async def scene() -> list[str | None]:
        async with opened(journal_in(directory)) as desk:
            look(desk)
            entries = await desk.journal.read("#lobby", limit=1000)
            assert [entry.seq for entry in entries] == list(range(1, 302))
            return [None if entry.kind == DAMAGED else text_of(entry).rstrip("x") for entry in entries[:300]]

    return asyncio.run(scene())


def overwrite(directory: Path, *tables: str) -> None:
    """Spoil the root page of each table."""
    database = directory / "socketchat.db"
    db = apsw.Connection(str(database))
    pages = [next(db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)))[0] for table in tables]
    db.close()
    data = bytearray(database.read_bytes())
    for page in pages:
        data[(page - 1) * PAGE : page * PAGE] = b"\xa5" * PAGE
    database.write_bytes(data)


def spoil(directory: Path, text: bytes, *, page: bool) -> None:
    database = directory / "socketchat.db"
    data = bytearray(database.read_bytes())
    at = data.index(text)
    if page:
        at -= at % PAGE
        data[at : at + PAGE] = b"\xa5" * PAGE
    else:
        data[at] ^= 1
    database.write_bytes(data)


def test_a_recovery_keeps_readable_entries_in_their_places(directory: Path) -> None:
    spoil(directory, b"number 123 ", page=True)
    spoil(directory, b"number 7 ", page=False)
    texts = seen(directory)
    damaged = (directory / "socketchat.db").read_bytes()
    report = recover(directory)
    lost = texts.count(None)
    assert 10 < lost < 60
    assert report == Report(kept=302 - lost, lost=lost)
    assert report.lines() == [f"Recovered {302 - lost} entries; {lost} are lost and marked as damaged."]
    assert seen(directory) == texts
    kept = directory / "socketchat.db.damaged"
    assert kept.read_bytes() == damaged
    assert sorted(path.name for path in directory.iterdir()) == ["lock", "socketchat.db", kept.name]
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}


def test_a_recovered_store_accepts_new_entries(directory: Path) -> None:
    epochs = []
    seen(directory, lambda desk: epochs.append(desk.state.epoch))
    spoil(directory, b"number 123 ", page=True)
    recover(directory)

    async def scene() -> None:
        async with opened(journal_in(directory)) as desk:
            assert desk.state.epoch != epochs[0]
            assert [text_of(fact) for fact in desk.state.facts] == ["alice"]
            again, taken = say("number 5 " + "x" * 90, key=(7, 5)), say("eve", "*", claims=("name:alice",))
            outcomes = await desk.store(again, taken, say("next"))
            assert isinstance(outcomes[0], Duplicate)
            assert outcomes[1] == Conflict(taken, "name:alice")
            assert isinstance(outcomes[2], Stored)
            assert outcomes[2].entry.seq == 302
            found = await desk.journal.search(Query("number 17", ["#lobby"], 9))
            assert [entry.seq for entry in found.entries] == [18]
            [gone] = await desk.store(Proposal("#lobby", "u1", "alice", "delete", b'{"of":2}', of=2))
            assert isinstance(gone, Stored)
            assert gone.changed == (2, 301)

    asyncio.run(scene())


@pytest.mark.parametrize(("tables", "unread"), [(["place"], ["place"]), (["sent", "claim"], ["sent", "claim"])])
def test_a_recovery_from_damaged_indexes_loses_no_entry(directory: Path, tables: list[str], unread: list[str]) -> None:
    overwrite(directory, *tables)
    report = recover(directory)
    assert (report.kept, report.lost) == (302, 0)
    assert set(report.unread) == set(unread)
    assert "be read completely" in report.lines()[-1]
    assert None not in seen(directory)


def test_a_recovery_drops_and_reports_damaged_facts(directory: Path) -> None:
    spoil(directory, b'{"text":"alice"}', page=False)
    with pytest.raises(BadFile, match="--recover"):
        seen(directory)
    report = recover(directory)
    assert (report.kept, report.lost, report.facts) == (301, 1, 1)
    assert "accounts" in report.lines()[1]
    seen(directory)


def test_a_recovery_keeps_entries_that_are_only_in_the_wal(
    directory: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    crashed = tmp_path_factory.mktemp("crashed") / "data"

    async def scene() -> None:
        async with opened(journal_in(directory)) as desk:
            await desk.store(say("in the log"))
            await asyncio.to_thread(shutil.copytree, directory, crashed)

    asyncio.run(scene())
    report = recover(crashed)
    assert (report.kept, report.lost) == (303, 0)
    assert (crashed / "socketchat.db.damaged-wal").stat().st_size > 0


def test_a_truncated_file_is_recovered_up_to_its_end(directory: Path) -> None:
    database = directory / "socketchat.db"
    database.write_bytes(database.read_bytes()[: -2 * PAGE])
    with pytest.raises(BadFile, match="--recover"):
        seen(directory)
    report = recover(directory)
    assert report.kept + report.lost == 302
    assert report.kept > 100
    seen(directory)


@pytest.mark.parametrize("tables", [["entry"], ["conversation"]])
def test_an_unreadable_store_is_left_alone(directory: Path, tables: list[str]) -> None:
    overwrite(directory, *tables)
    before = (directory / "socketchat.db").read_bytes()
    with pytest.raises(BadFile, match="Put a backup in its place"):
        recover(directory)
    assert (directory / "socketchat.db").read_bytes() == before


def test_an_interrupted_recovery_starts_over(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(salvage, "put_in_place", cut)
    with pytest.raises(KeyboardInterrupt):
        recover(directory)
    monkeypatch.undo()
    with pytest.raises(BadFile, match=r"interrupted\. Start once with --recover"):
        seen(directory)
    assert recover(directory).kept == 302
    assert None not in seen(directory)


def test_a_recovery_keeps_the_damaged_store_of_an_earlier_one(directory: Path) -> None:
    recover(directory)
    before = (directory / "socketchat.db.damaged").read_bytes()
    with pytest.raises(Refused, match="Move it away"):
        recover(directory)
    assert (directory / "socketchat.db.damaged").read_bytes() == before
    (directory / "socketchat.db.damaged").unlink()
    assert recover(directory).kept == 302


def test_a_recovery_without_a_store_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="No store"):
        recover(tmp_path)
