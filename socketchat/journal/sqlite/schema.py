"""The tables of the SQLite store, as numbered migrations."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import cast

import apsw

from ..folding import VERSION
from .checksum import checksum

APPLICATION_ID = 0x53434831
"""Marks a database as ours ("SCH1"), so that the server never writes to another program's."""

EARLIER_ID = 0x53434854
"""Marked databases from before the first version ("SCHT"), whose accounts have no keys."""

MIGRATIONS: list[Callable[[apsw.Connection], None]] = []
"""The migrations: the one at index k turns version k into k + 1. Released ones never change."""


def migration(step: Callable[[apsw.Connection], None]) -> Callable[[apsw.Connection], None]:
    """Add the next migration."""
    MIGRATIONS.append(step)
    return step


@migration
def m001_initial(db: apsw.Connection) -> None:
    """Create the table of entries, which is append-only, and the indexes that ``feed`` updates.

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
    """Add a checksum to each entry and a floor to each conversation, and the tables for search and retention.

    ``words`` is complete up to ``meta.indexed``; it holds no text, only the places of words, and ``tags`` encodes an
    entry's conversation and author. ``edit`` finds the edits of an entry. ``erasure`` is the rest of erasing a user:
    the entries from ``next`` to ``last``. ``meta.deleted`` is 1 while the files may contain deleted text. ``mark``
    holds the read markers.
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
    """Add counts that reveal damage to the indexes, and the state of the clock guard.

    ``folding`` is the version of Unicode with which texts were folded for the search index; unfolded texts are indexed
    again. ``meta.facts`` and ``meta.placed`` count the facts and the rows of ``place``. ``believed`` is the last time,
    in milliseconds, at which the clock was believed, or 0. ``doubted`` is how long it has been doubted since.
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
    """Drop damaged tables with their indexes, or indexes alone, in the current transaction.

    Their pages are left alone and never used again: a damaged page may claim pages of another table, which would then
    be freed, too. A copy of the store, such as a backup, does not have these pages.
    """
    db.pragma("writable_schema", 1)
    db.executemany("DELETE FROM sqlite_schema WHERE name = ?1 OR tbl_name = ?1", [(name,) for name in names])
    db.execute("PRAGMA writable_schema = RESET")  # reloads the remaining tables


def sql_list(kinds: Iterable[str]) -> str:
    """Return kinds as a list for IN (...) in our own queries."""
    return ", ".join(f"'{kind}'" for kind in sorted(kinds))


def begin_epoch(db: apsw.Connection) -> None:
    """Give a copied store a new epoch, so that clients do not mistake it for the original."""
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
