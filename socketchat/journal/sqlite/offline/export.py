"""Exports all messages line by line: as text, or as JSON in the form of the native protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import apsw
import msgspec

from ....exceptions import BadFile, NoSuchRoom
from ....protocol.codec import encode
from ....protocol.events import Entry
from ....protocol.kinds import DAMAGED, REFERS, REPLY
from ....protocol.text.hygiene import clean, clean_line
from ....protocol.wording import VERBS
from ... import SERVER_LOG, Progress
from ...bodies import Said, said
from .. import schema
from ..checksum import entry_from

CHUNK = 1_000
"""Entries read at a time: the write-ahead log cannot restart while a reader is active."""


def entries(db: apsw.Connection, room: str | None = None, progress: Progress | None = None) -> Iterator[Entry]:
    """Yield all entries, or those of one conversation, in stored order; raises BadFile, NoSuchRoom."""
    if room is not None and not db.execute("SELECT 1 FROM conversation WHERE name = ?", (room,)).fetchone():
        raise NoSuchRoom(f"There are no messages in {room}. Check the name, or leave out --room.")
    yield from _read(db, room, progress)


def _read(db: apsw.Connection, conversation: str | None, progress: Progress | None = None) -> Iterator[Entry]:
    if schema.version(db) != len(schema.MIGRATIONS):
        raise BadFile("This store has an older version. Start the server once to migrate it.")
    last, newest = 0, int(str(next(db.execute("SELECT ifnull(max(id), 0) FROM entry"))[0]))
    while chunk := list(db.execute(_ENTRIES, (last, conversation, CHUNK))):
        for entry_id, *row in chunk:
            yield entry_from(row)
            last = entry_id
        if progress is not None:
            progress(last, max(last, newest))


def as_json(entry: Entry) -> str:
    """Return an entry as a line of the native protocol."""
    return encode(entry).decode().rstrip("\n")


def names(db: apsw.Connection) -> dict[str, str]:
    """Return the names of accounts by id; guests are not stored."""
    return {entry.author: entry.name for entry in _read(db, SERVER_LOG) if entry.kind == "user"}


def as_text(entry: Entry, names: Mapping[str, str]) -> str:
    """Return an entry as lines of text, without control characters except tabs; "" for an entry of the server log.

    ``names`` maps the ids of accounts to their names.
    """
    words = _words(entry)
    if words is None:
        return ""
    # The time of a damaged entry is unknown, too.
    when = datetime.fromtimestamp(entry.ts / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    place = f"{when} {clean_line(_called(entry, names))}/{entry.seq} "
    return "\n".join(place + line for line in words.split("\n"))


def _called(entry: Entry, names: Mapping[str, str]) -> str:
    """Return the name of a conversation: for direct messages both users' names, always in the same order."""
    if not entry.conversation.startswith("@"):
        return entry.conversation
    known = {entry.author: entry.name, **names}
    return "@" + ":".join(known.get(user, user) for user in entry.conversation[1:].split(":"))


def _words(entry: Entry) -> str | None:
    if entry.kind == DAMAGED:
        return "(damaged)"
    name = clean_line(entry.name)
    try:
        body = said(entry)
    except msgspec.DecodeError:
        body = Said()
    text = "(deleted)" if body.deleted else clean(body.text)
    before = {
        "message": f"{name}: ",
        "action": f"* {name} ",
        "notice": "[notice] ",
        REPLY: f"{name} (re {body.of}): ",
        "topic": f"{name} set the topic: ",
    }.get(entry.kind)
    if entry.kind in REFERS:
        before = f"{name} {VERBS[entry.kind]} {body.of}{': ' if text else ''}"
    return None if before is None else before + f"\n{before}".join(text.split("\n"))


_ENTRIES = """
    SELECT e.id, c.name, e.seq, e.ts, e.author, e.name, e.kind, e.body, e.checksum
    FROM entry e JOIN conversation c ON c.id = e.conversation
    WHERE e.id > ?1 AND e.seq >= c.floor AND (?2 IS NULL OR c.name = ?2) ORDER BY e.id LIMIT ?3
"""
