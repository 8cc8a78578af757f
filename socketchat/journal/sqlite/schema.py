"""The tables of the SQLite store, as numbered migrations."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import cast

import apsw

from ..folding import VERSION
from .checksum import checksum

APPLICATION_ID = 0x53434831
"""Marks a database as ours ("SCH1"), so that another program's is never written to."""

EARLIER_ID = 0x53434854
"""Marked the databases of before the first version ("SCHT"), whose accounts have no keys."""

MIGRATIONS: list[Callable[[apsw.Connection], None]] = []
"""What turns schema version k into k + 1, at index k; a released one is never changed."""


def migration(step: Callable[[apsw.Connection], None]) -> Callable[[apsw.Connection], None]:
    """Add the next migration."""
    MIGRATIONS.append(step)
    return step


@migration
def m001_initial(db: apsw.Connection) -> None:
    """Make the entries, which are only ever appended, and what is fed from them (see ``feed``).

    ``outbox`` is the sender's 64 random bits as a signed number. ``fact`` is 0 or 1. ``meta.fed`` is the last entry
    whose place and key are in ``place`` and ``sent``.
    """
    db.execute(
        """
        CREATE TABLE meta (
            id INTEGER PRIMARY KEY CHECK (id = 1), epoch TEXT NOT NULL, fed INTEGER NOT NULL
        );
        CREATE TABLE conversation (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        CREATE TABLE entry (
            id INTEGER PRIMARY KEY,
            conversation INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            ts INTEGER NOT NULL,
            author TEXT NOT NULL,
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            body BLOB NOT NULL,
            outbox INTEGER,
            n INTEGER,
            fact INTEGER NOT NULL
        );
        CREATE INDEX fact ON entry (id) WHERE fact = 1;
        CREATE TABLE claim (name TEXT PRIMARY KEY, entry INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE place (
            conversation INTEGER, seq INTEGER, entry INTEGER NOT NULL, PRIMARY KEY (conversation, seq)
        ) WITHOUT ROWID;
        CREATE TABLE sent (
            outbox INTEGER, n INTEGER, entry INTEGER NOT NULL, PRIMARY KEY (outbox, n)
        ) WITHOUT ROWID;
        """
    )
    db.execute("INSERT INTO meta VALUES (1, ?, 0)", (secrets.token_hex(8),))


@migration
def m002_whole_history(db: apsw.Connection) -> None:
    """Give each entry a checksum and each conversation a floor, and make room for searching and forgetting.

    ``words`` is fed up to ``meta.indexed``; it holds no text, only where each word is, and ``tags`` stands for an
    entry's conversation and author. ``edit`` finds the edits of an entry. ``erasure`` is what is left to do of erasing
    a user: the entries from ``next`` to ``last``. ``meta.deleted`` is 1 while the files may show what was
    deleted. ``mark`` is up to which seq a user has read.
    """
    db.execute(
        """
        ALTER TABLE entry ADD COLUMN checksum BLOB;
        ALTER TABLE conversation ADD COLUMN floor INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE meta ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE meta ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE edit (
            conversation INTEGER, of INTEGER, seq INTEGER, PRIMARY KEY (conversation, of, seq)
        ) WITHOUT ROWID;
        CREATE TABLE mark (
            user TEXT, conversation TEXT, seq INTEGER NOT NULL, PRIMARY KEY (user, conversation)
        ) WITHOUT ROWID;
        CREATE TABLE erasure (author TEXT PRIMARY KEY, next INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID;
        CREATE VIRTUAL TABLE words USING fts5 (
            text, tags, content = '', tokenize = "unicode61 remove_diacritics 2"
        );
        INSERT INTO words (words, rank) VALUES ('secure-delete', 1), ('automerge', 0), ('crisismerge', 1999);
        """
    )
    db.create_scalar_function("checksum", cast("Callable[..., bytes]", checksum), 7, deterministic=True)
    db.execute(
        """
        UPDATE entry SET checksum = checksum(
            (SELECT name FROM conversation WHERE id = conversation), seq, ts, author, name, kind, body
        )
        """
    )


@migration
def m003_held_against_rows(db: apsw.Connection) -> None:
    """Make room for what is known of the indexes, so that damage to them is noticed, and of the clock.

    ``folding`` is the version of Unicode by which texts were folded for the index of words: what was not folded yet is
    indexed anew. ``meta.facts`` and ``meta.placed`` count the rows that are facts, and those of ``place``.
    ``believed`` is the time, in milliseconds, up to which the clock was believed, and ``doubted`` for how long it was
    not since; 0 if it never was.
    """
    db.execute(
        """
        ALTER TABLE meta ADD COLUMN folding TEXT NOT NULL DEFAULT '';
        ALTER TABLE meta ADD COLUMN facts INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE meta ADD COLUMN placed INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE meta ADD COLUMN believed INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE meta ADD COLUMN doubted INTEGER NOT NULL DEFAULT 0;
        UPDATE meta SET
            facts = (SELECT count(*) FROM entry WHERE fact = 1), placed = (SELECT count(*) FROM place);
        """
    )
    db.execute("UPDATE meta SET folding = ? WHERE indexed = 0", (VERSION,))


def abandon(db: apsw.Connection, *names: str) -> None:
    """Forget damaged tables, with their indexes, or indexes alone, in the transaction that there is.

    Their pages are left alone, and never used again: a damaged page may say that those of another table belong to it,
    which would be freed with it. A copy of the store, as a backup is, does not have them.
    """
    db.pragma("writable_schema", 1)
    db.executemany("DELETE FROM sqlite_schema WHERE name = ?1 OR tbl_name = ?1", [(name,) for name in names])
    db.execute("PRAGMA writable_schema = RESET")  # reads the tables that are left


def sql_list(kinds: Iterable[str]) -> str:
    """Return kinds as they stand in an IN (...) of our own queries."""
    return ", ".join(f"'{kind}'" for kind in sorted(kinds))


def begin_epoch(db: apsw.Connection) -> None:
    """Make a copy a store of its own, so that clients who know the other do not take it for that."""
    db.execute("UPDATE meta SET epoch = ?", (secrets.token_hex(8),))


def version(db: apsw.Connection) -> int:
    """Return the schema version of a database."""
    return int(db.pragma("user_version"))


def migrate(db: apsw.Connection) -> None:
    """Bring a database to the newest schema version, in one transaction."""
    if version(db) == len(MIGRATIONS):
        return
    with db:
        for step in MIGRATIONS[version(db) :]:
            step(db)
        db.pragma("application_id", APPLICATION_ID)
        db.pragma("user_version", len(MIGRATIONS))
