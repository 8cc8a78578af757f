"""The bytes of one append in a segment: a frame, which starts at a block and is never written over.

A frame is a header, the lengths of its payloads, the payloads, and padding up to the next block:

    magic, version, segment id, first position, records, zero sectors, time, bytes, chain before, chain after, checksum

The checksum covers the header, and the chain hash the payloads. The segment id keeps a frame of another segment, or of
an earlier life of this one, from being taken for one of this; it is random, so no text of a user looks like a frame.
A disk writes a sector completely or not at all, and segments are zeroed before use. So a sector of zeros, beyond those
that the header announces, was never written.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from mmap import mmap
from typing import NamedTuple
from zlib import crc32

from . import APPEND_BYTES, APPEND_RECORDS, Record, chained

BLOCK = 4096
"""Bytes that a write starts at and fills: a multiple of every common disk's block, which direct I/O demands."""

SECTOR = 512
"""Bytes that every disk writes completely or not at all."""

VERSION = 1

Bytes = bytes | memoryview

_MAGIC = b"scFR"
_HEAD = struct.Struct("<4sHxx8sQIIQQ16s16s")
_CHECK = struct.Struct("<I")
_HEAD_BYTES = _HEAD.size + _CHECK.size
_LENGTH_BYTES = 4
_ZEROS = bytes(SECTOR)
_PADDING = b"\xff" * BLOCK  # not zeros, which would look like a sector that was not written


def aligned(size: int) -> int:
    """Round a number of bytes up to whole blocks."""
    return -(-size // BLOCK) * BLOCK


FRAME_BYTES = aligned(_HEAD_BYTES + _LENGTH_BYTES * APPEND_RECORDS + APPEND_BYTES)
"""Bytes of the largest frame."""


def zero_sectors(content: Bytes) -> int:
    """Count the sectors that hold only zeros."""
    return sum(content[at : at + SECTOR] == _ZEROS for at in range(0, len(content), SECTOR))


class Frame(NamedTuple):
    """The header of a frame of ``number`` records; ``start``, ``body`` and ``end`` are its places in the segment."""

    first: int
    number: int
    zeros: int
    time: int
    before: bytes
    after: bytes
    start: int
    body: int
    length: int

    @property
    def last(self) -> int:
        """The position of the last record; one less than ``first`` if there is none."""
        return self.first + self.number - 1

    @property
    def end(self) -> int:
        """Where the next frame starts."""
        return aligned(self.body + self.length)


class Draft:
    """A buffer, aligned as direct I/O demands, in which frames are composed, one at a time."""

    def __init__(self) -> None:
        self._buffer = mmap(-1, FRAME_BYTES)
        self._view = memoryview(self._buffer)
        self._size = 0
        self._fields: tuple[int, int, int, int, int, bytes, bytes] = (0, 0, 0, 0, 0, b"", b"")

    def compose(self, first: int, time: int, before: bytes, payloads: Sequence[bytes]) -> bytes:
        """Put records into the buffer, up to their segment; return the chain hash up to the last of them."""
        buffer = self._buffer
        at = _HEAD_BYTES
        if count := len(payloads):
            lengths = struct.pack(f"<{count}I", *map(len, payloads))
            buffer[at : at + len(lengths)] = lengths
            at += len(lengths)
        after = before
        for position, payload in enumerate(payloads, first):
            buffer[at : at + len(payload)] = payload
            at += len(payload)
            after = chained(after, position, time, payload)
        self._size = size = aligned(at)
        buffer[at:size] = _PADDING[: size - at]
        # One payload has a sector of zeros only if it holds that many; several are rare enough to be counted.
        zeros = zero_sectors(self._view[SECTOR:size]) if count > 1 or (count and _ZEROS in payloads[0]) else 0
        self._fields = (first, count, zeros, time, at - _HEAD_BYTES, before, after)
        return after

    @property
    def size(self) -> int:
        """Bytes of the frame, a multiple of a block."""
        return self._size

    def stamped(self, segment: bytes) -> memoryview:
        """Return the frame as it is written to the segment of this id; valid until the next ``compose``."""
        head = _HEAD.pack(_MAGIC, VERSION, segment, *self._fields)
        self._buffer[:_HEAD_BYTES] = head + _CHECK.pack(crc32(head))
        return self._view[: self._size]


def frame_at(content: Bytes, start: int, segment: bytes) -> Frame | None:
    """Return the frame that starts there, if its header is intact; its body may be damaged."""
    head = bytes(content[start : start + _HEAD_BYTES])
    if len(head) < _HEAD_BYTES or _CHECK.unpack_from(head, _HEAD.size)[0] != crc32(head[: _HEAD.size]):
        return None
    magic, version, of, first, count, zeros, time, length, before, after = _HEAD.unpack_from(head)
    body = start + _HEAD_BYTES
    fits = _LENGTH_BYTES * count <= length <= FRAME_BYTES and body + length <= len(content)
    if (magic, version, of) != (_MAGIC, VERSION, segment) or not fits:
        return None
    return Frame(first, count, zeros, time, before, after, start, body, length)


def segment_of(content: Bytes, start: int) -> bytes:
    """Return the segment id that the frame there names, intact or not."""
    return bytes(content[start + 8 : start + 16])


def records_of(content: Bytes, frame: Frame) -> list[Record] | None:
    """Return the records of a frame; None if the body is damaged."""
    lengths = struct.unpack_from(f"<{frame.number}I", content, frame.body)
    at = frame.body + _LENGTH_BYTES * frame.number
    if sum(lengths) != frame.length - _LENGTH_BYTES * frame.number:
        return None
    records = []
    chain = frame.before
    for position, length in enumerate(lengths, frame.first):
        payload = bytes(content[at : at + length])
        chain = chained(chain, position, frame.time, payload)
        records.append(Record(position, frame.time, chain, payload))
        at += length
    return records if chain == frame.after else None


def is_torn(content: Bytes, start: int, segment: bytes) -> bool:
    """Tell whether a frame that is not intact was written in part: a sector of it has never reached the disk."""
    if content[start : start + SECTOR] == _ZEROS:
        return True
    frame = frame_at(content, start, segment)
    return frame is not None and zero_sectors(content[start : frame.end]) > frame.zeros
