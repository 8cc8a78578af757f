"""A history checker in the manner of Jepsen: it takes sent, answered, shown and stored messages, and finds errors.

It knows nothing of sockets and files. It is told what happened in order; only the order counts, not the time. A message
without an answer may be stored or not, but never twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from socketchat.exceptions import ChatError

LOST = "lost"
DUPLICATE = "twice"
REORDERED = "reordered"
HOLE = "hole"
GONE = "seen and gone"
PHANTOM = "never said"
INCONSISTENT = "two texts in one place"
STALE = "stale answer"

Place = tuple[str, int]


class Message:
    """A sent message: its room, its predecessors, and its answer."""

    __slots__ = ("after", "number", "place", "refused", "room", "sender")

    def __init__(self, room: str, sender: str, number: int, after: int) -> None:
        self.room = room
        self.sender = sender
        self.number = number
        self.after = after
        """The highest acknowledged seq of the room, of any user, before this message was sent."""
        self.place: Place | None = None
        self.refused = False


class History:
    """The history so far. ``problems`` holds pairs of a problem and its subject, for comparisons."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []
        self._said: dict[str, Message] = {}
        self._numbers: dict[tuple[str, str], int] = defaultdict(int)
        self._answered: dict[str, int] = defaultdict(int)
        self._shown: dict[Place, str] = {}
        self._positions: dict[tuple[str, str], int] = {}
        self._missed: dict[tuple[str, str], set[int]] = defaultdict(set)
        self.acknowledged = 0

    def says(self, sender: str, room: str, text: str) -> None:
        """A sender submits a unique text."""
        self._numbers[sender, room] += 1
        self._said[text] = Message(room, sender, self._numbers[sender, room], self._answered[room])

    def acknowledges(self, text: str, place: Place) -> None:
        """The server answers that a text is stored, perhaps a second time after a retry."""
        message = self._said[text]
        if message.place is None:
            message.place = place
            self.acknowledged += 1
        elif message.place != place:
            self._find(STALE, f"{text}: first {message.place}, then {place}")
        room, seq = place
        if room != message.room:
            self._find(STALE, f"{text}: said in {message.room}, answered with {room}")
        if seq <= message.after:
            self._find(REORDERED, f"{text}: said after {room}/{message.after} was answered, and is {seq}")
        self._answered[room] = max(self._answered[room], seq)

    def refuses(self, text: str, error: ChatError) -> None:
        """The server answers that it will never store a text."""
        assert not getattr(error, "retry", False)
        self._said[text].refused = True

    def shows(self, reader: str, place: Place, text: str) -> None:
        """A reader is shown an entry."""
        room, seq = place
        last = self._positions.get((reader, room), seq - 1)
        missed = self._missed[reader, room]
        if seq in missed:
            self._find(REORDERED, f"{reader} after {last}: {place}")
        elif seq <= last:
            self._find(DUPLICATE, f"{reader} after {last}: {place}")
        elif seq > last + 1:
            self._find(HOLE, f"{reader} after {last}: {place}")
            missed.update(range(last + 1, seq))
        self._positions[reader, room] = max(seq, last)
        if self._shown.setdefault(place, text) != text:
            self._find(INCONSISTENT, f"{place}: {self._shown[place]!r} and {text!r}")

    def tells_of_a_gap(self, reader: str, room: str, first: int, last: int) -> None:
        """A reader learns that the entries from first to last are skipped."""
        position = self._positions.get((reader, room), first - 1)
        if first != position + 1 or last < first:
            self._find(HOLE, f"{reader} after {position}: told of a gap from {first} to {last} in {room}")
        self._positions[reader, room] = max(last, position)

    def holds(self, room: str, entries: Iterable[tuple[int, str]]) -> None:
        """At the end, when all readers are done: the store holds these entries of a room, in this order."""
        stored = dict(entries)
        if list(stored) != list(range(1, len(stored) + 1)):
            self._find(HOLE, f"{room} in the store")
        self._check_texts(room, stored)
        self._check_answers(room, stored)
        self._check_what_was_shown(room, stored)

    def _check_texts(self, room: str, stored: dict[int, str]) -> None:
        seen: set[str] = set()
        numbers: dict[str, int] = defaultdict(int)
        for seq, text in stored.items():
            message = self._said.get(text)
            if message is None or message.refused or message.room != room:
                self._find(PHANTOM, f"{room}/{seq}: {text!r}")
            elif text in seen:
                self._find(DUPLICATE, f"{room}/{seq}: {text!r}")
            else:
                if message.number < numbers[message.sender]:
                    self._find(REORDERED, f"{room}/{seq}: {text!r} after number {numbers[message.sender]}")
                if seq <= message.after:
                    self._find(REORDERED, f"{room}/{seq}: {text!r} was said after {message.after} was answered")
                numbers[message.sender] = max(message.number, numbers[message.sender])
            seen.add(text)

    def _check_answers(self, room: str, stored: dict[int, str]) -> None:
        for text, message in self._said.items():
            if message.place is not None and message.place[0] == room and stored.get(message.place[1]) != text:
                self._find(LOST, f"{text!r} was acknowledged as {message.place}")

    def _check_what_was_shown(self, room: str, stored: dict[int, str]) -> None:
        for (where, seq), text in self._shown.items():
            if where == room and stored.get(seq) != text:
                self._find(GONE, f"{room}/{seq}: {text!r}")
        for (reader, where), position in self._positions.items():
            if where == room and position < len(stored):
                self._find(HOLE, f"{reader} was not shown {room} after {position}")

    def _find(self, kind: str, what: str) -> None:
        self.problems.append((kind, what))

    def kinds(self) -> set[str]:
        return {kind for kind, _ in self.problems}
