"""The plain dialect: the seed's text protocol, for nc, telnet and the seed's own client.

The first line is the name. Each later line is a text for the current room, or a slash command. A session hears its
current room and its direct messages, and does not hear itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from ..exceptions import BadName, BadText, Refused
from ..hub import Session
from ..protocol.commands import Command, Hello, Login, Password, Send
from ..protocol.events import Entry, Event, Text, Welcome
from ..protocol.framing import LineBuffer
from ..protocol.kinds import ECHOED
from ..protocol.limits import TEXT_BYTES
from ..protocol.slash.parsing import parse
from ..protocol.text.rows import ROW_COLUMNS
from ..protocol.transcript import text_lines
from .wire import SHORT_BYTES, Wire

LINE_BYTES = TEXT_BYTES + 128
"""Longest line: the longest text, after a command with a name."""

_IAC = 0xFF
"""RFC 854: Interpret As Command; an int, because searching a line for an int is much faster than for bytes."""

_TELNET = re.compile(rb"\xff(?:[\xfb-\xfe].?|\xfa[^\xff]*\xff\xf0|[^\xfa-\xff]|\xff)", re.DOTALL)
"""RFC 854: IAC WILL/WONT/DO/DONT option, IAC SB … IAC SE, IAC command, and an escaped 255, which is not UTF-8.

The pattern allows no escape between SB and SE: an unterminated SB would be searched repeatedly, for seconds in all.
"""

_NO_ECHO = b"\xff\xfb\x01"
"""RFC 857: after IAC WILL ECHO, telnet hides the user's input until IAC WONT ECHO."""

_ECHO = b"\xff\xfc\x01"

_WITH_PASSWORD = (Login, Password)

_LOGIN = ("Password: ",)
_FIRST_PASSWORD = ("New password: ", "Once more: ")
_ANOTHER_PASSWORD = ("Old password (Enter if you forgot it): ", *_FIRST_PASSWORD)
"""The questions, in order."""

_text_of = msgspec.json.Decoder(Text).decode


class PlainRendering:
    """Events as lines of text."""

    echo = False
    sided = True
    follows = False
    shows_members = False
    hears_lobby = True
    tells_watched = False
    invites = False
    resumes = False
    echoed = ECHOED
    confirms = False

    def entry(self, entry: Entry, *, own: bool = False) -> bytes:
        """Return an entry as lines; in direct messages the two ends read different ones."""
        if type(entry) is Entry and entry.kind == "message" and entry.conversation.startswith("#"):
            body = _text_of(entry.body)
            line = f"{entry.name}: {body.text}"
            columns = ROW_COLUMNS if line.isascii() else ROW_COLUMNS // 2
            if len(line) <= columns and line.isprintable() and not (body.edited or body.deleted):
                return f"{line}\n".encode()
        return text_lines(entry, me=entry.author if own else None).encode()

    def message(self, entry: Entry, text: str) -> bytes:
        """Return a new message to a room as lines; the text is clean."""
        if entry.kind == "message":
            line = f"{entry.name}: {text}"
            columns = ROW_COLUMNS if line.isascii() else ROW_COLUMNS // 2
            if len(line) <= columns and "\n" not in text and "\t" not in text:
                return f"{line}\n".encode()
        return self.entry(entry)

    def event(self, event: Event) -> bytes:
        """Return an event as lines."""
        if isinstance(event, Welcome):
            return f"[join] {event.name} has joined the chat.\n{text_lines(event, me=None)}".encode()
        return text_lines(event, me=None).encode()

    def answer(self, event: Event, session: Session, command: Command | None) -> bytes:  # noqa: ARG002 - reads alike
        """Return an answer as lines."""
        return self.event(event)

    def confirm(self, entry: Entry, session: Session) -> None:
        """Return None: the dialect confirms otherwise, or not at all."""


PLAIN = PlainRendering()


class PlainDialect:
    """One line is a name, a text, a slash command or a password; empty lines are ignored."""

    __slots__ = ("_asked", "_is_telnet", "_prompts", "_typed", "to_send")

    name = "plain"
    rendering = PLAIN
    greeting_seconds = 120.0  # a person needs time to choose a name
    is_strict = False

    def __init__(self, first: bytes) -> None:
        self._is_telnet = (
            b"\r\n" in first or _IAC in first
        )  # nc ends its lines differently, and would print the negotiation
        self._asked: Login | Password | None = None  # the command that waits for a password
        self._prompts: Sequence[str] = ()
        self._typed: tuple[str, ...] = ()  # the passwords typed so far
        self.to_send = b""

    def messages(self, lines: list[bytes], most: int, session: Session) -> list[Send]:
        """Take lines off the end of ``lines`` while they begin like a text for the current room, and not a command."""
        messages: list[Send] = []
        if self._asked is not None or session.user is None or session.put_out:
            return messages
        room = session.room
        while lines and len(messages) < most:
            line = lines[-1]
            if len(line) > SHORT_BYTES:
                break
            try:
                text = line.decode()
            except UnicodeDecodeError:  # perhaps telnet's negotiation
                break
            if not text[:1].isalnum():
                break
            messages.append(Send(to=room, text=text.removesuffix("\r")))
            del lines[-1]
        return messages

    def read(self, line: bytes, session: Session) -> Sequence[Command]:
        """Return the command in a line, if any; raises ChatError for an invalid line."""
        if _IAC in line:
            line = _TELNET.sub(b"", line)  # telnet's negotiation is not part of the text
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise BadText("This line is not valid UTF-8.") from None
        if self._asked is not None:
            return self._answered(self._asked, text)
        if session.user is None and not text.lower().startswith("/login"):
            return (Hello(name=_name_in(text.strip())),)
        if not text or text.isspace():
            return ()
        command = parse(text, session.room)
        if type(command) is Send:
            if session.put_out and command.to == session.room:
                gone, session.put_out = session.put_out, ""  # the text was meant for that room
                raise Refused(f"You are no longer in {gone}. What you type now goes to {session.room}.")
            return (command,)
        return self._ask(session, command) if isinstance(command, _WITH_PASSWORD) else (command,)

    def _ask(self, session: Session, command: Login | Password) -> Sequence[Command]:
        """Ask for the password that a command needs, unless the command will be refused anyway."""
        is_guest = session.user is None or session.user.is_guest
        if not session.channel.is_private or is_guest != isinstance(command, Login):
            return (command,)
        self._asked = command
        has_password = session.user is not None and (session.user.password or session.user.next_password)
        self._prompts = _LOGIN if isinstance(command, Login) else _ANOTHER_PASSWORD if has_password else _FIRST_PASSWORD
        self._prompt(self._prompts[0])
        return ()

    def _answered(self, asked: Login | Password, text: str) -> Sequence[Command]:
        """Return the command with its password; a new password is typed twice."""
        if self._is_telnet:
            self.to_send += _ECHO + b"\n"  # the end of the line was hidden, too
        self._typed += (text,)
        if len(self._typed) < len(self._prompts):
            self._prompt(self._prompts[len(self._typed)])
            return ()
        typed, self._typed, self._asked = self._typed, (), None
        if isinstance(asked, Login):
            return (msgspec.structs.replace(asked, password=text),)
        *old, new, again = typed
        if new != again:
            raise BadText("The two passwords differ. Nothing was changed.")
        return (msgspec.structs.replace(asked, password=new, old="".join(old)),)

    def _prompt(self, words: str) -> None:
        self.to_send += words.encode() + (_NO_ECHO if self._is_telnet else b"")


def wire(first: bytes) -> Wire:
    """Return a new wire of this dialect, for a client that sent these bytes first."""
    return Wire(LineBuffer(LINE_BYTES), PlainDialect(first))


def _name_in(line: str) -> str:
    """Return the name in the first line; raises BadName if the line looks like a command."""
    if line.startswith("/"):
        raise BadName("Send your name first, on a line of its own; /login NAME asks for a password.")
    return line
