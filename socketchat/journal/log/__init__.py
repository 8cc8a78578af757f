"""The log is an append-only sequence of records: append them durably, read from a position, trim what is stored.

A record has a position (1, 2, 3 …), a time, a payload that the log does not look into, and a chain hash over all
records before it. Two logs with the same chain hash at a position hold the same records up to there.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

RECORD_BYTES = 512 * 1024
"""Largest payload: twice the longest line of the wire, and what a replicated log takes as one record."""

APPEND_BYTES = 4 * 1024 * 1024
"""Most bytes of payloads in one append: a disk writes them in some 20 ms, and a segment holds them."""

APPEND_RECORDS = 4096
"""Most records in one append, so that the table of their lengths is small; a batch is usually one record."""

IDENTITY_BYTES = CHAIN_BYTES = 16
"""Bytes of a log's identity and of a chain hash: enough that no two are equal by chance."""


class Full(Exception):  # noqa: N818 - the names say what is the matter
    """There is no space for these records: nothing was written, and a later append may succeed."""


class Failed(Exception):  # noqa: N818
    """Writing failed: the records do not count, but some of them may be on disk.

    The next append or roll that succeeds replaces them. If the process stops before that, the next start finds all of
    them, or none.
    """


class Damaged(Exception):  # noqa: N818
    """A record that was durable cannot be read: ``position`` is the first one that is missing or changed."""

    def __init__(self, segment: str, offset: int, position: int, reason: str) -> None:
        super().__init__(f"{segment} is damaged at byte {offset:,} (record {position:,}): {reason}.")
        self.segment = segment
        self.offset = offset
        self.position = position
        self.reason = reason


class Newer(Exception):  # noqa: N818
    """A newer version of the program wrote the log."""


class Record(NamedTuple):
    """One record; ``time`` is in milliseconds, and ``chain`` is the chain hash up to and including it."""

    position: int
    time: int
    chain: bytes
    payload: bytes


class Log(Protocol):
    """An append-only sequence of records. All methods are called in one thread, ``read`` in any."""

    identity: bytes
    """Random; a log that was begun anew has another one."""

    @property
    def first(self) -> int:
        """The oldest record that can be read; one more than ``last`` if there is none."""

    @property
    def last(self) -> int:
        """The newest durable record."""

    @property
    def chain(self) -> bytes:
        """The chain hash up to ``last``."""

    @property
    def uncleaned(self) -> int:
        """Trimmed segments whose bytes are still on disk; they are overwritten with zeros in the background."""

    def append(self, payloads: Sequence[bytes], time: int) -> int:
        """Write records with one durable write, all or none; return the position of the last.

        ``time`` is in milliseconds. Raises Full, Failed, and ValueError if a payload or all of them are too large.
        """

    def read(self, after: int) -> Iterator[Record]:
        """Return the records after a position, in order, up to the last one at the time of the call.

        Raises Damaged, and OSError if the disk cannot be read. ``after`` must be at least ``first`` - 1.
        """

    def chain_at(self, position: int) -> bytes:
        """Return the chain hash up to a position, at least ``first`` - 1; raises Damaged, OSError, ValueError."""

    def trim(self, upto: int) -> None:
        """Drop the sealed segments whose records are all at or below a position, once a later one has begun."""

    def roll(self) -> None:
        """Begin a new segment durably, so that all records so far can be trimmed; raises Full, Failed."""

    def close(self) -> None:
        """Release the log; everything that was appended is durable already."""


_LINK = struct.Struct("<QQQ")


def chained(before: bytes, position: int, time: int, payload: bytes) -> bytes:
    """Return the chain hash up to a record, given the one before it.

    SHA-256 because current processors compute it in hardware: 0.8 µs for a lone message and 6 µs for 10 KB, where
    BLAKE2b takes 20.
    """
    return hashlib.sha256(b"".join((before, _LINK.pack(position, time, len(payload)), payload))).digest()[:CHAIN_BYTES]


def check_sizes(payloads: Sequence[bytes]) -> None:
    """Raise ValueError if these payloads cannot be one append."""
    if not payloads or len(payloads) > APPEND_RECORDS:
        raise ValueError(f"an append has 1 to {APPEND_RECORDS:,} records, not {len(payloads):,}")
    if max(map(len, payloads)) > RECORD_BYTES or sum(map(len, payloads)) > APPEND_BYTES:
        raise ValueError(f"a record has at most {RECORD_BYTES:,} bytes, and an append {APPEND_BYTES:,}")
