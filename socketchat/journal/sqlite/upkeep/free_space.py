"""Clears the free space of pages, where SQLite leaves copies of rows that it has moved.

Where rows go or a page is full, SQLite moves those beside to other pages, and zeroes the place of what goes, not the
places from which it moved what stays. When that goes too, a copy of it is still there. So after deletions these places
are zeroed.

That is done in the file, past SQLite, which has no way to write to where there is nothing. A crash in the middle is no
harm, as nothing ever reads these bytes, and the others are written as they are: no disk that keeps a commit, which ends
in the middle of a sector that the next one writes again, loses them. But the file has to be all there is: an empty log,
and nobody who writes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw

BYTES_AT_ONCE = 4 * 1024 * 1024
"""What is looked at in a step, in a few milliseconds."""

MOST_PAGES = 1 << 25
"""Pages, 128 GiB, up to which the first byte of a page tells what it is: others begin with the number of a page."""

_LEAVES, _BRANCHES = (10, 13), (2, 5)
"""The first byte of a page that has rows, or that leads to them."""

_FILE_HEADER = 100
"""Bytes in front of the first page's own header."""

_PAGE_SIZE, _LARGEST_ROOT = slice(16, 18), slice(52, 56)
"""Where they stand in the file's header; the second is 0 but under auto_vacuum."""

_log = logging.getLogger(__name__)


def find_slack(db: apsw.Connection, first: int) -> tuple[list[int], int | None]:
    """Look at some pages, from the one numbered ``first`` on, as they are in the file; raises apsw.Error.

    Returns those whose slack is not zero, and where to go on, None at the end.
    """
    with _file_of(db) as file:
        size = _page_size(file)
        if not size:
            _log.warning("%s may still contain deleted text: it is too large, or uses auto_vacuum", db.filename)
            return [], None
        pages = file.xFileSize() // size
        after = min(first + max(1, BYTES_AT_ONCE // size), pages + 1)
        data = file.xRead((after - first) * size, (first - 1) * size) if after > first else b""
    found = []
    for number in range(first, after):
        at = (number - first) * size
        begin, end = _slack_of(data[at : at + size], number)
        if data.count(0, at + begin, at + end) < end - begin:
            found.append(number)
    return found, after if after <= pages else None


def clear_slack(db: apsw.Connection, pages: Sequence[int]) -> bool:
    """Zero the slack of these pages; False, and nothing is done, where the log is not empty. Raises apsw.Error.

    What they are is looked at again: another program may have made the file anew meanwhile.
    The pages in memory are let go, or the next change would write them again as they were.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        if not _is_empty(Path(db.filename_wal)):
            return False
        with _file_of(db) as file:
            size = _page_size(file)
            for number in pages if size else ():
                offset = (number - 1) * size
                begin, end = _slack_of(file.xRead(size, offset), number)
                if begin < end:
                    file.xWrite(bytes(end - begin), offset + begin)
            file.xSync(apsw.SQLITE_SYNC_FULL)
    finally:
        db.execute("ROLLBACK")
        db.release_memory()
    return True


def _is_empty(log: Path) -> bool:
    try:
        return log.stat().st_size == 0
    except OSError:
        return False


def _page_size(file: apsw.VFSFile) -> int:
    """Return the size of a page; 0 where pages cannot be told apart by their first byte."""
    header = file.xRead(_FILE_HEADER, 0)
    size = int.from_bytes(header[_PAGE_SIZE], "big")
    size = 1 << 16 if size == 1 else size
    if not size or any(header[_LARGEST_ROOT]) or file.xFileSize() // size >= MOST_PAGES:
        return 0
    return size


def _slack_of(page: bytes, number: int) -> tuple[int, int]:
    """Return where the slack of a page begins and ends: between the list of its cells and the first of them."""
    header = _FILE_HEADER if number == 1 else 0
    kind = page[header] if len(page) > header else 0  # the file may be shorter by now
    if kind not in _LEAVES + _BRANCHES:
        return 0, 0
    cells = int.from_bytes(page[header + 3 : header + 5], "big")
    end = int.from_bytes(page[header + 5 : header + 7], "big") or 1 << 16
    begin = header + (8 if kind in _LEAVES else 12) + 2 * cells
    return (begin, end) if begin <= end <= len(page) else (0, 0)  # a damaged one is left alone


@contextmanager
def _file_of(db: apsw.Connection) -> Iterator[apsw.VFSFile]:
    """Open the file of a database, by SQLite: the system would let go of SQLite's locks when Python closes one."""
    file = apsw.VFSFile("", db.filename, [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READWRITE, 0])
    try:
        yield file
    finally:
        file.xClose()
