"""Draws entries: messages, actions, topics, notices, edits and deletions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.text import Text

from ...exceptions import ProtocolError
from ...protocol import kinds
from ...protocol.codec import decode_text
from ...protocol.conversations import is_room
from ...protocol.events import Entry, Past
from ...protocol.events import Text as TextBody
from ...protocol.kinds import DAMAGED, LINES, REFERS
from ...protocol.names import name_key
from ...protocol.text.hygiene import clean_line
from ...protocol.text.mentions import is_mention
from ...protocol.wording import change_text, damage_notice, entry_text, referred_place
from ..model.places import where_said
from ..model.reactions import Tally, in_tally, tally_row
from .lines import Lines, indented, notice
from .truncate import truncated
from .wrapping import INDENT

if TYPE_CHECKING:
    from rich.style import Style

Quote = Callable[[str, int], str]
"""Returns the first words of an entry, given by its conversation and seq, or ""."""

MENTION = "» "
"""The mark before a line that mentions the reader: no name begins with it, so it cannot be forged."""


def no_quote(conversation: str, seq: int) -> str:  # noqa: ARG001 - no line is known
    """Return "", for a reader who knows no lines."""
    return ""


def spoken(entry: Entry) -> TextBody | None:
    """Return the text of an entry; None if it is of a kind without text, or unreadable."""
    if entry.kind not in LINES:
        return None
    try:
        return decode_text(entry)
    except ProtocolError:
        return None


class Entries:
    """Draws entries for a reader of this ``name``; ``quote`` returns the first words of a line that is known."""

    def __init__(self, lines: Lines, name: str, quote: Quote) -> None:
        self._lines = lines
        self._quote = quote
        self._key = name_key(name)

    def draw(
        self, entry: Entry, me: str, place: str = "", *, whole: int | None = None, reactions: Tally | None = None
    ) -> list[Text]:
        """Return the lines of an entry, with its ``place`` if given; ``me`` is the reader's user id.

        A long text is truncated, unless its seq is ``whole``. ``reactions`` are shown below their lines.
        """
        if reactions and in_tally(reactions, entry):
            return []
        body = spoken(entry)
        if body is None:
            return self._without_text(entry, me, place)
        is_to_me = is_mention(entry, me, self._key)
        text = self._truncated(entry_text(entry, body), entry, body, me, whole)
        if is_to_me:
            text.stylize("mention")
        said = self._said(entry, body, text, me)
        if reactions and not body.deleted and (row := tally_row(reactions, entry)):
            said = Text.assemble(said, (f"\n{INDENT}{row}", "time"))
        if is_to_me:
            said = Text.assemble((MENTION, "mention"), said)
        if place:
            said = self._placed(place, said)
        return self._lines.dated(entry.ts, said)

    def _said(self, entry: Entry, body: TextBody, text: Text, me: str) -> Text:
        """Return a line with its author; ``text`` is its text."""
        author = self._lines.name(entry.name)
        match entry.kind:
            case "topic" if body.text:
                return Text.assemble(author, " set the topic: ", text)
            case "topic":
                return Text.assemble(author, " cleared the topic")
            case "notice":
                return notice(body.text)
            case _ if not is_room(entry.conversation):
                return self._direct(entry, body, text, me)
            case "action":
                return Text.assemble("* ", author, " ", text)
            case kinds.REPLY:
                return Text.assemble(author, *self._to(entry, body, me), f"\n{INDENT}", text)
        return Text.assemble(author, ": ", text)

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

    def _to(self, entry: Entry, body: TextBody, me: str) -> list[str | tuple[str, Style | str]]:
        """Return the first row of a reply, after its author: its text begins below, so that none looks like a quote."""
        quote = clean_line(self._quote(entry.conversation, body.of or 0))
        author: list[str | tuple[str, Style | str]] = [" ", self._lines.name(body.of_name)] if body.of_name else []
        return [" ↪", *author, (f" {referred_place(entry, body, me)}{f': {quote}' if quote else ''}", "time")]

    @staticmethod
    def _placed(place: str, said: Text) -> Text:
        return Text.assemble((f"{clean_line(place)} ", "time"), said)

    def _direct(self, entry: Entry, body: TextBody, text: Text, me: str) -> Text:
        """Return a direct message, below a row with the quote if it is a reply."""
        if entry.author == me:
            label: list[str | tuple[str, Style | str]] = [("[DM to ", "dm"), self._lines.name(body.to or "?")]
        else:
            label = [("[DM from ", "dm"), self._lines.name(entry.name)]
        before = Text.assemble("* ", self._lines.name(entry.name), " ") if entry.kind == "action" else Text()
        if entry.kind == kinds.REPLY:
            before = Text.assemble(*self._to(entry, body, me), f"\n{INDENT}")
        return Text.assemble(*label, ("]" if entry.kind == kinds.REPLY else "] ", "dm"), before, text)
