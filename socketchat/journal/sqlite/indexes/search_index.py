"""The search index, which is updated after the commit in slices, and the search.

FTS5 needs an entry's text to insert it and again to delete it, so both read it from the row in the same way. A slice is
one statement, because each execution releases the interpreter and has to get it back.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import cast

import apsw

from ....protocol.kinds import DAMAGED, INDEXED
from ... import Found, Query
from ...bodies import terms_of
from ...folding import VERSION, folded, folded_bytes
from ..checksum import entry_from
from ..schema import sql_list

SLICE = 256
"""Entries indexed at a time: a few milliseconds, in which nothing is committed."""

SLICE_BYTES = 131_072
"""Bytes of entries indexed at a time, unless one entry is longer: with long texts, a slice has fewer entries."""

LEFT_FOR_SEARCHES = 256
"""Entries that may be missing from the index, which a search then scans itself: a millisecond."""

MOST_UNINDEXED = 4_096
"""Newest entries that a search scans itself if more are missing, for example during a rebuild."""

MERGE_PAGES = 16
"""Pages of the index merged after each slice, so that it has few segments: about a millisecond."""

SEARCH_SECONDS = 0.2
"""Longest search: a longer one returns what it has found. Searches compete for a core."""

NARROWED = 16
"""Most conversations in the index query; with more, each entry found is compared instead."""

_STEPS = 2_000
"""SQLite's steps between two checks of the clock: a fraction of a millisecond."""


_log = logging.getLogger(__name__)


def index_slice(db: apsw.Connection) -> bool:
    """Index the next entries, and tell whether more are left; raises apsw.Error, and then indexes nothing."""
    indexed, newest = next(db.execute("SELECT indexed, (SELECT ifnull(max(id), 0) FROM entry) FROM meta"))
    upto, size = next(db.execute(_SLICE, (indexed, SLICE)))
    if size > SLICE_BYTES:
        ((upto,),) = db.execute(_SHORTER_SLICE, (indexed, SLICE, SLICE_BYTES))
    if upto > indexed:
        with transaction(db):
            db.execute(_INDEX, (indexed, upto))
            db.execute("UPDATE meta SET indexed = ?", (upto,))
            db.execute(_MERGE, (MERGE_PAGES,))
    return bool(upto < newest)


def merge_some(db: apsw.Connection) -> bool:
    """Merge some pages of the index, and tell whether more are left."""
    before = db.total_changes()
    db.execute(_MERGE, (4 * MERGE_PAGES,))
    return db.total_changes() - before >= _CHANGES_OF_A_MERGE


def rewrite(db: apsw.Connection) -> None:
    """Begin to merge the whole index into one new segment; ``merge_some`` continues it.

    Deleting from the index can leave a word behind, as the first word of a page. SQLite does not rewrite a single
    segment, so this inserts an empty dummy entry to make a second one.
    """
    with transaction(db):
        db.execute("INSERT INTO words (rowid, text, tags) VALUES (0, '', 'c0')")
    db.execute(_MERGE, (-4 * MERGE_PAGES,))


def unindex(db: apsw.Connection, which: str, values: tuple[apsw.SQLiteValue, ...]) -> None:
    """Remove entries from the index, if they are in it; ``which`` is a condition of ours on their id.

    Rebuild the index if it is damaged or disagrees with the text of an entry.
    """
    try:
        db.execute(f"{_UNINDEX} AND id IN ({which})", values)
        db.execute("SAVEPOINT written; RELEASE written")  # or a later statement writes the index, and fails
    except apsw.CorruptError as error:
        if not is_of_index(error):
            raise
        mend(db)


def mend(db: apsw.Connection) -> None:
    """Begin to rebuild the damaged index, in the current transaction."""
    _log.error("the search index is damaged and is being rebuilt; no message is affected")
    begin_anew(db)


def is_of_index(error: apsw.CorruptError) -> bool:
    """Tell whether the index is damaged, and not the entries."""
    return getattr(error, "extendedresult", None) == apsw.SQLITE_CORRUPT_VTAB


def begin_anew(db: apsw.Connection) -> None:
    """Empty the index, to be filled again from the first entry, in the current transaction."""
    db.execute("INSERT INTO words (words) VALUES ('delete-all')")
    db.execute("UPDATE meta SET indexed = 0, folding = ?", (VERSION,))


def match(query: Query, numbers: list[int]) -> str | None:
    """Return the safely quoted query for the index, or None if nothing can match; raises BadText."""
    terms = terms_of(query.words)
    if not numbers:
        return None
    quoted = " ".join('"' + folded(term.text).replace('"', '""') + ('" *' if term.is_begun else '"') for term in terms)
    parts = [f"text : ({quoted})"] if terms else []
    if len(numbers) <= NARROWED or not (terms or query.author):
        parts.append(f"tags : ({' OR '.join(f'c{number}' for number in numbers)})")
    if query.author is not None:
        parts.append(f"tags : u{query.author.encode().hex()}")
    return " AND ".join(parts)


def add_functions(db: apsw.Connection) -> None:
    """Let a connection that reads or writes the index fold texts."""
    db.create_scalar_function("folded", cast("Callable[..., str | None]", folded_bytes), 1, deterministic=True)


def folding(db: apsw.Connection) -> str:
    """Return the version of Unicode under which texts were indexed."""
    return str(next(db.execute("SELECT folding FROM meta"))[0])


def lag(db: apsw.Connection) -> int:
    """Return how many entries are not in the index yet."""
    return int(str(next(db.execute(_LAG))[0]))


def search(db: apsw.Connection, query: Query) -> Found:
    """Return the newest entries that match; raises BadText, apsw.Error."""
    db.execute("BEGIN")  # read the index and the unindexed entries in one snapshot
    try:
        return _search(db, query)
    finally:
        db.execute("ROLLBACK")


def _search(db: apsw.Connection, query: Query) -> Found:
    numbers = [number for (number,) in db.execute(_NUMBERS, (json.dumps(list(query.conversations)),))]
    expression = match(query, numbers)
    found = Found([], complete=lag(db) <= MOST_UNINDEXED)
    if expression is None:
        return found
    filters = (json.dumps(numbers), query.since, query.before, query.author, json.dumps(dict(query.floors)))
    deadline = time.monotonic() + SEARCH_SECONDS
    db.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        _take(found, db.execute(_AMONG, (_recent(db, expression), *filters, query.limit)))
        if (left := query.limit - len(found.entries)) > 0:
            _take(found, db.execute(_SEARCH, (expression, *filters, left)))
    except apsw.InterruptError:
        found.complete = False
    finally:
        db.set_progress_handler(None)
    return found


def _take(found: Found, rows: Iterable[apsw.SQLiteValues]) -> None:
    for row in rows:
        entry = entry_from(row)
        if entry.kind != DAMAGED:
            found.entries.append(entry)


def _recent(db: apsw.Connection, expression: str) -> str:
    """Return the ids, as JSON, of the entries that match and are not in the index yet.

    They get a separate index in memory, so that the same words match, and the writer need not wait for a search.
    """
    (rows,) = next(db.execute(_UNINDEXED, (MOST_UNINDEXED,)))
    if rows == "[]":
        return "[]"
    recent = apsw.Connection(":memory:")
    try:
        recent.execute(_WORDS)
        recent.execute(_INSERT, (rows,))
        (ids,) = next(recent.execute("SELECT json_group_array(rowid) FROM words WHERE words MATCH ?", (expression,)))
        return str(ids)
    finally:
        recent.close()


@contextmanager
def transaction(db: apsw.Connection) -> Iterator[None]:
    """Run a transaction: all of it or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


_MERGE = "INSERT INTO words (words, rank) VALUES ('merge', ?)"

_CHANGES_OF_A_MERGE = 2
"""Fewest changed rows if anything was merged, according to SQLite."""

_SLICE = """
    SELECT ifnull(max(id), ?1), ifnull(sum(length(body)), 0)
    FROM (SELECT id, body FROM entry WHERE id > ?1 ORDER BY id LIMIT ?2)
"""

_SHORTER_SLICE = """
    SELECT max(id) FROM (
        SELECT id, row_number() OVER (ORDER BY id) AS n, sum(length(body)) OVER (ORDER BY id) AS size
        FROM (SELECT id, body FROM entry WHERE id > ?1 ORDER BY id LIMIT ?2)
    ) WHERE size <= ?3 OR n = 1
"""

_KINDS = f"kind IN ({sql_list(INDEXED)}) AND substr(body, -1) <> X'20'"
"""The entries in the index; a blank entry, which ends with a space, was removed before."""

_TEXT = """(
    SELECT CASE WHEN length(text) = length(CAST(text AS BLOB)) THEN text ELSE folded(CAST(text AS BLOB)) END
    FROM (SELECT CASE WHEN json_valid(CAST(body AS TEXT)) THEN CAST(body AS TEXT) ->> '$.text' END AS text)
)"""
"""The text of an entry; SQLite folds ASCII itself, without a call into the interpreter."""

_TAGS = "'c' || conversation || ' u' || hex(author)"

_INDEX = f"""
    INSERT INTO words (rowid, text, tags)
    SELECT id, {_TEXT}, {_TAGS} FROM entry WHERE id > ?1 AND id <= ?2 AND {_KINDS}
"""  # noqa: S608  constants

_UNINDEX = f"""
    INSERT INTO words (words, rowid, text, tags)
    SELECT 'delete', id, {_TEXT}, {_TAGS} FROM entry WHERE id <= (SELECT indexed FROM meta) AND {_KINDS}
"""  # noqa: S608  constants

_NUMBERS = "SELECT id FROM conversation WHERE name IN (SELECT value FROM json_each(?))"

_LAG = "SELECT (SELECT ifnull(max(id), 0) FROM entry) - indexed FROM meta"

_UNINDEXED = f"""
    SELECT json_group_array(json_array(id, {_TEXT}, {_TAGS})) FROM entry
    WHERE id > (SELECT max(indexed, (SELECT ifnull(max(id), 0) FROM entry) - ?1) FROM meta) AND {_KINDS}
"""  # noqa: S608  constants

_WORDS = (
    """CREATE VIRTUAL TABLE words USING fts5 (text, tags, content = '', tokenize = "unicode61 remove_diacritics 2")"""
)

_INSERT = "INSERT INTO words (rowid, text, tags) SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)"

_FOUND = "SELECT c.name, e.seq, e.ts, e.author, e.name, e.kind, e.body, e.checksum"

_FILTERS = """
    e.conversation IN (SELECT value FROM json_each(?2))
    AND (?3 IS NULL OR e.ts >= ?3) AND (?4 IS NULL OR e.ts < ?4) AND (?5 IS NULL OR e.author = ?5)
    AND e.seq >= ifnull((SELECT value FROM json_each(?6) WHERE key = c.name), 1)
"""

_SEARCH = f"""
    {_FOUND} FROM words w CROSS JOIN entry e ON e.id = w.rowid CROSS JOIN conversation c ON c.id = e.conversation
    WHERE words MATCH ?1 AND {_FILTERS} ORDER BY w.rowid DESC LIMIT ?7
"""

_AMONG = f"""
    {_FOUND} FROM entry e CROSS JOIN conversation c ON c.id = e.conversation
    WHERE e.id IN (SELECT value FROM json_each(?1)) AND {_FILTERS} ORDER BY e.id DESC LIMIT ?7
"""  # noqa: S608  constants
