"""Draws entries: messages, actions, topics, notices, edits and deletions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ...exceptions import ProtocolError
from ...protocol.codec import decode_text
from ...protocol.conversations import is_room
from ...protocol.events import Entry, Past
from ...protocol.events import Text as TextBody
from ...protocol.kinds import DAMAGED, LINES, REFERS
from ...protocol.names import name_key
from ...protocol.text.hygiene import clean_line
from ...protocol.text.mentions import is_mention
from ...protocol.wording import change_text, damage_notice, entry_text
from ..model.places import where_said
from .lines import Lines, indented, notice
from .truncate import truncated
from .wrapping import INDENT

if TYPE_CHECKING:
    from rich.style import Style

MENTION = "» "
"""The mark before a line that mentions the reader: no name begins with it, so it cannot be forged."""


def spoken(entry: Entry) -> TextBody | None:
    """Return the text of an entry; None if it is of a kind without text, or unreadable."""
    if entry.kind not in LINES:
        return None
    try:
        return decode_text(entry)
    except ProtocolError:
        return None


class Entries:
    """Draws entries for a reader of this ``name``."""

    def __init__(self, lines: Lines, name: str) -> None:
        self._lines = lines
        self._key = name_key(name)

    def draw(self, entry: Entry, me: str, place: str = "", whole: int | None = None) -> list[Text]:
        """Return the lines of an entry, with its ``place`` if given; ``me`` is the reader's user id.

        A long text is truncated, unless its seq is ``whole``.
        """
        body = spoken(entry)
        if body is None:
            return self._without_text(entry, me, place)
        text = self._truncated(entry_text(entry, body), entry, body, me, whole)
        is_to_me = is_mention(entry, me, self._key)
        if is_to_me:
            text.stylize("mention")
        author = self._lines.name(entry.name)
        match entry.kind:
            case "topic" if body.text:
                said = Text.assemble(author, " set the topic: ", text)
            case "topic":
                said = Text.assemble(author, " cleared the topic")
            case "notice":
                said = notice(body.text)
            case _ if not is_room(entry.conversation):
                said = self._direct(entry, body, text, me)
            case "action":
                said = Text.assemble("* ", author, " ", text)
            case _:
                said = Text.assemble(author, ": ", text)
        if is_to_me:
            said = Text.assemble((MENTION, "mention"), said)
        if place:
            said = self._placed(place, said)
        return self._lines.dated(entry.ts, said)

    def _without_text(self, entry: Entry, me: str, place: str) -> list[Text]:
        """Return the line of an edit, a deletion or an unreadable entry.

        History shows a change in the line that was changed; lines with places show the change itself too.
        """
        if entry.kind == DAMAGED:
            return [notice(damage_notice(entry))]
        if entry.kind not in REFERS or (isinstance(entry, Past) and not place):
            return []
        try:
            body = decode_text(entry)
        except ProtocolError:
            return []
        what = self._truncated(change_text(entry, body, me), entry, body, me)
        said = Text.assemble(self._lines.name(entry.name), " ", what)
        return self._lines.dated(entry.ts, self._placed(place, said) if place else said)

    @staticmethod
    def _truncated(text: str, entry: Entry, body: TextBody, me: str, whole: int | None = None) -> Text:
        if entry.seq == whole:
            return Text(indented(text))
        shown, hidden = truncated(text, where_said(entry, body, me, entry.conversation))
        return Text.assemble(indented(shown), (f"\n{INDENT}{clean_line(hidden)}" if hidden else "", "time"))

    @staticmethod
    def _placed(place: str, said: Text) -> Text:
        return Text.assemble((f"{clean_line(place)} ", "time"), said)

    def _direct(self, entry: Entry, body: TextBody, text: Text, me: str) -> Text:
        if entry.author == me:
            label: list[str | tuple[str, Style | str]] = [("[DM to ", "dm"), self._lines.name(body.to or "?")]
        else:
            label = [("[DM from ", "dm"), self._lines.name(entry.name)]
        before = Text.assemble("* ", self._lines.name(entry.name), " ") if entry.kind == "action" else Text()
        return Text.assemble(*label, ("] ", "dm"), before, text)
