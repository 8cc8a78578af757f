"""The user's last line in each conversation: fixes what "my last line" means at the time of typing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from ...exceptions import ChatError, ProtocolError
from ...protocol import events
from ...protocol.codec import decode_text
from ...protocol.conversations import is_room
from ...protocol.kinds import DELETE, SAID
from ...protocol.limits import RECENT_MS
from ...protocol.names import name_key
from .client_events import Gap, Reset
from .positions import id_of_room


class LastLine:
    """The seq of the user's last line by conversation, from any device, as far as this client heard it.

    ``clock`` returns seconds since 1970.
    """

    __slots__ = ("_clock", "_seqs", "_times")

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._seqs: dict[str, int] = {}
        self._times: dict[str, int] = {}

    def note(self, event: object, user: str) -> None:
        """Note an event; ``user`` is the user's id. A gap may hide a newer line."""
        match event:
            case events.Entry(kind=kind, author=author) if kind in SAID and author != user:
                pass  # most entries are by others, and are not decoded
            case events.Entry(kind=kind) if kind in SAID or kind == DELETE:
                with suppress(ProtocolError):  # the screen says so
                    self._take(event, decode_text(event))
            case Gap() | events.Left():
                self._seqs.pop(event.conversation, None)
            case Reset():
                self._seqs.clear()

    def _take(self, entry: events.Entry, text: events.Text) -> None:
        if entry.kind == DELETE:
            if text.of == self._seqs.get(entry.conversation):
                self._seqs.pop(entry.conversation, None)
        elif not text.deleted:
            self.said(entry.conversation, entry.seq, entry.ts)

    def said(self, conversation: str, seq: int, ts: int | None = None) -> None:
        """Note one of the user's own lines, said at ``ts`` or just now."""
        if seq >= self._seqs.get(conversation, 0):
            self._seqs[conversation] = seq
            self._times[conversation] = int(self._clock() * 1000) if ts is None else ts

    def find(self, name: str, heard: Mapping[str, events.Conversation], *, recent: bool = False) -> int | None:
        """Return the seq of the last line in "#room" or "@name"; None if it is not known, or not ``recent``."""
        where = _id_of(name, heard)
        seq = self._seqs.get(where) if where is not None else None
        if seq is None or (recent and self._times[where or ""] < self._clock() * 1000 - RECENT_MS):
            return None
        return seq


def _id_of(name: str, heard: Mapping[str, events.Conversation]) -> str | None:
    try:
        if is_room(name):
            return id_of_room(name, heard)
        peer = name_key(name.removeprefix("@"))
    except ChatError:  # no name; the server says so
        return None
    pairs = (each.conversation for each in heard.values() if each.peer is not None and name_key(each.peer) == peer)
    return next(pairs, None)
