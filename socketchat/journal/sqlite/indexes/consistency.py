"""Detects damage to the indexes of entries, and rebuilds them from the rows.

No checksum covers these tables, and SQLite notices a flipped bit only if a page becomes invalid. But each row holds its
own conversation, seq and key, and the seq that it edits. Code that finds a row by an index compares the two, and
raises IndexDamaged if the index leads to the wrong row, or to none although a row must exist.
"""

from __future__ import annotations

from typing import cast

import apsw

from ....protocol.kinds import EDIT, FACTS
from ..checksum import checksum
from ..schema import abandon, sql_list
from .search_index import begin_anew


class IndexDamaged(apsw.CorruptError):
    """An index disagrees with the rows; the rows may be intact."""


def check(db: apsw.Connection) -> None:
    """Raise IndexDamaged unless each seq from the floors up has a place, and the number of places is right.

    The names of the conversations must be the same in their table and its index.
    """
    (found,) = next(db.execute("PRAGMA integrity_check(conversation)"))
    if found != "ok":
        raise IndexDamaged(str(found))
    total = 0
    for floor, first, last, count in db.execute(_RUNS):
        if floor is None or first < floor or count != last - first + 1:
            raise IndexDamaged("it lacks entries in the middle of a conversation")
        total += count
    if next(db.execute("SELECT placed FROM meta")) != (total,):
        raise IndexDamaged("it lacks entries")


def make_anew(db: apsw.Connection) -> None:
    """Rebuild all indexes from the rows, in a separate transaction; raises apsw.Error.

    The names of conversations are stored nowhere else: if a name is damaged, the indexes cannot be rebuilt.
    """
    db.create_scalar_function("is_sound", _is_sound, 8, deterministic=True)
    db.execute("BEGIN IMMEDIATE")
    try:
        conversations = list(db.execute("SELECT id, name, floor FROM conversation NOT INDEXED"))
        abandon(db, "conversation", "place", "sent", "edit", "fact")
        db.execute(_CONVERSATION)
        _name_again(db, conversations)
        for statement in _MAKE:
            db.execute(statement)
        if db.execute("SELECT 1 FROM row_at WHERE sound AND seq < floor LIMIT 1").fetchone():
            begin_anew(db)  # these rows may be in the search index
        for table in ("row_at", "run"):
            db.execute(f"DROP TABLE temp.{table}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        db.execute("PRAGMA writable_schema = RESET")
        raise
    finally:
        db.create_scalar_function("is_sound", None)


def _name_again(db: apsw.Connection, conversations: list[apsw.SQLiteValues]) -> None:
    """Insert the conversations again, and check which rows are sound; raises apsw.CorruptError."""
    try:
        db.executemany("INSERT INTO conversation VALUES (?, ?, ?)", conversations)
    except apsw.ConstraintError as error:
        raise apsw.CorruptError(f"the name of a conversation cannot be read: {error}") from error
    db.execute(_ROW_AT)
    for (number,) in db.execute(_NAMELESS):
        raise apsw.CorruptError(f"the name of conversation {number} is wrong: no checksum matches it")


def _is_sound(*row: object) -> bool:
    name, seq, ts, author, said_by, kind, body, expected = row
    try:
        where, who, called, what = (cast("bytes", text).decode() for text in (name, author, said_by, kind))
        found = checksum(where, cast("int", seq), cast("int", ts), who, called, what, cast("bytes", body))
    except Exception:  # noqa: BLE001 - a number or NULL in place of text: the row is not sound
        return False
    return found == expected


_RUNS = """
    SELECT (SELECT floor FROM conversation WHERE id = conversation), min(seq), max(seq), count(*)
    FROM place GROUP BY conversation
"""

_CONVERSATION = """
    CREATE TABLE conversation (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, floor INTEGER NOT NULL DEFAULT 1)
"""

_ROW_AT = """
    CREATE TEMP TABLE row_at AS
        SELECT e.conversation, e.seq, e.id, c.floor,
            is_sound(
                CAST(c.name AS BLOB), e.seq, e.ts, CAST(e.author AS BLOB), CAST(e.name AS BLOB), CAST(e.kind AS BLOB),
                e.body, e.checksum
            ) AS sound
        FROM entry e NOT INDEXED LEFT JOIN conversation c ON c.id = +e.conversation
"""

_NAMELESS = "SELECT conversation FROM row_at GROUP BY conversation HAVING count(*) > 1 AND NOT max(sound) LIMIT 1"
"""A conversation with several rows, none of them sound: its name is damaged. A single row may be damaged itself."""

_MAKE = (
    """
    CREATE TABLE place (
        conversation INTEGER, seq INTEGER, entry INTEGER NOT NULL, PRIMARY KEY (conversation, seq)
    ) WITHOUT ROWID
    """,
    "CREATE TABLE sent (outbox INTEGER, n INTEGER, entry INTEGER NOT NULL, PRIMARY KEY (outbox, n)) WITHOUT ROWID",
    """
    CREATE TABLE edit (
        conversation INTEGER, of INTEGER, seq INTEGER, PRIMARY KEY (conversation, of, seq)
    ) WITHOUT ROWID
    """,
    # A damaged row may claim any place, so sound rows come first; it may extend a conversation by one seq only.
    """
    CREATE TEMP TABLE run AS
        SELECT c.id AS conversation, c.floor, max(c.floor - 1, ifnull(max(seq), 0)) AS last
        FROM conversation c LEFT JOIN row_at r ON r.conversation = c.id AND sound GROUP BY c.id
    """,
    """
    INSERT OR IGNORE INTO place SELECT conversation, seq, id FROM row_at
        WHERE seq >= floor AND sound ORDER BY conversation, seq, id
    """,
    """
    INSERT OR IGNORE INTO place SELECT r.conversation, r.seq, r.id FROM row_at r JOIN run USING (conversation)
        WHERE NOT sound AND r.seq BETWEEN run.floor AND last + 1 ORDER BY r.conversation, r.seq, r.id
    """,
    # Rows that retention could not drop because of the damaged index.
    "DELETE FROM entry WHERE fact = 0 AND id IN (SELECT id FROM row_at WHERE sound AND seq < floor)",
    """
    WITH RECURSIVE hole (conversation, seq, last) AS (
        SELECT conversation, floor, last FROM run WHERE floor <= last
        UNION ALL SELECT conversation, seq + 1, last FROM hole WHERE seq < last
    ) INSERT OR IGNORE INTO place SELECT conversation, seq, 0 FROM hole
    """,
    """
    INSERT OR IGNORE INTO sent SELECT outbox, n, e.id FROM entry e NOT INDEXED JOIN row_at r ON r.id = e.id
        WHERE outbox IS NOT NULL AND n IS NOT NULL AND e.seq >= floor ORDER BY outbox, n, e.id
    """,
    f"""
    INSERT OR IGNORE INTO edit SELECT e.conversation, CAST(e.body AS TEXT) ->> '$.of', e.seq
        FROM entry e NOT INDEXED JOIN row_at r ON r.id = e.id
        WHERE e.kind = '{EDIT}' AND sound AND e.seq >= floor AND json_valid(CAST(e.body AS TEXT))
    """,  # noqa: S608  constants
    f"UPDATE entry SET fact = kind IN ({sql_list(FACTS)}) WHERE fact <> (kind IN ({sql_list(FACTS)}))",  # noqa: S608
    "CREATE INDEX fact ON entry (id) WHERE fact = 1",
    "UPDATE meta SET fed = (SELECT ifnull(max(id), 0) FROM row_at), placed = (SELECT count(*) FROM place)",
)
