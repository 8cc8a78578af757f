"""A checksum for each entry: SQLite notices a damaged page only where its structure no longer makes sense."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import msgspec

from ..protocol.events import Entry
from .bodies import DAMAGED, served

NOTHING = msgspec.Raw(b'{"text":""}')


def checksum(conversation: str, seq: int, ts: int, author: str, name: str, kind: str, body: bytes) -> bytes:  # noqa: PLR0917
    """Return the four bytes that are stored beside an entry, so that a flipped bit in any part of it is found."""
    return crc32(body, crc32(f"{conversation}\n{seq}\n{ts}\n{author}\n{name}\n{kind}\n".encode())).to_bytes(4, "big")


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
    if body.endswith(b" "):
        body = served(body)
    return Entry(conversation=conversation, seq=seq, ts=ts, author=author, name=name, kind=kind, body=msgspec.Raw(body))


def damaged(conversation: str, seq: int) -> Entry:
    """Return what is served in place of an entry that cannot be read."""
    return Entry(conversation=conversation, seq=seq, ts=0, author="", name="", kind=DAMAGED, body=NOTHING)
