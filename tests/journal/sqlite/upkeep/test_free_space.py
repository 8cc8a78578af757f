"""The free space in pages is found and zeroed in the file, and nothing else changes."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from socketchat.journal.sqlite.upkeep import free_space as slack
from socketchat.journal.sqlite.upkeep.free_space import clear_slack, find_slack

ROWS = 2000

SECTOR = 512
"""Bytes that a disk writes whole or not at all."""


@pytest.fixture
def db(tmp_path: Path) -> Iterator[apsw.Connection]:
    """A database from which rows went here and there, so that SQLite moved others, and then those went too."""
    db = make(tmp_path / "some.db")
    yield db
    db.close()


def make(path: Path, **pragmas: int) -> apsw.Connection:
    db = apsw.Connection(str(path))
    for name, value in pragmas.items():
        db.pragma(name, value)
    db.pragma("journal_mode", "wal")
    db.pragma("wal_autocheckpoint", 0)
    db.pragma("secure_delete", 1)
    db.pragma("synchronous", 0)
    db.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, text); CREATE INDEX of_text ON row (text)")
    words = [(i, f"word {i:06} " * (1 + i % 20)) for i in range(ROWS)]
    with db:  # or each row would be synced
        db.executemany("INSERT INTO row VALUES (?, ?)", words)
    db.execute("DELETE FROM row WHERE id % 7 < 5")
    db.execute("DELETE FROM row WHERE id % 7 = 5")
    fold(db)
    return db


def fold(db: apsw.Connection) -> None:
    db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


def found_in(db: apsw.Connection) -> list[int]:
    pages, first = [], 1
    while first is not None:
        found, first = find_slack(db, first)
        pages += found
    return pages


def left_of(db: apsw.Connection) -> int:
    """Return how many of the rows that went can be read in the file; to be called last, as it lets go of its locks."""
    data = Path(db.filename).read_bytes()
    return len({word for word in re.findall(rb"word (\d{6})", data) if int(word) % 7 < 6})


def test_without_zeroing_deleted_rows_stay_readable(db: apsw.Connection) -> None:
    assert left_of(db) > 5


def test_free_space_is_zeroed_and_everything_else_is_unchanged(
    db: apsw.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack, "BYTES_AT_ONCE", 7 * 4096)
    rows = list(db.execute("SELECT * FROM row"))
    pages = found_in(db)
    assert len(pages) > 10
    assert clear_slack(db, pages)
    assert found_in(db) == []
    db.execute("UPDATE row SET id = id")  # so that pages that were in memory would be written again
    fold(db)
    assert db.pragma("integrity_check") == "ok"
    assert list(db.execute("SELECT * FROM row")) == rows
    assert left_of(db) == 0


@pytest.mark.parametrize("size", [512, 65536])
def test_pages_of_other_sizes_are_understood(tmp_path: Path, size: int) -> None:
    db = make(tmp_path / "some.db", page_size=size)
    rows = list(db.execute("SELECT * FROM row"))
    assert clear_slack(db, found_in(db))
    assert db.pragma("integrity_check") == "ok"
    assert list(db.execute("SELECT * FROM row")) == rows
    assert left_of(db) == 0
    db.close()


def test_a_power_cut_during_zeroing_loses_no_row(tmp_path: Path, db: apsw.Connection) -> None:
    rows = list(db.execute("SELECT * FROM row"))
    shutil.copy(db.filename, tmp_path / "before")
    assert clear_slack(db, found_in(db))
    before, after = (tmp_path / "before").read_bytes(), Path(db.filename).read_bytes()
    assert before != after
    chance = random.Random(1)
    sectors = [chance.choice([before, after])[at : at + SECTOR] for at in range(0, len(before), SECTOR)]
    (tmp_path / "cut").write_bytes(b"".join(sectors))
    cut = apsw.Connection(str(tmp_path / "cut"))
    assert cut.pragma("integrity_check") == "ok"
    assert list(cut.execute("SELECT * FROM row")) == rows
    cut.close()


def test_auto_vacuum_maps_are_not_taken_for_row_pages(tmp_path: Path) -> None:
    db = make(tmp_path / "some.db", auto_vacuum=2)
    assert found_in(db) == []
    assert clear_slack(db, range(1, 100))
    assert db.pragma("integrity_check") == "ok"
    db.close()


def test_pages_that_no_longer_exist_are_skipped(db: apsw.Connection) -> None:
    pages = found_in(db)
    db.execute("DELETE FROM row; VACUUM")
    fold(db)
    assert clear_slack(db, pages)
    assert db.pragma("integrity_check") == "ok"


def test_nothing_is_zeroed_while_a_wal_exists(db: apsw.Connection) -> None:
    pages = found_in(db)
    db.execute("UPDATE row SET text = upper(text)")
    assert not clear_slack(db, pages)
    fold(db)
    assert clear_slack(db, found_in(db))


def test_zeroing_waits_for_another_writer(db: apsw.Connection) -> None:
    other = apsw.Connection(db.filename)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(apsw.BusyError):
        clear_slack(db, [1])
    other.close()
    assert clear_slack(db, [1])


@pytest.mark.parametrize("page", [b"\0" * 64, b"\r" + b"\xff" * 63, b"\x0a\0\0\xff\xff" + b"\x7f" * 59])
def test_damaged_pages_and_other_kinds_of_pages_are_left_alone(page: bytes) -> None:
    assert slack._slack_of(page, 2) == (0, 0)


def test_a_database_with_ambiguous_pages_is_left_alone(db: apsw.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack, "MOST_PAGES", 10)
    assert find_slack(db, 1) == ([], None)
