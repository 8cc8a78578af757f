"""The IRC dialect: a line is a message to a room or a user, or a line that a handler answers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...exceptions import ChatError
from ...hub import Rendering, Session
from ...protocol import events
from ...protocol.commands import Command, Said, Send
from ...protocol.conversations import is_room
from ...protocol.events import Entry, Event
from ...protocol.framing import LineBuffer
from ...protocol.text.formatting import stripped
from ..wire import Wire
from .client import Client
from .event_lines import event_lines
from .line import Line
from .message import READ_BYTES, Message, line_of, parse, tag_words
from .rendering import IrcRendering
from .verbs import VERBS
from .verbs.messages import is_too_long

GREETING_SECONDS = 60.0
"""Time to log in: a client is a program, but a person may type IRC by hand."""

SHORT = 300
"""Characters of a text that fits into a line with any source; longer ones are looked at."""

_ACTION = "\x01ACTION "


class StrangerRendering:
    """What a client reads before its first line was handled: only why its connection ends."""

    echo = False
    sided = True
    follows = True
    shows_members = True
    hears_lobby = False
    tells_watched = False
    invites = False
    resumes = False
    confirms = False
    echoed: frozenset[str] = frozenset()

    def entry(self, entry: Entry, *, own: bool = False) -> bytes:  # noqa: ARG002 - strangers hear nothing
        """Return nothing."""
        return b""

    def message(self, entry: Entry, text: str) -> bytes:  # noqa: ARG002 - likewise
        """Return nothing."""
        return b""

    def event(self, event: Event) -> bytes:
        """Return why the connection ends."""
        text = event.text if isinstance(event, events.Error | events.Bye) else ""
        return line_of("ERROR", text).encode() if text else b""

    def answer(self, event: Event, session: Session, command: Command | None) -> bytes:  # noqa: ARG002 - likewise
        """Return why the connection ends."""
        return self.event(event)

    def confirm(self, entry: Entry, session: Session) -> None:
        """Return None: strangers send no messages."""


STRANGER = StrangerRendering()


class IrcDialect:
    """One line is a message, or a line with an answer."""

    name = "irc"
    is_strict = False
    greeting_seconds = GREETING_SECONDS

    def __init__(self) -> None:
        self.to_send = b""
        self.client = Client()
        self._count = 0

    @property
    def rendering(self) -> Rendering:
        """The rendering before the first line."""
        return STRANGER

    def messages(self, lines: list[bytes], most: int, session: Session) -> list[Send]:
        """Take lines off the end of ``lines`` while each is a PRIVMSG without tags to one room or user."""
        messages: list[Send] = []
        while lines and len(messages) < most and lines[-1].startswith(_PRIVMSG):
            try:
                message = parse(lines[-1])
            except ChatError:
                break
            sent = None if message is None else self._sent(message, session)
            if sent is None:
                break
            messages.append(sent)
            del lines[-1]
        return messages

    def read(self, line: bytes, session: Session) -> Sequence[Command]:
        """Return the command in a line, if any."""
        message = parse(line)
        if message is None:
            return ()
        sent = self._sent(message, session) if message.verb in _MESSAGES else None
        return (Line(message=message, verb=VERBS.get(message.verb)) if sent is None else sent,)

    def _sent(self, message: Message, session: Session) -> Send | None:
        """Return the command of a simple message to one room or user, or None for a line that needs more."""
        if session.user is None or len(message.params) < 2 or not _SIMPLE(message.params[0]):
            return None
        if "batch" in message.tags or self.client.batch is not None:
            return None
        target, text = message.params[:2]
        if len(text) > SHORT and is_too_long(session, message.verb, target, text):
            return None
        return self.send(target, text, message)

    def told(self, rendering: IrcRendering, event: Event, session: Session, command: Command | None) -> list[str]:
        """Return the lines of an event for this client."""
        return event_lines(rendering, event, session, self.client, command)

    def send(self, target: str, text: str, message: Message, via: str = "") -> Send | None:
        """Return the command for a message; None for one that others do not get."""
        kind: Said = "message"
        tags = client_tags(message) if message.tags and "message-tags" in self.client.caps else ""
        if message.verb == "TAGMSG":
            kind, text = "tags", ""
            if not tags:
                return None
        elif text.startswith("\x01"):
            if text.startswith(_ACTION):
                kind, text = "action", text[len(_ACTION) :].removesuffix("\x01")
            elif is_room(target):
                return None  # CTCP asks each member's client for an answer
        if not text and not tags:
            return None
        self._count += 1
        if "labeled-response" in self.client.caps:
            self.client.labels[self._count] = message.tags.get("label", "")
        plain = stripped(text)
        return Send(
            id=self._count,
            to=target if is_room(target) else f"@{target}",
            text=plain,
            kind=kind,
            notice=message.verb == "NOTICE",
            styled="" if plain == text else text,
            tags=tags,
            via=via,
        )


def client_tags(message: Message) -> str:
    """Return the tags that are meant for other clients."""
    tags = {key: value for key, value in message.tags.items() if key.startswith("+")}
    return tag_words(tags)[1:-1]


_PRIVMSG = b"PRIVMSG "
_MESSAGES = frozenset({"PRIVMSG", "NOTICE"})
_SIMPLE = re.compile(r"#?[^#@+,*$!\s:][^,*$!@\s:]*").fullmatch


def wire() -> Wire:
    """Return a new wire of this dialect."""
    return Wire(LineBuffer(READ_BYTES), IrcDialect())
