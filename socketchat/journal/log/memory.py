"""A log in memory: the same contract without a disk, for tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from . import IDENTITY_BYTES, Full, Record, chained, check_sizes

CAPACITY_BYTES = 512 * 1024 * 1024
"""Most bytes of payloads by default."""


class MemoryLog:
    """Keeps all records in a list; ``after`` and ``chain`` say what it continues.

    ``capacity`` is the most bytes of payloads that fit, and may change at any time: an append that does not fit raises
    Full. A segment here is what was appended between two rolls, and trimming drops whole segments only.
    """

    def __init__(self, *, capacity: int = CAPACITY_BYTES, after: int = 0, chain: bytes | None = None) -> None:
        self.identity = os.urandom(IDENTITY_BYTES)
        self.capacity = capacity
        self._records: list[Record] = []
        self._trimmed = after
        self._sealed: list[int] = []  # the last positions of sealed segments
        self._chain = self._base = chain or self.identity
        self._size = 0

    @property
    def first(self) -> int:
        """The oldest record that can be read; one more than ``last`` if there is none."""
        return self._trimmed + 1

    @property
    def last(self) -> int:
        """The newest record."""
        return self._trimmed + len(self._records)

    @property
    def chain(self) -> bytes:
        """The chain hash up to ``last``."""
        return self._chain

    @property
    def uncleaned(self) -> int:
        """Nothing: memory is not cleaned."""
        return 0

    def append(self, payloads: Sequence[bytes], time: int) -> int:
        """Store records, all or none; return the position of the last; raises Full, ValueError."""
        check_sizes(payloads)
        size = sum(map(len, payloads))
        if self._size + size > self.capacity:
            raise Full("the log's memory is full")
        for payload in payloads:
            position = self.last + 1
            self._chain = chained(self._chain, position, time, payload)
            self._records.append(Record(position, time, self._chain, bytes(payload)))
        self._size += size
        return self.last

    def read(self, after: int) -> Iterator[Record]:
        """Return the records after a position, in order; raises ValueError if some of them were trimmed."""
        if after < self._trimmed:
            raise ValueError(f"records up to {self._trimmed:,} were trimmed")
        return iter(self._records[after - self._trimmed :])

    def chain_at(self, position: int) -> bytes:
        """Return the chain hash up to a position, at least ``first`` - 1; raises ValueError."""
        if position == self._trimmed:
            return self._base
        return self._chain if position == self.last else next(self.read(position - 1)).chain

    def trim(self, upto: int) -> None:
        """Drop the sealed segments at and below a position."""
        done = [last for last in self._sealed if last <= upto]
        if done:
            self._sealed = self._sealed[len(done) :]
            gone = done[-1] - self._trimmed
            self._size -= sum(len(record.payload) for record in self._records[:gone])
            self._base = self._records[gone - 1].chain
            self._records = self._records[gone:]
            self._trimmed = done[-1]

    def roll(self) -> None:
        """Seal the current segment, so that all records so far can be trimmed."""
        if self.last > (self._sealed[-1] if self._sealed else self._trimmed):
            self._sealed.append(self.last)

    def close(self) -> None:
        """Do nothing: the records stay, and the log can be used again."""
