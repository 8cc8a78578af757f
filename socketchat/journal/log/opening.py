"""What the segments of a log hold when it is opened: the records that count, and the damage.

A segment continues the one before it. If its first frame has a position that an earlier segment has as well, a write
had failed: what the earlier segment holds from there on was never acknowledged, and does not count. So bad bytes at the
end of a segment are harmless if the next segment continues at or before them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from . import Damaged, Record
from .disk import Disk
from .frame import BLOCK, Frame, records_of
from .segment import SUFFIX, Scan, Spot, scan


class Gap(NamedTuple):
    """Damage, and the first record that is intact after it; None if no record is."""

    damaged: Damaged
    next: int | None

    def loses(self, applied: int) -> bool:
        """Tell whether records may be lost, if another place has those up to ``applied``."""
        return self.next is None or (self.next > self.damaged.position and self.next > applied + 1)


class Piece(NamedTuple):
    """A frame that counts, and the index of its segment."""

    segment: int
    frame: Frame


class History:
    """The frames that count, as the frames and bad spots of all segments are added in order.

    ``pieces`` are those since the last gap; ``lost`` are the pieces before it.
    """

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.lost: list[Piece] = []
        self.gaps: list[Gap] = []
        self._pending: tuple[str, Spot] | None = None
        self._previous: tuple[str, int] = ("the log", 0)

    def add(self, index: int, name: str, found: Scan) -> None:
        """Add a segment."""
        frames, spots = list(found.frames), list(found.spots)
        is_opening = True
        while frames or spots:
            if spots and (not frames or spots[0].offset < frames[0].start):
                spot = spots.pop(0)
                if not spot.is_cut or self._pending is None:
                    self._pending = (name, spot)
            else:
                self._add_frame(index, name, frames.pop(0), is_opening=is_opening)
                is_opening = False

    def end(self) -> None:
        """Judge the bad spot after the last frame, if any."""
        if self._pending is not None and not self._pending[1].is_cut:
            self._gap(None)
        self._pending = None

    def _add_frame(self, index: int, name: str, frame: Frame, *, is_opening: bool) -> None:
        if is_opening and self.pieces:
            self._supersede(frame)
        if self.pieces:
            last = self.pieces[-1].frame
            if frame.first <= last.last or (frame.first == last.last + 1 and frame.before != last.after):
                self._pending = (name, Spot(frame.start, "it does not continue the records before it"))
                return
            if frame.first > last.last + 1:
                self._gap(frame.first)
        if self._pending is not None and not self._pending[1].is_cut:
            is_harmless = self.pieces and is_opening and self._pending[0] != name
            if not is_harmless:  # a header has no records
                is_header = self._pending[1].offset == 0 and frame.start == BLOCK
                self._gap(frame.first, start=frame.first if is_header else None)
        self._pending = None
        self.pieces.append(Piece(index, frame))
        self._previous = (name, frame.end)

    def _supersede(self, frame: Frame) -> None:
        """Drop the frames of earlier segments from the first position of this one on."""
        at = len(self.pieces)
        while at and self.pieces[at - 1].frame.first >= frame.first:
            at -= 1
        dropped = self.pieces[at:]
        if dropped and dropped[0].frame.first == frame.first and dropped[0].frame.before == frame.before:
            del self.pieces[at:]

    def _gap(self, following: int | None, *, start: int | None = None) -> None:
        name, spot = self._pending or (self._previous[0], Spot(self._previous[1], "records are missing"))
        position = self.pieces[-1].frame.last + 1 if self.pieces else start or 1
        self.gaps.append(Gap(Damaged(name, spot.offset, position, spot.reason), following))
        if following is None or following > position:
            self.lost += self.pieces
            self.pieces = []
        self._pending = None


def segment_names(disk: Disk) -> list[str]:
    """Return the names of all segments, in order; raises OSError."""
    return sorted(name for name in disk.names() if name.endswith(SUFFIX))


def salvage(disk: Disk) -> Iterator[Record]:
    """Return all intact records, in order, each position once, whatever damage there is; raises OSError."""
    names = segment_names(disk)
    history = History()
    for index, name in enumerate(names):
        history.add(index, name, scan(disk.read(name, 0)))
    history.end()
    pieces = history.lost + history.pieces
    for index, name in enumerate(names):
        frames = [piece.frame for piece in pieces if piece.segment == index]
        if frames:
            content = disk.read(name, 0)
            for frame in frames:
                yield from records_of(content, frame) or ()
