"""A log in segment files: one durable write per append."""

from __future__ import annotations

import errno
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress

from . import IDENTITY_BYTES, Damaged, Failed, Full, Record, check_sizes
from .disk import Disk
from .frame import BLOCK, Draft, Frame, frame_at, records_of, segment_of
from .opening import History, Piece, segment_names
from .segment import SEGMENT_BYTES, Header, Scan, Segment, scan
from .supply import TRIMMED, UNFINISHED, Background, Supply, Worker

SEGMENTS = 8
"""Most segments with records: 64 MiB, which a start reads in a fraction of a second and applies in 2."""

TRIES = 2
"""Segments that an append tries: a bad place on the disk is passed by; a disk that fails twice is told."""

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FileLog:
    """A log whose segments are files in one directory.

    ``applied`` is the last record that the caller holds elsewhere, durably: damage up to there loses nothing, and only
    ``damage`` tells it. A new log begins after the position ``after`` with the chain hash ``chain``. Raises Damaged,
    Full, Failed, and OSError if the disk cannot be read.
    """

    def __init__(
        self,
        disk: Disk,
        *,
        applied: int = 0,
        after: int = 0,
        chain: bytes | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        worker: Worker | None = None,
    ) -> None:
        self._disk = disk
        self._draft = Draft()
        self._segments: list[Segment] = []
        self._current: Segment | None = None
        self._is_doubtful = False  # whether records that do not count may be on disk
        self._unrepeated: tuple[str, Frame] | None = None
        self.damage: list[Damaged] = []
        names = segment_names(disk)
        disk.sync_names()  # what a killed process has done counts only when it is durable
        for name in names:
            disk.sync(name)
        found = [scan(disk.read(name, 0)) for name in names]
        self.identity = next((each.identity for each in found if each.identity is not None), b"")
        self.identity = self.identity or os.urandom(IDENTITY_BYTES)
        pieces = self._judge(names, found, applied)
        self._last = pieces[-1].frame.last if pieces else after
        self._chain = pieces[-1].frame.after if pieces else chain or self.identity
        others = disk.names()
        for name in others:
            if name.endswith(UNFINISHED):  # it holds no record
                disk.remove(name)
        leftovers = [name for name in others if name.endswith(TRIMMED)]
        number = max((int(name.split(".")[0]) for name in others if name[:1].isdigit()), default=0)
        self._supply = Supply(
            disk, self.identity, segment_bytes, worker or Background(), number=number, leftovers=leftovers
        )
        self._adopt(names, found, pieces, segment_bytes)
        self._supply.start()
        try:
            self._begin(names, pieces)
        except BaseException:
            self.close()
            raise

    def _begin(self, names: list[str], pieces: list[Piece]) -> None:
        """Write the first frame of a new log; in an old one, write the last again if the disk may lack it."""
        if not pieces:
            self.roll()
        elif not self._disk.is_direct:
            self._unrepeated = names[pieces[-1].segment], pieces[-1].frame
            with suppress(Full):  # reading works on a full disk, too
                self._repeat()

    def _judge(self, names: list[str], found: list[Scan], applied: int) -> list[Piece]:
        """Return the frames that count; raise Damaged if records are lost."""
        history = History()
        for index, (name, each) in enumerate(zip(names, found, strict=True)):
            if each.identity not in {None, self.identity}:
                raise Damaged(name, 0, 0, "it belongs to another log")
            history.add(index, name, each)
        history.end()
        for gap in history.gaps:
            if gap.loses(applied):
                raise gap.damaged
        self.damage = [gap.damaged for gap in history.gaps]
        return history.pieces

    def _adopt(self, names: list[str], found: list[Scan], pieces: list[Piece], size: int) -> None:
        """Keep the segments that hold frames, the newest empty one as the next, and discard the others."""
        offered = False  # a segment before one with frames is never the next
        for index in reversed(range(len(names))):
            name, each = names[index], found[index]
            segment = Segment(name, Header(self.identity, 0, each.id, each.size))
            for piece in pieces:
                if piece.segment == index:
                    segment.add(piece.frame.first, piece.frame.last, piece.frame.start, piece.frame.end)
            if each.frames:
                self._segments.insert(0, segment)
                offered = True
            elif each.is_unused and each.size == size and not offered:
                segment.file = self._disk.open(name)
                self._supply.offer(segment)
                offered = True
            else:
                self._supply.discard(segment)

    @property
    def first(self) -> int:
        """The oldest record that can be read; one more than ``last`` if there is none."""
        return next(segment.firsts[0] for segment in self._segments if segment.firsts)

    @property
    def last(self) -> int:
        """The newest durable record."""
        return self._last

    @property
    def chain(self) -> bytes:
        """The chain hash up to ``last``."""
        return self._chain

    @property
    def uncleaned(self) -> int:
        """Trimmed segments whose bytes are still on disk; they are cleaned in the background."""
        return self._supply.uncleaned

    def append(self, payloads: Sequence[bytes], time: int) -> int:
        """Write records with one durable write, all or none; return the position of the last.

        Raises Full, Failed, and ValueError if a payload or all of them are too large.
        """
        check_sizes(payloads)
        self._repeat()
        chain = self._draft.compose(self._last + 1, time, self._chain, payloads)
        self._write(self._last + 1, self._last + len(payloads))
        self._last += len(payloads)
        self._chain = chain
        return self._last

    def roll(self) -> None:
        """Begin a new segment durably, so that all records so far can be trimmed; raises Full, Failed."""
        if self._current is not None and self._current.firsts[-1] > self._last:
            return  # it holds only the empty frame that began it
        self._repeat()
        self._draft.compose(self._last + 1, 0, self._chain, ())
        self._write(self._last + 1, self._last, opens=True)

    def _repeat(self) -> None:
        """Write the last frame once more: after a failed sync, the page cache holds what the disk does not."""
        if self._unrepeated is None:
            return
        name, frame = self._unrepeated
        content = self._disk.read(name, frame.start, frame.end - frame.start)
        again = frame_at(content, 0, segment_of(content, 0))
        records = again and records_of(content, again)
        if again is None or records is None:
            raise Damaged(name, frame.start, frame.first, "its bytes have changed")
        self._draft.compose(frame.first, frame.time, frame.before, [record.payload for record in records])
        self._write(frame.first, frame.last, opens=True)
        self._unrepeated = None
        for segment in self._segments[:-1]:
            if segment.firsts and segment.firsts[-1] == frame.first:
                segment.remove_last()
                if not segment.firsts:
                    self._segments.remove(segment)
                    self._supply.discard(segment)

    def _write(self, first: int, last: int, *, opens: bool = False) -> None:
        """Write the drafted frame; if that fails, seal the segment and write the same frame to another."""
        size = self._draft.size
        problem: OSError | None = None
        for _ in range(TRIES):
            segment = self._segment_for(size, opens=opens)
            file = segment.file
            if file is None:
                raise Failed("the segment is closed")
            try:
                file.write(segment.end, self._draft.stamped(segment.id))
            except OSError as failure:
                problem = failure
                self._abandon(segment)
            else:
                segment.add(first, last, segment.end, segment.end + size)
                self._is_doubtful = False
                return
        raise Failed(f"the log cannot be written: {problem}") from problem

    def _segment_for(self, size: int, *, opens: bool) -> Segment:
        """Return the segment that the next frame goes to; raises Full, Failed."""
        current = self._current
        if not opens and current is not None and current.end + size <= current.size:
            return current
        if not opens and len(self._segments) >= SEGMENTS:
            raise Full(f"{len(self._segments)} segments wait to be trimmed")
        try:
            segment = self._supply.take()
        except OSError as problem:
            if problem.errno in _NO_SPACE and not self._is_doubtful:
                raise Full(f"the log has no space for another segment: {problem}") from problem
            raise Failed(f"the log cannot create another segment: {problem}") from problem
        if current is not None:
            current.seal()
        self._segments.append(segment)
        self._current = segment
        return segment

    def _abandon(self, segment: Segment) -> None:
        """Write no more to a segment in which a write failed."""
        self._is_doubtful = True
        self._current = None
        segment.seal()
        if not segment.firsts:
            self._segments.remove(segment)
            self._supply.discard(segment)

    def read(self, after: int) -> Iterator[Record]:
        """Return the records after a position, in order, up to the last one at the time of the call.

        Raises Damaged, OSError, and ValueError if some of them were trimmed. May be called in any thread.
        """
        if after < self.first - 1:
            raise ValueError(f"records up to {self.first - 1:,} were trimmed")
        last = self._last
        return self._read(tuple(self._segments), after, last)

    def _read(self, segments: tuple[Segment, ...], after: int, last: int) -> Iterator[Record]:
        for segment in segments:
            if after >= last:
                break
            if not segment.firsts or segment.last <= after:
                continue
            start = segment.starts[max(0, bisect_right(segment.firsts, after + 1) - 1)]
            content = self._disk.read(segment.name, start, segment.end - start)
            at = 0
            while after < min(last, segment.last):
                frame = frame_at(content, at, segment.id)
                records = frame and records_of(content, frame)
                if frame is None or records is None or frame.first > after + 1:
                    raise Damaged(segment.name, start + at, after + 1, "its bytes have changed")
                for record in records:
                    if after < record.position <= last:
                        yield record
                after = max(after, frame.last)
                at = frame.end

    def chain_at(self, position: int) -> bytes:
        """Return the chain hash up to a position, at least ``first`` - 1; raises Damaged, OSError, ValueError."""
        if position == self._last:
            return self._chain
        if position >= self.first:
            return next(self.read(position - 1)).chain
        segment = next(segment for segment in self._segments if segment.firsts)
        frame = frame_at(self._disk.read(segment.name, segment.starts[0], BLOCK), 0, segment.id)
        if position < self.first - 1:
            raise ValueError(f"records up to {self.first - 1:,} were trimmed")
        if frame is None:
            raise Damaged(segment.name, segment.starts[0], self.first, "its bytes have changed")
        return frame.before

    def trim(self, upto: int) -> None:
        """Drop the sealed segments whose records are all at or below a position, once a later one has begun."""
        while self._segments[0].last <= upto and any(segment.firsts for segment in self._segments[1:]):
            self._supply.discard(self._segments.pop(0))
        self._supply.clean()

    def close(self) -> None:
        """Release the log; what was trimmed is cleaned first."""
        if self._current is not None:
            self._current.seal()
            self._current = None
        self._supply.close()
