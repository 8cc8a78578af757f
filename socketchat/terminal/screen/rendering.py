"""How everything that happens looks in the terminal: events become rich renderables, and those a string.

What others wrote passes :func:`clean` or :func:`clean_line` and becomes a rich ``Text``, never markup. What is longer
than a row is broken here and goes on indented: if the terminal broke it, its rows could look like lines of others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from heapq import merge
from io import StringIO
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...client.session.client_events import Gap, LinkBack, LinkLost, NotSent, NotStored, Reset, StoredAgain
from ...exceptions import ProtocolError
from ...protocol.codec import decode_text
from ...protocol.conversations import is_room, room_id
from ...protocol.events import Absent, Alert, Entry, Error, Left, Past, Presence, Room, UnreadCount
from ...protocol.events import Text as TextBody
from ...protocol.kinds import DAMAGED, LINES, REFERS
from ...protocol.limits import PRESENCE_NAMES
from ...protocol.names import name_key
from ...protocol.text.hygiene import clean, clean_line
from ...protocol.text.mentions import is_mention
from ...protocol.wording import absence_notice, change_text, damage_notice, entry_text, unread_count
from ..model.places import where_said
from .theme import Look, rich_theme
from .truncate import folded
from .wrapping import INDENT, wrapped

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.style import Style

CALL = "» "
"""Before a line in which somebody says the reader's name: no name begins with it, so nobody forges it."""

WAITING_CHARACTERS = 60
"""Characters that are shown of a text that waits: by them it is known again, and it is shown whole when it is sent."""

LAST_TIME = 253_370_764_800_000
"""The start of the year 9999 in milliseconds since 1970: a server's clock may say more, a calendar cannot."""

WELCOMERS = 5
"""Names of those online that greet somebody who comes; /users lists all."""

TOPIC_COLUMNS = 50
"""Columns below which the table of rooms leaves out the topics; /topic tells one."""

LONGEST_COLUMN = 12
"""Names in one column of the table of users, before there is a second column."""


NARROWEST_COLUMN = 4
"""Columns of the terminal that a column of names takes at least, with what stands around it."""

MOST_ROWS = 1_000
"""Names or rooms that are drawn in a table, which takes a second: nobody reads more, and its title tells how many."""

MOST_COUNTED = 100
"""Conversations that the line of what is unread names."""

MOST_CHARACTERS = 65_536
"""Characters that are drawn of an answer that is a text."""


def spoken(entry: Entry) -> TextBody | None:
    """Return the text of an entry, or None where it is of a kind that has none."""
    if entry.kind not in LINES:
        return None
    try:
        return decode_text(entry)
    except ProtocolError:
        return None


class Rendering:
    """Draws for one terminal: ``look`` is what it can do, ``zone`` its time zone (None: the machine's).

    ``name`` is the reader's, and times are in milliseconds since 1970 UTC. It remembers the day of the last line, which
    is today, ``now``, at first: the first line of another day comes below a line with its date.
    """

    def __init__(self, look: Look, name: str, now: int, zone: tzinfo | None = None) -> None:
        self._look = look
        self._key = name_key(name)
        self._zone = zone
        self._day = datetime.fromtimestamp(now / 1000, zone).date()

    def paint(self, what: Iterable[RenderableType], width: int) -> str:
        """Return the lines to write, each ended by a newline, with no escapes but those of colours."""
        file = StringIO()
        console = Console(
            file=file,
            width=max(1, width - 1),  # a table as wide as the terminal would be torn when that gets narrower
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
        """Return the lines of something that the client was told; ``me`` is the reader's user id."""
        match event:
            case Entry():
                return self._entry(event, me)
            case Presence():
                return self._presence(event, now)
            case Error():
                return [self.error(event.text)]
            case NotSent():
                return [self.error(f"{event.error} {event.sentence}")]
            case LinkLost() if event.other_key:
                return self._other_key(event.reason)
            case NotStored():
                return [self.error(event.sentence)]
        sentence = _sentence(event)
        return self._told(now, sentence) if sentence else []

    def past(self, entries: Sequence[Past], room: str, me: str, direct: Sequence[Entry] = ()) -> list[Text]:
        """Return the last lines of a room, and below them the line that says so; ``direct`` messages go among them."""
        in_time = merge(entries, direct, key=lambda entry: entry.ts)
        lines = [line for entry in in_time for line in self._entry(entry, me)]
        many = sum(spoken(entry) is not None for entry in entries)
        what = "nothing was said" if not many else f"above: the last {'line' if many == 1 else f'{many} lines'}"
        among = ", and direct messages of that time" if direct else ""
        return [*lines, self._rule(f"{what} {'in' if not many else 'of'} {room}{' so far' if not many else ''}{among}")]

    def welcome(self, name: str, online: Sequence[str]) -> Text:
        """Return the line for somebody who has just come."""
        who = self._names(online[:WELCOMERS], len(online))
        return Text.assemble(("-- ", "notice"), "Welcome, ", self._name(name), f". {len(online)} online: ", who, ".")

    def topic(self, room: str, text: str) -> Text:
        """Return the line that tells the topic of a room."""
        return self.notice(f"Topic of {room}: {text}" if text else f"{room} has no topic; /topic TEXT sets one.")

    def unread(self, counts: Sequence[UnreadCount], unseen: str | None = None) -> Text:
        """Return the line that says what is unread; ``unseen`` is whose direct messages are not on the screen."""
        parts = [f"{count.name} {unread_count(count)}" for count in counts[:MOST_COUNTED]]
        if len(counts) > MOST_COUNTED:
            parts.append(f"{len(counts) - MOST_COUNTED} more")
        hint = f" (/history {unseen} shows them)" if unseen else ""
        return self.notice(f"Unread: {' · '.join(parts)}{hint}" if parts else "Nothing is unread.")

    def listed(self, entries: Sequence[Past], me: str, sentence: str, whole: int | None = None) -> list[Text]:
        """Return lines with their places, and below them the line that says what they are.

        A long text is folded, unless it is the one that was asked for, at the seq ``whole``.
        """
        lines = [line for entry in entries for line in self._entry(entry, me, entry.place, whole)]
        return [*lines, self._rule(sentence)]

    def _entry(self, entry: Entry, me: str, place: str = "", whole: int | None = None) -> list[Text]:
        body = spoken(entry)
        if body is None:
            return self._unspoken(entry, me, place)
        text = self._folded(entry_text(entry, body), entry, body, me, whole)
        is_to_me = is_mention(entry, me, self._key)
        if is_to_me:
            text.stylize("mention")
        author = self._name(entry.name)
        match entry.kind:
            case "topic" if body.text:
                said = Text.assemble(author, " set the topic: ", text)
            case "topic":
                said = Text.assemble(author, " cleared the topic")
            case "notice":
                said = self.notice(body.text)
            case _ if not is_room(entry.conversation):
                said = self._direct(entry, body, text, me)
            case "action":
                said = Text.assemble("* ", author, " ", text)
            case _:
                said = Text.assemble(author, ": ", text)
        if is_to_me:
            said = Text.assemble((CALL, "mention"), said)
        if place:
            said = self._placed(place, said)
        return self._dated(entry.ts, said)

    def _unspoken(self, entry: Entry, me: str, place: str) -> list[Text]:
        """Return the line of an entry without a text of its own: what somebody changed, or what cannot be read.

        In what is past, a change shows in the line that was changed; among lines with places it fills its own as well.
        """
        if entry.kind == DAMAGED:
            return [self.notice(damage_notice(entry))]
        if entry.kind not in REFERS or (isinstance(entry, Past) and not place):
            return []
        try:
            body = decode_text(entry)
        except ProtocolError:
            return []
        what = self._folded(change_text(entry, body, me), entry, body, me)
        said = Text.assemble(self._name(entry.name), " ", what)
        return self._dated(entry.ts, self._placed(place, said) if place else said)

    @staticmethod
    def _folded(text: str, entry: Entry, body: TextBody, me: str, whole: int | None = None) -> Text:
        """Return a text as it is drawn, its beginning where it is long, unless it is that of the entry ``whole``."""
        if entry.seq == whole:
            return Text(indented(text))
        shown, hidden = folded(text, where_said(entry, body, me, entry.conversation))
        return Text.assemble(indented(shown), (f"\n{INDENT}{clean_line(hidden)}" if hidden else "", "time"))

    @staticmethod
    def _placed(place: str, said: Text) -> Text:
        return Text.assemble((f"{clean_line(place)} ", "time"), said)

    def _presence(self, event: Presence, now: int) -> list[Text]:
        place = clean_line(event.room) if event.room else "the chat"
        lines: list[Text] = []
        for sign, people, count, verb, style in (
            ("→ ", event.appeared, event.appeared_count, "joined", "join"),
            ("← ", event.disappeared, event.disappeared_count, "left", "leave"),
        ):
            if people:
                who = self._names([person.name for person in people[:PRESENCE_NAMES]], max(count, len(people)))
                have = "has" if len(people) == 1 >= count else "have"
                lines += self._dated(now, Text.assemble((sign, style), who, (f" {have} {verb} {place}", style)))
        return lines

    def notice(self, text: str) -> Text:
        """Return a line of the program itself."""
        return Text.assemble(("-- ", "notice"), clean_line(text))

    def error(self, text: str) -> Text:
        """Return a line that says what did not work."""
        return Text.assemble(("!! ", "error"), (clean_line(text), "refused"))

    def _other_key(self, reason: str) -> list[Text]:
        """Return the lines of an alarm; the command that ends it is alone in one, to be copied."""
        sentence, colon, command = reason.rpartition(": ")
        alarm = self.error(f"Another key was met. The link stays down, and what you type waits. {sentence}{colon}")
        return [alarm, Text(clean_line(f"   {command}"), overflow="ignore")]

    def waiting(self, line: str) -> Text:
        """Return the line that shows what was typed and cannot be sent yet, on one row."""
        shown = clean_line(line[: WAITING_CHARACTERS + 1])
        more = "…" if len(line) > WAITING_CHARACTERS else ""
        return Text(f"{INDENT}waiting: {shown[:WAITING_CHARACTERS]}{more}", "time")

    def ignored(self, names: Sequence[str]) -> Text:
        """Return the line that tells who is ignored."""
        return self.notice(f"You ignore {', '.join(names) or 'nobody'}.")

    def help(self, text: str) -> Text:
        """Return the answer to /help."""
        return Text(clean(text[:MOST_CHARACTERS]))

    def users(
        self,
        names: Sequence[str],
        away: Mapping[str, str],
        guests: Collection[str],
        *,
        me: str,
        room: str | None,
        width: int,
    ) -> Table:
        """Return the table of those who are online; ``me`` is marked, who is a guest, and who is away."""
        place = f" in {clean_line(room)}" if room else ""
        table = framed(f"Online users{place} ({_counted(names)})")
        table.show_header = False
        cells = [self._user(name, away.get(name), me, is_guest=name in guests) for name in names[:MOST_ROWS]]
        columns = in_columns(cells, width - 1)
        for _ in columns:
            table.add_column(no_wrap=True, overflow="ellipsis")
        for row in zip_longest(*columns, fillvalue=Text()):
            table.add_row(*row)
        return table

    def _user(self, name: str, away: str | None, me: str, *, is_guest: bool) -> Text:
        reason = (f" ({clean_line(away)})", "time") if away else ""
        return Text.assemble(self._name(name), " (guest)" if is_guest else "", " (you)" if name == me else "", reason)

    def rooms(self, rooms: Sequence[Room], *, current: str, unread: Mapping[str, int], width: int) -> Table:
        """Return the table of rooms; ``current`` is marked, ``unread`` counts by conversation id."""
        table = framed(f"Rooms ({_counted(rooms)})")
        table.add_column("room", no_wrap=True, overflow="ellipsis")
        table.add_column("online", justify="right")
        table.add_column("new", justify="right")
        if width >= TOPIC_COLUMNS:
            table.add_column("topic")
        for room in rooms[:MOST_ROWS]:
            name = Text(("» " if room.name == current else "  ") + clean_line(room.name), "room" if room.member else "")
            new = unread.get(room_id(room.name))
            cells = [name, Text(str(room.online)), Text(str(new) if new else ""), Text(clean_line(room.topic))]
            table.add_row(*cells[: len(table.columns)])
        return table

    def _dated(self, ts: int, said: Text) -> list[Text]:
        """Return a line with its time, and before it the date where that is another than the line before had."""
        moment = datetime.fromtimestamp(min(max(ts, 0), LAST_TIME) / 1000, self._zone)
        line = Text.assemble((f"{moment:%H:%M} ", "time"), said)
        if moment.date() == self._day:
            return [line]
        self._day = moment.date()
        return [self._rule(f"{moment:%A} {moment.day} {moment:%B %Y}"), line]

    def _told(self, now: int, text: str) -> list[Text]:
        return self._dated(now, self.notice(text))

    def _rule(self, text: str) -> Text:
        return Text(f"── {clean_line(text)} ──", "rule")

    def _name(self, name: str) -> tuple[str, Style]:
        return clean_line(name), self._look.author_style(name)

    def _names(self, names: Sequence[str], count: int) -> Text:
        more = max(0, count - len(names))
        who = [Text(*self._name(name)) for name in names] + ([Text(f"{more} more")] if more else [])
        if len(who) <= 1:
            return who[0] if who else Text("nobody")
        return Text.assemble(Text(", ").join(who[:-1]), " and ", who[-1])

    def _direct(self, entry: Entry, body: TextBody, text: Text, me: str) -> Text:
        if entry.author == me:
            label: list[str | tuple[str, Style | str]] = [("[DM to ", "dm"), self._name(body.to or "?")]
        else:
            label = [("[DM from ", "dm"), self._name(entry.name)]
        before = Text.assemble("* ", self._name(entry.name), " ") if entry.kind == "action" else Text()
        return Text.assemble(*label, ("] ", "dm"), before, text)


def _sentence(event: object) -> str:
    """Return what the program itself says of an event, "" where nothing is to be said."""
    match event:
        case Absent():
            return absence_notice(event)
        case Alert():
            return event.text
        case Left():
            return event.text or f"You are no longer in {event.conversation}."
        case Gap() | StoredAgain():
            return event.sentence
        case LinkLost():
            return f"The link is lost; what you type waits until it is back. {event.reason}"
        case LinkBack():
            return f"The link is back: {event.missed} missed, {event.sent} sent."
        case Reset():
            return "The server has begun a new history; what is above may not be in it."
    return ""


def _counted(rows: Sequence[object]) -> str:
    return str(len(rows)) if len(rows) <= MOST_ROWS else f"{len(rows)}, the first {MOST_ROWS} shown"


def framed(title: str) -> Table:
    """Return an empty table with a title, wide enough for it."""
    style = "rule"
    return Table(
        title=title,
        box=box.ROUNDED,
        min_width=cell_len(title) + 1,
        title_style=style,
        border_style=style,
        title_justify="left",
    )


def in_columns(cells: Sequence[Text], width: int) -> list[Sequence[Text]]:
    """Return cells in as many columns as fit beside each other, if one would be long."""
    for count in range(min(-(-len(cells) // LONGEST_COLUMN), width // NARROWEST_COLUMN), 1, -1):
        rows = -(-len(cells) // count)
        columns = [cells[start : start + rows] for start in range(0, len(cells), rows)]
        if 1 + sum(max(cell.cell_len for cell in column) + len("│  ") for column in columns) <= width:
            return columns
    return [cells]


def indented(text: str) -> str:
    """Return a text from somebody, fit to be drawn, with its further lines indented."""
    return clean(text).replace("\n", "\n" + INDENT)
