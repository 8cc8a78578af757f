"""A segment: a file of fixed size that holds a header and then frames, and what is found when it is read.

A segment gets its name only when it is complete on disk: a header, and zeros. One process writes it, frame after
frame, each durable before the next. After a write fails, nothing more is written to that segment.

So when it is read, only the last frame can be incomplete, and these rules tell a torn frame from damage:

- An intact frame further on proves that the bytes before it were durable: they are damaged.
- Else, if a sector of the bad frame holds only zeros where the header announces other bytes, or if the sector with the
  header itself does, the frame is torn: it was never acknowledged, and is cut.
- Else every sector of it was written, and bytes have changed since: damage.
"""

from __future__ import annotations

import os
import struct
from array import array
from mmap import mmap
from typing import NamedTuple
from zlib import crc32

from . import Newer
from .disk import File
from .frame import BLOCK, FRAME_BYTES, VERSION, Bytes, Frame, frame_at, is_torn, records_of, segment_of

SEGMENT_BYTES = 8 * 1024 * 1024
"""Size of a segment: a second of a busy server, zeroed in some 20 ms, and larger than the largest frame."""

SUFFIX = ".segment"

_MAGIC = b"scSG"
_HEAD = struct.Struct("<4sHxx16s8sQQ")
_CHECK = struct.Struct("<I")
_ID_BYTES = 8

if SEGMENT_BYTES < BLOCK + FRAME_BYTES:
    raise AssertionError("a segment must hold the largest frame")


def name_of(number: int) -> str:
    """Return the file name of a segment."""
    return f"{number:010}{SUFFIX}"


class Header(NamedTuple):
    """What a segment says of itself: its log, its number, a random id, and its size."""

    identity: bytes
    number: int
    id: bytes
    size: int

    @classmethod
    def new(cls, identity: bytes, number: int, size: int) -> Header:
        """Return the header of a new segment."""
        return cls(identity, number, os.urandom(_ID_BYTES), size)

    def encoded(self) -> memoryview:
        """Return the first block of the segment, aligned in memory as direct I/O demands."""
        head = _HEAD.pack(_MAGIC, VERSION, self.identity, self.id, self.number, self.size)
        block = mmap(-1, BLOCK)
        block[:] = (head + _CHECK.pack(crc32(head))).ljust(BLOCK, b"\xff")
        return memoryview(block)

    @classmethod
    def decoded(cls, block: Bytes) -> Header | None:
        """Return the header in the first block of a segment; None if it is damaged. Raises Newer."""
        head = bytes(block[: _HEAD.size + _CHECK.size])
        if len(head) < _HEAD.size + _CHECK.size or _CHECK.unpack_from(head, _HEAD.size)[0] != crc32(head[: _HEAD.size]):
            return None
        magic, version, identity, id_, number, size = _HEAD.unpack_from(head)
        if magic == _MAGIC and version > VERSION:
            raise Newer(f"A newer version wrote the log (format {version}, not {VERSION}).")
        return cls(identity, number, id_, size) if magic == _MAGIC else None


class Segment:
    """A segment of an open log: where its frames are, and its file while frames are added."""

    def __init__(self, name: str, header: Header, file: File | None = None) -> None:
        self.name = name
        self.id = header.id
        self.size = header.size
        self.file = file
        self.end = BLOCK
        self.last = -1  # position of the last record; -1 if there is no frame
        self.firsts = array("Q")
        self.starts = array("Q")

    def add(self, first: int, last: int, start: int, end: int) -> None:
        """Note a durable frame."""
        self.firsts.append(first)
        self.starts.append(start)
        self.last = last
        self.end = end

    def remove_last(self) -> None:
        """Forget the last frame, because a later segment has it as well."""
        self.last = self.firsts.pop() - 1
        self.end = self.starts.pop()

    def seal(self) -> None:
        """Close the file: no more frames are added."""
        if self.file is not None:
            self.file.close()
            self.file = None


class Spot(NamedTuple):
    """A place in a segment with bytes that are no intact frame; ``is_cut`` if nothing durable was there."""

    offset: int
    reason: str
    is_cut: bool = False


class Scan(NamedTuple):
    """What was found in a segment: its intact frames and the bad spots between them, both in the order of the file.

    ``identity`` is None if the header is damaged.
    """

    identity: bytes | None
    id: bytes
    size: int
    frames: list[Frame]
    spots: list[Spot]

    @property
    def is_unused(self) -> bool:
        """Tell whether it is complete, and nothing was ever written to it."""
        return not self.frames and not self.spots


def scan(content: Bytes) -> Scan:
    """Read a segment; raises Newer."""
    header = Header.decoded(content[:BLOCK])
    segment = header.id if header else segment_of(content, BLOCK)
    spots = [] if header else [Spot(0, "the header is not valid", is_cut=_is_zero(content[BLOCK:]))]
    frames: list[Frame] = []
    at = BLOCK
    while at < len(content):
        frame = frame_at(content, at, segment)
        if frame is not None and records_of(content, frame) is not None:
            frames.append(frame)
            at = frame.end
            continue
        if _is_zero(content[at:]):
            break
        start, at = at, _next_intact(content, at + BLOCK, segment)
        if at < len(content):
            spots.append(Spot(start, "it is not intact, and later records are"))
        elif is_torn(content, start, segment):
            spots.append(Spot(start, "it was written in part", is_cut=True))
        else:
            spots.append(Spot(start, "its bytes have changed"))
    if header and len(content) < header.size:
        spots.append(Spot(len(content), "the end of the file is missing"))
    return Scan(header and header.identity, segment, len(content), frames, spots)


def _is_zero(content: Bytes) -> bool:
    return content == bytes(len(content))


def _next_intact(content: Bytes, at: int, segment: bytes) -> int:
    while at < len(content):
        frame = frame_at(content, at, segment)
        if frame is not None and records_of(content, frame) is not None:
            break
        at += BLOCK
    return at
