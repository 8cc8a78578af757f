"""Clears the free space of pages, where SQLite leaves copies of rows that it has moved.

When a row is deleted, SQLite zeroes its place. But it also moves rows between pages, and does not zero the places that
they moved from. If a moved row is deleted later, the old copy remains. So after deletions, these places are zeroed.

SQLite cannot write to free space, so this writes to the file directly. A crash in between does no harm: nothing reads
these bytes, and the rest of each sector is rewritten unchanged. SQLite relies on that too, since a commit can end in
the middle of a sector. But the write-ahead log has to be empty, and no other connection may write.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw

BYTES_AT_ONCE = 4 * 1024 * 1024
"""Bytes checked in a step, which takes a few milliseconds."""

MOST_PAGES = 1 << 25
"""Pages (128 GiB) below which the first byte tells the type of a page: overflow pages begin with a page number."""

_LEAVES, _BRANCHES = (10, 13), (2, 5)
"""The first byte of a leaf page, and of an interior page."""

_FILE_HEADER = 100
"""Length in bytes of the file header, which precedes the header of the first page."""

_PAGE_SIZE, _LARGEST_ROOT = slice(16, 18), slice(52, 56)
"""Their positions in the file header; the second is 0 without auto_vacuum."""

_log = logging.getLogger(__name__)


def find_slack(db: apsw.Connection, first: int) -> tuple[list[int], int | None]:
    """Check some pages of the file, starting with page ``first``; raises apsw.Error.

    Return the pages whose slack is not zero, and the page to continue with, or None at the end.
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
    """Zero the slack of these pages; if the log is not empty, do nothing and return False. Raises apsw.Error.

    This checks the type of each page again, since another program may have rewritten the file meanwhile. It also drops
    the cached pages; otherwise the next change would write the old slack back.
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
    """Return the page size in bytes, or 0 if the first byte of a page does not tell its type."""
    header = file.xRead(_FILE_HEADER, 0)
    size = int.from_bytes(header[_PAGE_SIZE], "big")
    size = 1 << 16 if size == 1 else size
    if not size or any(header[_LARGEST_ROOT]) or file.xFileSize() // size >= MOST_PAGES:
        return 0
    return size


def _slack_of(page: bytes, number: int) -> tuple[int, int]:
    """Return the begin and end of a page's slack, which is between the cell pointers and the first cell."""
    header = _FILE_HEADER if number == 1 else 0
    kind = page[header] if len(page) > header else 0  # the file may have become shorter
    if kind not in _LEAVES + _BRANCHES:
        return 0, 0
    cells = int.from_bytes(page[header + 3 : header + 5], "big")
    end = int.from_bytes(page[header + 5 : header + 7], "big") or 1 << 16
    begin = header + (8 if kind in _LEAVES else 12) + 2 * cells
    return (begin, end) if begin <= end <= len(page) else (0, 0)  # leave a damaged page alone


@contextmanager
def _file_of(db: apsw.Connection) -> Iterator[apsw.VFSFile]:
    """Open the file of a database through SQLite: if Python closed it, the system would release SQLite's locks."""
    file = apsw.VFSFile("", db.filename, [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READWRITE, 0])
    try:
        yield file
    finally:
        file.xClose()
