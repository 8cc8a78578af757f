"""Checksums of entries, because SQLite notices a damaged page only if its structure is invalid."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any
from zlib import crc32

import msgspec

from ...protocol.events import Entry
from ...protocol.kinds import DAMAGED
from ..bodies import served

KNOWN = 4096
"""Cached checksums of the fields that an author's entries in a conversation share: a megabyte."""

_pack = struct.Struct(">qq").pack

NOTHING = msgspec.Raw(b'{"text":""}')


def checksum(conversation: str, seq: int, ts: int, author: str, name: str, kind: str, body: bytes) -> bytes:  # noqa: PLR0917
    """Return the checksum of an entry: four bytes that reveal a flipped bit in any part of it."""
    return crc32(body, crc32(_pack(seq, ts), _of_words(conversation, author, name, kind))).to_bytes(4, "big")


@lru_cache(KNOWN)
def _of_words(conversation: str, author: str, name: str, kind: str) -> int:
    return crc32(f"{conversation}\n{author}\n{name}\n{kind}\n".encode())


def entry_from(row: Any) -> Entry:
    """Return the entry that a row holds, or a damaged one.

    A row is the conversation's name, seq, ts, author, name, kind, body and checksum.
    """
    conversation, seq, ts, author, name, kind, body, expected = row
    try:
        sound = checksum(conversation, seq, ts, author, name, kind, body) == expected
    except (TypeError, ValueError, struct.error):  # a number or NULL in place of text
        sound = False
    if not sound:
        return damaged(conversation, seq)
    if body.endswith(b" "):
        body = served(body)
    return Entry(conversation=conversation, seq=seq, ts=ts, author=author, name=name, kind=kind, body=msgspec.Raw(body))


def damaged(conversation: str, seq: int) -> Entry:
    """Return the placeholder for an entry that cannot be read."""
    return Entry(conversation=conversation, seq=seq, ts=0, author="", name="", kind=DAMAGED, body=NOTHING)
