"""Renders events for the terminal: events become rich renderables, and those become a string.

Text by other users passes :func:`clean` or :func:`clean_line` and becomes a rich ``Text``, never markup. A line longer
than a row is wrapped here, and indented: if the terminal wrapped it, its rows could look like other users' lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from heapq import merge
from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from ...client.session.client_events import Gap, LinkBack, LinkLost, NotSent, NotStored, Reset, StoredAgain
from ...protocol.events import Absent, Alert, Entry, Error, Left, Past, Presence, UnreadCount
from ...protocol.limits import PRESENCE_NAMES
from ...protocol.text.hygiene import clean, clean_line
from ...protocol.wording import absence_notice, unread_count
from ..model.reactions import tally
from .entries import Entries, Quote, no_quote, spoken
from .lines import Lines, error, notice, rule
from .tables import Tables
from .theme import Look, rich_theme
from .wrapping import INDENT, wrapped

if TYPE_CHECKING:
    from rich.console import RenderableType

WAITING_CHARACTERS = 60
"""Characters shown of a waiting message: enough to recognize it; it is shown whole once it is stored."""

WELCOME_NAMES = 5
"""Names of online users in the welcome; /users lists all."""

MOST_COUNTED = 100
"""Conversations in the line of unread counts."""

MOST_CHARACTERS = 65_536
"""Characters drawn of a text answer."""


class Rendering:
    """Draws for one terminal: ``look`` is its abilities, ``zone`` its time zone (None: the machine's).

    ``name`` is the reader's, and ``quote`` returns the first words of a line that is known. ``now`` and all times are
    in milliseconds since 1970 UTC.
    """

    def __init__(
        self,
        look: Look,
        name: str,
        now: int,
        zone: tzinfo | None = None,
        *,
        quote: Quote = no_quote,
    ) -> None:
        self._look = look
        self._lines = Lines(look, now, zone)
        self._entries = Entries(self._lines, name, quote)
        self.tables = Tables(self._lines)

    def paint(self, what: Iterable[RenderableType], width: int) -> str:
        """Return the lines to write, each ended by a newline, with no escape sequences except colors."""
        file = StringIO()
        console = Console(
            file=file,
            width=max(1, width - 1),  # a table as wide as the terminal would break when that gets narrower
            force_terminal=True,
            color_system="standard" if self._look.colors == "standard" else "256",
            no_color=self._look.colors == "none",
            theme=rich_theme(self._look),
            markup=False,
            emoji=False,
            highlight=False,
            legacy_windows=False,
            _environ={},
        )
        for renderable in what:
            if isinstance(renderable, Text):
                console.print(wrapped(renderable, width - 1), soft_wrap=True)
            else:
                console.print(renderable)
        return file.getvalue()

    def lines(self, event: object, me: str, now: int) -> list[Text]:
        """Return the lines of an event; ``me`` is the reader's user id."""
        match event:
            case Entry():
                return self._entries.draw(event, me)
            case Presence():
                return self._presence(event, now)
            case Error():
                return [error(event.text)]
            case NotSent():
                return [error(f"{event.error} {event.sentence}")]
            case LinkLost() if event.other_key:
                return _other_key(event.reason)
            case NotStored():
                return [error(event.sentence)]
        sentence = _sentence(event)
        return self._lines.dated(now, notice(sentence)) if sentence else []

    def past(self, entries: Sequence[Past], room: str, me: str, direct: Sequence[Entry] = ()) -> list[Text]:
        """Return the last lines of a room, and a line below that says so; ``direct`` messages are mixed in by time."""
        in_time = merge(entries, direct, key=lambda entry: entry.ts)
        reactions = tally(entries)
        lines = [line for entry in in_time for line in self._entries.draw(entry, me, reactions=reactions)]
        count = sum(spoken(entry) is not None for entry in entries)
        if not count:
            what = f"no messages in {room} yet"
        else:
            what = f"above: the last {'message' if count == 1 else f'{count} messages'} in {room}"
        among = ", with direct messages" if direct else ""
        return [*lines, rule(f"{what}{among}")]

    def listed(self, entries: Sequence[Past], me: str, sentence: str, whole: int | None = None) -> list[Text]:
        """Return lines with their places, and a caption below.

        Long texts are truncated, except the requested one, at the seq ``whole``.
        """
        reactions = tally(entries)
        lines = [
            line
            for entry in entries
            for line in self._entries.draw(entry, me, entry.place, whole=whole, reactions=reactions)
        ]
        return [*lines, rule(sentence)]

    def welcome(self, name: str, online: Sequence[str]) -> Text:
        """Return the line that greets the user."""
        who = self._lines.names(online[:WELCOME_NAMES], len(online))
        return Text.assemble(
            ("-- ", "notice"), "Welcome, ", self._lines.name(name), f". {len(online):,} online: ", who, "."
        )

    def _presence(self, event: Presence, now: int) -> list[Text]:
        place = clean_line(event.room) if event.room else "the chat"
        lines: list[Text] = []
        for mark, people, told, verb, style in (
            ("→ ", event.appeared, event.appeared_count, "joined", "join"),
            ("← ", event.disappeared, event.disappeared_count, "left", "leave"),
        ):
            if people:
                count = max(told, len(people))
                who = self._lines.names([person.name for person in people[:PRESENCE_NAMES]], count)
                have = "has" if count == 1 else "have"
                lines += self._lines.dated(now, Text.assemble((mark, style), who, (f" {have} {verb} {place}", style)))
        return lines


def topic(room: str, text: str) -> Text:
    """Return the line that tells the topic of a room."""
    return notice(f"Topic of {room}: {text}" if text else f"{room} has no topic; /topic TEXT sets one.")


def unread(counts: Sequence[UnreadCount], unseen: str | None = None) -> Text:
    """Return the line with the unread counts; ``unseen`` has direct messages that are not on the screen."""
    parts = [f"{count.name} {unread_count(count)}" for count in counts[:MOST_COUNTED]]
    if len(counts) > MOST_COUNTED:
        parts.append(f"{len(counts) - MOST_COUNTED:,} more")
    hint = f" (/history {unseen} shows them)" if unseen else ""
    return notice(f"Unread: {' · '.join(parts)}{hint}" if parts else "Nothing is unread.")


def waiting(line: str) -> Text:
    """Return the line that shows a message that is not stored yet, on one row."""
    shown = clean_line(line[: WAITING_CHARACTERS + 1])
    more = "…" if len(line) > WAITING_CHARACTERS else ""
    return Text(f"{INDENT}waiting: {shown[:WAITING_CHARACTERS]}{more}", "time")


def ignored(names: Sequence[str]) -> Text:
    """Return the line that lists the ignored users."""
    return notice(f"You ignore {', '.join(names) or 'nobody'}.")


def text(words: str) -> Text:
    """Return an answer that is a text, such as that to /help."""
    return Text(clean(words[:MOST_CHARACTERS]))


def _other_key(reason: str) -> list[Text]:
    """Return the lines of the key warning; its command has a line of its own, for copying."""
    sentence, colon, command = reason.rpartition(": ")
    alarm = error(f"The server showed another key. You stay disconnected, and what you type waits. {sentence}{colon}")
    return [alarm, Text(clean_line(f"   {command}"), overflow="ignore")]


def _sentence(event: object) -> str:
    """Return the program's own sentence about an event, or ""."""
    match event:
        case Absent():
            return absence_notice(event)
        case Alert():
            return event.text
        case Left():
            if event.conversation.startswith("@") and not event.text:
                return ""  # direct messages of a guest who has left
            return event.text or f"You left {event.conversation}."
        case Gap() | StoredAgain() | LinkBack():
            return event.sentence
        case LinkLost():
            return f"Connection lost; what you type waits until it is back. {event.reason}"
        case Reset():
            return "The server has a new history, which may not contain what is above."
    return ""
