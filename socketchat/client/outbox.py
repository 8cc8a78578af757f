"""Messages that were written but not yet confirmed, in order, each with the key that makes sending it again safe.

A server takes any n at or below the last of an outbox for a repetition. So a message must never overtake an earlier
one: the messages that are on the wire are always the first ones of those kept, and once the server refuses one for the
moment, nothing more is sent until all that is on the wire is answered, and then everything again from the refused one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from ..protocol import commands
from ..protocol.limits import UNACKNOWLEDGED_BYTES, UNACKNOWLEDGED_ENTRIES

Kind = Literal["message", "action"]


class _Kept:
    __slots__ = ("command", "on_wire", "size", "tried")

    def __init__(self, command: commands.Send, size: int) -> None:
        self.command = command
        self.size = size
        self.on_wire = False
        self.tried = False


class Outbox:
    """Keeps messages until they are confirmed; ``name`` is 16 random hex digits.

    ``most`` is how many the server lets wait for confirmation; their bytes are bounded too.
    """

    def __init__(self, name: str, most: int = UNACKNOWLEDGED_ENTRIES) -> None:
        self.name = name
        self.most = most
        self._last = 0
        self._kept: dict[int, _Kept] = {}
        self._bytes = 0
        self._held = False
        self._released = False

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[int]:
        return iter(self._kept)

    def __contains__(self, request: int) -> bool:
        return request in self._kept

    def has_room(self, text: str) -> bool:
        """Tell whether one more message may be kept; the first may always."""
        if not self._kept:
            return True
        return len(self._kept) < self.most and self._bytes + _size(text) <= UNACKNOWLEDGED_BYTES

    def add(self, request: int, to: str, text: str, kind: Kind) -> None:
        """Keep a message under the id of its request, to be sent after those before it."""
        self._last += 1
        size = _size(text)
        command = commands.Send(id=request, to=to, text=text, kind=kind, outbox=self.name, n=self._last)
        self._kept[request] = _Kept(command, size)
        self._bytes += size

    def due(self) -> list[commands.Send]:
        """Return the messages that go onto the wire now."""
        if self._held:
            if not self._released or any(kept.on_wire for kept in self._kept.values()):
                return []
            self._held = self._released = False
        waiting = [kept for kept in self._kept.values() if not kept.on_wire]
        for kept in waiting:
            kept.on_wire = kept.tried = True
        return [kept.command for kept in waiting]

    def settle(self, request: int) -> None:
        """Forget a message that is stored, or is refused for good."""
        self._bytes -= self._kept.pop(request).size

    def hold(self, request: int) -> None:
        """Keep a message that the server refused for the moment, and all after it, until ``release``."""
        self._kept[request].on_wire = False
        self._held = True
        self._released = False

    def release(self) -> None:
        """Allow what was refused for the moment to be sent again."""
        self._released = True

    def link_lost(self) -> None:
        """Whatever was on the wire has to be sent again, on the next link."""
        self._held = self._released = False
        for kept in self._kept.values():
            kept.on_wire = False

    def was_tried(self, request: int) -> bool:
        """Tell whether the server may have a message, because it went onto the wire at least once."""
        return self._kept[request].tried


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
