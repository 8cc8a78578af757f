"""Keeps unconfirmed messages in order, each with the key that makes sending it again safe.

A server treats any n at or below the last of a series as a repetition. So a message must never overtake an earlier one
of its series: the messages on the wire are always the first of the kept ones. If the server cannot store one at the
moment, nothing more of its series is sent until everything on the wire is answered. Then everything is sent again, from
the refused one on. The messages of a process are one series; messages adopted from a dead process keep their own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Protocol

from msgspec.structs import replace

from ...exceptions import BadText
from ...protocol import commands
from ...protocol.commands import Said
from ...protocol.limits import UNACKNOWLEDGED_BYTES, UNACKNOWLEDGED_ENTRIES
from ...protocol.names import name_key
from ...protocol.text.hygiene import check_text

Kind = Said
Keyed = commands.Send | commands.Edit | commands.Delete
"""Messages, and changes of messages. Both are called messages here."""

KEPT_ENTRIES = 1_024
"""Messages that may wait: more than a user types while offline; a bot has to wait at some point."""

KEPT_BYTES = 4_194_304
"""The bytes of their texts: a hundred of the longest fit."""


class OutboxStore(Protocol):
    """Keeps messages for the next process."""

    @property
    def lasts(self) -> bool:
        """Whether all messages are still kept; a disk may fail."""

    def load(self) -> list[Keyed]:
        """Return the messages of earlier processes, each series in the order of n."""

    def added(self, message: Keyed) -> None:
        """Keep a message."""

    def settled(self, message: Keyed) -> None:
        """Drop a message that is settled."""


class _Kept:
    __slots__ = ("message", "on_wire", "series", "size", "tried")

    def __init__(self, message: Keyed, series: _Series) -> None:
        self.message = message
        self.series = series
        self.size = _size(message)
        self.on_wire = False
        self.tried = False


class _Series:
    """The messages of one series, and which of them are not on the wire."""

    __slots__ = ("held", "kept", "on_wire", "released", "waiting")

    def __init__(self) -> None:
        self.kept: dict[int, _Kept] = {}
        self.waiting: deque[_Kept] = deque()
        self.on_wire = 0
        self.held = False
        self.released = False

    def rewind(self) -> None:
        """Send everything again, from the first message on."""
        self.held = self.released = False
        self.waiting = deque(self.kept.values())

    def ready(self) -> deque[_Kept]:
        """Return the messages that may go onto the wire, in order."""
        if self.held:
            if not self.released or self.on_wire:
                return deque()
            self.rewind()
        return self.waiting


class Outbox:
    """Keeps messages until they are confirmed; ``name`` names the process's own series, 16 random hex digits.

    ``most`` is the number of messages that the server allows on the wire; their bytes are limited too. ``store``
    outlives the process.
    """

    def __init__(self, name: str, most: int = UNACKNOWLEDGED_ENTRIES, *, store: OutboxStore | None = None) -> None:
        self.name = name
        self.most = most
        self._store = store
        self._last = 0
        self._own = _Series()
        self._series = [self._own]
        self._kept: dict[int, _Kept] = {}
        self._bytes = 0
        self._on_wire = 0
        self._wire_bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[int]:
        return iter(self._kept)

    def __contains__(self, request: int) -> bool:
        return request in self._kept

    @property
    def lasts(self) -> bool:
        """Whether the messages outlive the process."""
        return self._store is not None and self._store.lasts

    @property
    def holds_lines(self) -> bool:
        """Whether a kept message is a new line, not a change of another."""
        return any(isinstance(kept.message, commands.Send) for kept in self._kept.values())

    @property
    def holds_back_lines(self) -> bool:
        """Whether a new line is not on the wire yet, so that a request would overtake it."""
        return any(isinstance(kept.message, commands.Send) and not kept.on_wire for kept in self._kept.values())

    def has_room(self, message: Keyed) -> bool:
        """Tell whether one more message fits; the first always does."""
        if not self._kept:
            return True
        return len(self._kept) < KEPT_ENTRIES and self._bytes + _size(message) <= KEPT_BYTES

    def adopt(self, last: int) -> int:
        """Adopt the messages of earlier processes, which go first; return the last id, counted from ``last``."""
        found: dict[str, _Series] = {}
        for message in self._store.load() if self._store is not None else ():
            last += 1
            series = found.setdefault(message.outbox or "", _Series())
            self._keep(replace(message, id=last), last, series)
        self._series[:0] = found.values()
        return last

    @property
    def adopted(self) -> int:
        """The number of messages from earlier processes."""
        return len(self._kept) - len(self._own.kept)

    def is_adopted(self, request: int) -> bool:
        """Tell whether an earlier process wrote a message."""
        return self._kept[request].series is not self._own

    def add(self, request: int, message: Keyed) -> None:
        """Give a message its key and keep it under the id of its request, after the earlier ones."""
        message = replace(message, id=request, outbox=self.name, n=self._last + 1)
        if self._store is not None:
            self._store.added(message)
        self._last += 1
        self._keep(message, request, self._own)

    def message(self, request: int) -> Keyed:
        """Return a kept message."""
        return self._kept[request].message

    def due(self) -> list[Keyed]:
        """Return the messages to send now."""
        due = []
        for series in self._series:
            waiting = series.ready()
            while waiting and self._wire_has_room(waiting[0].size):
                kept = waiting.popleft()
                kept.on_wire = kept.tried = True
                self._count_wire(kept, 1)
                due.append(kept.message)
        return due

    def settle(self, request: int) -> None:
        """Forget a message that is stored, or that the server refused and will not accept later."""
        message = self._forget(request)
        if self._store is not None:
            self._store.settled(message)

    def leave(self, request: int) -> None:
        """Forget a message here, and leave it to the next process."""
        self._forget(request)

    def hold(self, request: int) -> None:
        """Hold a message that the server cannot store at the moment, and all after it, until ``release``."""
        kept = self._kept[request]
        self._take_off_wire(kept)
        kept.series.held = True
        kept.series.released = False

    def release(self) -> None:
        """Allow held messages to be sent again."""
        for series in self._series:
            series.released = True

    def connection_lost(self) -> None:
        """Note that everything on the wire has to be sent again, on the next connection."""
        for kept in self._kept.values():
            self._take_off_wire(kept)
        for series in self._series:
            series.rewind()

    def was_tried(self, request: int) -> bool:
        """Tell whether the server may have a message, because it went onto the wire at least once."""
        return self._kept[request].tried

    def _keep(self, message: Keyed, request: int, series: _Series) -> None:
        kept = self._kept[request] = series.kept[request] = _Kept(message, series)
        series.waiting.append(kept)
        self._bytes += kept.size

    def _forget(self, request: int) -> Keyed:
        kept = self._kept.pop(request)
        series = kept.series
        del series.kept[request]
        if not series.kept and series is not self._own:
            self._series.remove(series)
        self._bytes -= kept.size
        if kept.on_wire:
            self._take_off_wire(kept)
        elif kept in series.waiting:
            series.waiting.remove(kept)
        return kept.message

    def _wire_has_room(self, size: int) -> bool:
        if not self._on_wire:
            return True
        return self._on_wire < self.most and self._wire_bytes + size <= UNACKNOWLEDGED_BYTES

    def _take_off_wire(self, kept: _Kept) -> None:
        if kept.on_wire:
            kept.on_wire = False
            self._count_wire(kept, -1)

    def _count_wire(self, kept: _Kept, step: int) -> None:
        self._on_wire += step
        self._wire_bytes += step * kept.size
        kept.series.on_wire += step


def check_sendable(message: Keyed) -> None:
    """Raise BadText or TooLong for a text that no server accepts."""
    if isinstance(message, commands.Delete):
        return
    text = message.text
    # A text far over the limit must not reach the wire: an over-long line ends the connection, and the message would
    # be sent again on the next one.
    check_text(text)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BadText("The message is not valid Unicode.") from None


def _size(message: Keyed) -> int:
    text = "" if isinstance(message, commands.Delete) else message.text
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def outbox_name(key: str, name: str) -> str:
    """Return the outbox of the one message that ``name`` sends under a key, the same each time: 16 hex digits."""
    from hashlib import sha256

    return sha256(f"{name_key(name)}\0{key}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
