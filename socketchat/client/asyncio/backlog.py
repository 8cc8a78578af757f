"""Events that the consumer of a client has not taken yet."""

from __future__ import annotations

from collections import deque

from ...protocol import events
from ..session.client_events import ClientEvent, Gap, LinkLost, Reset

SLOW_BYTES = 1_048_576
"""Bytes that may wait for a slow consumer before reading pauses: some thousand entries."""

AWAITED_BYTES = 33_554_432
"""The same while an answer is awaited: it comes after entries, and a bot that sends in its loop takes none then."""

_EVENT_BYTES = 512
"""Approximate memory of an event beyond its bytes on the wire."""


class Backlog:
    """A queue that knows how much memory it takes up, and which entries have not been handed out."""

    def __init__(self) -> None:
        self._queue: deque[tuple[ClientEvent, int]] = deque()
        self._bytes = 0

    def __bool__(self) -> bool:
        return bool(self._queue)

    def put(self, event: ClientEvent, size: int = 0) -> None:
        """Add an event that took ``size`` bytes on the wire; a failed attempt replaces the previous one."""
        if isinstance(event, LinkLost) and self._queue and isinstance(self._queue[-1][0], LinkLost):
            self._bytes -= self._queue.pop()[1]
        size += _EVENT_BYTES
        self._queue.append((event, size))
        self._bytes += size

    def take(self) -> ClientEvent:
        """Return the oldest event; raises IndexError if there is none."""
        event, size = self._queue.popleft()
        self._bytes -= size
        return event

    def is_full(self, *, awaited: bool) -> bool:
        """Tell whether reading should pause; ``awaited`` says that an answer may come after all this."""
        return self._bytes > (AWAITED_BYTES if awaited else SLOW_BYTES)

    def positions(self, seqs: dict[str, int]) -> dict[str, int]:
        """Return the newest seqs that were handed out; ``seqs`` are the newest that came in."""
        positions = dict(seqs)
        for event, _ in reversed(self._queue):
            match event:
                case events.Entry() if event.conversation in positions:
                    positions[event.conversation] = event.seq - 1
                case Gap() if event.conversation in positions:
                    positions[event.conversation] = event.first - 1
                case Reset():
                    break
        return positions
