"""The index of words, fed behind the log in slices; and searching in it.

The index is told an entry's text when the entry goes in and again when it comes out, so both read it from the row in
the same way. All of a slice is one statement: each execution gives up the interpreter and has to win it back.
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
"""Entries that go into the index at a time: some milliseconds, in which nothing is committed."""

SLICE_BYTES = 131_072
"""Bytes of entries that go into the index at a time, unless one alone is longer: with long texts a slice is shorter."""

LEFT_FOR_SEARCHES = 256
"""Entries that may be missing in the index when a search comes, which then looks at them itself: a millisecond."""

MOST_UNINDEXED = 4_096
"""Entries, the newest, that a search looks at itself if more are missing, as while the index is being made anew."""

MERGE_PAGES = 16
"""Pages of the index that are merged after each slice, so that it stays in few pieces; about a millisecond."""

SEARCH_SECONDS = 0.2
"""A search that takes longer ends with what it has found; few do, and each competes for a core."""

NARROWED = 16
"""Conversations up to which the index itself is asked for them; above, each entry found is compared."""

_STEPS = 2_000
"""SQLite's steps between two looks at the clock: a fraction of a millisecond."""


_log = logging.getLogger(__name__)


def index_slice(db: apsw.Connection) -> bool:
    """Index the next entries, and tell whether there are more; raises apsw.Error, and then nothing is indexed."""
    indexed, newest = next(db.execute("SELECT indexed, (SELECT ifnull(max(id), 0) FROM entry) FROM meta"))
    upto = int(str(next(db.execute(_SLICE, (indexed, SLICE, SLICE_BYTES)))[0]))
    if upto > indexed:
        with transaction(db):
            db.execute(_INDEX, (indexed, upto))
            db.execute("UPDATE meta SET indexed = ?", (upto,))
            db.execute(_MERGE, (MERGE_PAGES,))
    return bool(upto < newest)


def merge_some(db: apsw.Connection) -> bool:
    """Merge some pages of the index, and tell whether there is more to merge."""
    before = db.total_changes()
    db.execute(_MERGE, (4 * MERGE_PAGES,))
    return db.total_changes() - before >= _CHANGES_OF_A_MERGE


def rewrite(db: apsw.Connection) -> None:
    """Begin to merge all of the index into one new piece; ``merge_some`` goes on with it.

    What is taken out of the index can leave a word behind, where it said at which word a page begins. Nothing is
    rewritten that is in one piece already, so an entry that is none makes a second one.
    """
    with transaction(db):
        db.execute("INSERT INTO words (rowid, text, tags) VALUES (0, '', 'c0')")
    db.execute(_MERGE, (-4 * MERGE_PAGES,))


def unindex(db: apsw.Connection, which: str, values: tuple[apsw.SQLiteValue, ...]) -> None:
    """Take entries out of the index, as far as they are in it; ``which`` is a condition of ours on their id.

    All of it is begun anew where it is damaged, or has other words of an entry than those that are there.
    """
    try:
        db.execute(f"{_UNINDEX} AND id IN ({which})", values)
        db.execute("SAVEPOINT written; RELEASE written")  # or the index is written, and fails, amid another statement
    except apsw.CorruptError as error:
        if not is_of_index(error):
            raise
        mend(db)


def mend(db: apsw.Connection) -> None:
    """Begin the index anew because it is damaged, in the transaction that there is."""
    _log.error("the search index is damaged and is being rebuilt; no message is affected")
    begin_anew(db)


def is_of_index(error: apsw.CorruptError) -> bool:
    """Tell whether it is the index that is damaged, and not the entries."""
    return getattr(error, "extendedresult", None) == apsw.SQLITE_CORRUPT_VTAB


def begin_anew(db: apsw.Connection) -> None:
    """Empty the index, to be fed again from the first entry on, in the transaction that there is."""
    db.execute("INSERT INTO words (words) VALUES ('delete-all')")
    db.execute("UPDATE meta SET indexed = 0, folding = ?", (VERSION,))


def match(query: Query, numbers: list[int]) -> str | None:
    """Return the expression for the index, None where nothing can be found; no input can break it. Raises BadText."""
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
    db.execute("BEGIN")  # the index and what is not in it yet belong together
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

    They get an index of their own, in memory, so that the same words match, and the writer need not stop for a search.
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
    """Do all of it or nothing."""
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
"""Rows that change where anything is merged; with fewer, SQLite says, there was nothing to do."""

_SLICE = """
    SELECT ifnull(max(id), ?1) FROM (
        SELECT id, row_number() OVER (ORDER BY id) AS n, sum(length(body)) OVER (ORDER BY id) AS size
        FROM (SELECT id, body FROM entry WHERE id > ?1 ORDER BY id LIMIT ?2)
    ) WHERE size <= ?3 OR n = 1
"""

_KINDS = f"kind IN ({sql_list(INDEXED)}) AND substr(body, -1) <> X'20'"
"""What is in the index, and is taken out once: not what is blank, which ends with a space."""

_TEXT = "folded(CASE WHEN json_valid(CAST(body AS TEXT)) THEN CAST(CAST(body AS TEXT) ->> '$.text' AS BLOB) END)"

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
