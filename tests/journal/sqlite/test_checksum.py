"""An entry that differs from what was written keeps its place and is not served."""

from __future__ import annotations

import asyncio
from pathlib import Path

import apsw
import pytest

from socketchat.exceptions import BadFile
from socketchat.journal.sqlite.checksum import entry_from
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.protocol.kinds import DAMAGED
from tests.journal.desk import opened, say, text_of

PAGE = 4096


def journal_in(directory: Path) -> SQLiteJournal:
    return SQLiteJournal(str(directory), asyncio.get_running_loop())


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A closed store of three hundred entries, on several pages."""

    async def fill() -> None:
        async with opened(journal_in(tmp_path)) as desk:
            await desk.store(*(say(f"number {i} " + "x" * 90) for i in range(300)))

    asyncio.run(fill())
    asyncio.run(read_all(tmp_path))  # and so they are fed
    return tmp_path


async def read_all(directory: Path) -> list[str | None]:
    """Return the texts in the order of seq, None for damaged entries."""
    async with opened(journal_in(directory)) as desk:
        entries = await desk.journal.read("#lobby", limit=1000)
        assert [entry.seq for entry in entries] == list(range(1, desk.state.heads["#lobby"] + 1))
        newest = await desk.journal.read("#lobby", before=1000, limit=1000)
        assert newest == entries
        return [None if entry.kind == DAMAGED else text_of(entry).rstrip("x") for entry in entries]


def change(directory: Path, statement: str) -> None:
    db = apsw.Connection(str(directory / "socketchat.db"))
    db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    "damage",
    ["body = replace(body, 'n', 'm')", "author = 'u2'", "name = 'bob'", "ts = ts + 1", "kind = 'action'",
     "kind = 7", "body = 'text'", "seq = 8", "checksum = NULL"],
)  # fmt: skip
def test_a_changed_entry_is_marked_damaged_and_others_are_served(
    directory: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    change(directory, f"UPDATE entry SET {damage} WHERE id = 7")
    texts = asyncio.run(read_all(directory))
    expected = None if damage != "seq = 8" else "number 6 "  # only the place counts
    assert texts == [f"number {i} " if i != 6 else expected for i in range(300)]
    assert caplog.text.count("entry 7 of #lobby is damaged") == (expected is None)


def test_a_flipped_bit_in_the_file_is_detected(directory: Path) -> None:
    database = directory / "socketchat.db"
    data = bytearray(database.read_bytes())
    data[data.index(b"number 123 ")] ^= 1
    database.write_bytes(data)
    texts = asyncio.run(read_all(directory))
    assert [i for i, text in enumerate(texts) if text is None] == [123]


def test_an_overwritten_page_damages_only_its_own_entries(directory: Path) -> None:
    database = directory / "socketchat.db"
    data = bytearray(database.read_bytes())
    start = data.index(b"number 123 ") // PAGE * PAGE
    lost = [i for i in range(300) if f"number {i} ".encode() in data[start : start + PAGE]]
    data[start : start + PAGE] = b"\xa5" * PAGE
    database.write_bytes(data)
    texts = asyncio.run(read_all(directory))
    assert [i for i, text in enumerate(texts) if text is None] == lost


def test_an_entry_without_a_row_keeps_its_place(directory: Path) -> None:
    change(directory, "DELETE FROM entry WHERE id = 5")
    assert [i for i, text in enumerate(asyncio.run(read_all(directory))) if text is None] == [4]


def test_a_damaged_fact_lets_no_user_log_in(directory: Path) -> None:
    async def fill() -> None:
        async with opened(journal_in(directory)) as desk:
            await desk.store(say("alice", "*", fact=True))

    asyncio.run(fill())
    change(directory, "UPDATE entry SET author = 'u2' WHERE fact = 1")
    with pytest.raises(BadFile, match="the checksum of entry 1 of the server log does not match"):
        asyncio.run(read_all(directory))


def test_invalid_utf_8_in_an_entry_is_damage() -> None:
    assert entry_from(("#lobby", 3, 0, "u1", "alice", "message", "a body that is text", 1)).kind == DAMAGED
