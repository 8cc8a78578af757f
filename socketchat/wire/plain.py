"""The plain dialect: the seed's text protocol, for nc, telnet and the seed's own client.

The first line is the name. Then every line is a text for the current room, or a slash command. A session hears its
current room and its direct messages, and does not hear itself.
"""

from __future__ import annotations

import re

import msgspec

from ..exceptions import BadText
from ..hub import Session
from ..protocol import slash
from ..protocol.commands import Command, Hello, Ping
from ..protocol.events import Entry, Event, Text, Welcome
from ..protocol.framing import LineBuffer
from ..protocol.limits import TEXT_BYTES
from ..protocol.transcript import text_lines

LINE_BYTES = TEXT_BYTES + 128
"""A text of the longest, and a command with a name in front of it."""

IAC = b"\xff"
_TELNET = re.compile(rb"\xff(?:[\xfb-\xfe].?|\xfa[^\xff]*\xff\xf0|[^\xfa-\xff]|\xff)", re.DOTALL)
"""RFC 854: IAC WILL/WONT/DO/DONT option, IAC SB … IAC SE, IAC command, and an escaped 255, which is no UTF-8.

No escape is looked for between SB and SE: what has no end would be searched again and again, for seconds in all.
"""

_text_of = msgspec.json.Decoder(Text).decode


class PlainRendering:
    """Events as lines of text."""

    echo = False
    sided = True
    follows = False
    resumes = False

    def entry(self, entry: Entry, *, own: bool = False) -> bytes:
        """Return an entry as lines; in direct messages the two ends read different ones."""
        if entry.kind == "message" and entry.conversation.startswith("#"):
            text = _text_of(entry.body).text
            if text.isprintable():
                return f"{entry.name}: {text}\n".encode()
        return text_lines(entry, me=entry.author if own else None).encode()

    def event(self, event: Event) -> bytes:
        """Return an event as lines."""
        if isinstance(event, Welcome):
            return f"[join] {event.name} has joined the chat.\n{text_lines(event, me=None)}".encode()
        return text_lines(event, me=None).encode()


PLAIN = PlainRendering()


class PlainWire:
    """Lines in, commands out."""

    __slots__ = ("_lines",)

    rendering = PLAIN
    greeting_seconds = 120.0  # a person has to find the name

    def __init__(self) -> None:
        self._lines = LineBuffer(LINE_BYTES)

    def receive_data(self, data: bytes) -> None:
        """Take what was read."""
        self._lines.receive_data(data)

    def next_command(self, session: Session) -> Command | None:
        """Return the next command; raises ChatError for a line that is none."""
        line = self._lines.next_line()
        if line is None:
            return None
        if IAC in line:
            line = _TELNET.sub(b"", line)  # what telnet negotiates is not said to anybody
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise BadText("This line is not UTF-8.") from None
        if session.user is None:
            return Hello(name=text.strip())
        if not text or text.isspace():
            return Ping()  # nothing is said, but a flood of nothing has to be slowed down, too
        return slash.parse(text, session.room)
