"""Remembers the lines shown lately, with their places, so that the user can name one."""

from __future__ import annotations

from typing import NamedTuple

from ...exceptions import ProtocolError
from ...protocol import kinds
from ...protocol.codec import decode_text
from ...protocol.conversations import is_room
from ...protocol.events import Entry, Past, Text
from ...protocol.text.hygiene import clean_line
from ...protocol.text.references import place

LINES = 50
"""Lines that are kept: more than a screen has, and few enough to step through."""

WORDS = 24
"""Characters shown of a line: enough to recognize it."""


def where_said(entry: Entry, body: Text, me: str, room: str) -> str:
    """Return the place of a line, or of the line that it changed; ``room`` is the room's name as displayed."""
    seq = (body.of if entry.kind in kinds.REFERS else None) or entry.seq
    if isinstance(entry, Past):
        return place(entry.place.rpartition("/")[0], seq)
    if is_room(entry.conversation):
        return place(room, seq)
    return place(f"@{body.to if entry.author == me else entry.name}", seq)


class Line(NamedTuple):
    """A line on the screen: its place, its first words, and whether the user wrote it."""

    place: str
    words: str
    is_own: bool


class Places:
    """The lines that the user ``me`` can name."""

    def __init__(self, me: str) -> None:
        self._me = me
        self._lines: dict[tuple[str, int], Line] = {}

    @property
    def lines(self) -> list[Line]:
        """The lines, the last shown first."""
        return list(reversed(self._lines.values()))

    def words(self, conversation: str, seq: int) -> str:
        """Return the first words of a line, or "" if it is not one of the lines."""
        line = self._lines.get((conversation, seq))
        return line.words if line else ""

    def note(self, entry: Entry, room: str) -> None:
        """Note a shown line, or a change of one; ``room`` is the room's name as displayed."""
        try:
            body = decode_text(entry)
        except ProtocolError:
            return
        changed = (entry.conversation, body.of or 0)
        match entry.kind:
            case kinds.EDIT if changed in self._lines:
                self._lines[changed] = self._lines[changed]._replace(words=_beginning(body))
            case kinds.DELETE:
                self._lines.pop(changed, None)
            case kind if kind in kinds.SAID and not body.deleted:
                self._add(entry, body, room)

    def _add(self, entry: Entry, body: Text, room: str) -> None:
        is_own = entry.author == self._me
        where = where_said(entry, body, self._me, room)
        key = (entry.conversation, entry.seq)
        self._lines.pop(key, None)
        self._lines[key] = Line(where, _beginning(body), is_own)
        if len(self._lines) > LINES:
            del self._lines[next(iter(self._lines))]


def _beginning(body: Text) -> str:
    words = clean_line(body.text)
    return words if len(words) <= WORDS else words[:WORDS] + "…"
