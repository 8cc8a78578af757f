"""A checksum for each entry: SQLite notices a damaged page only where its structure no longer makes sense."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import msgspec

from ..protocol.events import Entry

DAMAGED = "damaged"
"""The kind of an entry whose row is not what was written: it keeps its place and says nothing else."""

NOTHING = msgspec.Raw(b'{"text":""}')


def checksum(conversation: str, seq: int, ts: int, author: str, name: str, kind: str, body: bytes) -> int:  # noqa: PLR0917
    """Return what is stored beside an entry, so that a flipped bit in any part of it is found."""
    return crc32(body, crc32(f"{conversation}\n{seq}\n{ts}\n{author}\n{name}\n{kind}\n".encode()))


def entry_from(row: Any) -> Entry:
    """Return the entry that a row holds, or a damaged one.

    A row is the conversation's name, seq, ts, author, name, kind, body and checksum.
    """
    conversation, seq, ts, author, name, kind, body, expected = row
    try:
        sound = checksum(conversation, seq, ts, author, name, kind, body) == expected
    except (TypeError, ValueError):  # a number where text was, or nothing
        sound = False
    if not sound:
        return damaged(conversation, seq)
    return Entry(conversation=conversation, seq=seq, ts=ts, author=author, name=name, kind=kind, body=msgspec.Raw(body))


def damaged(conversation: str, seq: int) -> Entry:
    """Return what is served in place of an entry that cannot be read."""
    return Entry(conversation=conversation, seq=seq, ts=0, author="", name="", kind=DAMAGED, body=NOTHING)
