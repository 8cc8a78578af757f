"""The native dialect: one JSON object per line, as socketchat/protocol/README.md documents it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..exceptions import ProtocolError
from ..hub import Session
from ..protocol import codec
from ..protocol.commands import Command, Send
from ..protocol.events import Entry, Event
from ..protocol.framing import LineBuffer
from ..protocol.kinds import ECHOED
from ..protocol.limits import LINE_BYTES
from .wire import SHORT_BYTES, Wire

PROGRAM_SECONDS = 10.0
"""Time to log in: short, because the client is a program."""

_MESSAGE = b'{"type":"send"'

_decode_message = msgspec.json.Decoder(Send).decode


class NativeRendering:
    """Events as JSON lines: the same bytes for every session."""

    echo = True
    sided = False
    follows = True
    shows_members = False
    hears_lobby = True
    tells_watched = False
    invites = False
    resumes = True
    echoed = ECHOED
    confirms = False

    def entry(self, entry: Entry, *, own: bool = False) -> bytes:  # noqa: ARG002 - both ends read the same
        """Return an entry as a line."""
        return codec.encode(entry)

    def message(self, entry: Entry, text: str) -> bytes:  # noqa: ARG002 - the body stays JSON
        """Return a message as a line."""
        return codec.encode(entry)

    def event(self, event: Event) -> bytes:
        """Return an event as a line."""
        return codec.encode(event)

    def answer(self, event: Event, session: Session, command: Command | None) -> bytes:  # noqa: ARG002 - it has an id
        """Return an answer as a line."""
        return codec.encode(event)

    def confirm(self, entry: Entry, session: Session) -> None:
        """Return None: the dialect confirms otherwise, or not at all."""


NATIVE = NativeRendering()


class NativeDialect:
    """One line is one command."""

    name = "native"
    rendering = NATIVE
    greeting_seconds = PROGRAM_SECONDS
    is_strict = True
    to_send = b""  # the dialect has no output of its own

    def messages(self, lines: list[bytes], most: int, session: Session) -> list[Send]:  # noqa: ARG002 - as in read
        """Take short messages off the end of ``lines``; any line that is not plainly one is left to ``read``."""
        messages: list[Send] = []
        while lines and len(messages) < most:
            line = lines[-1]
            if len(line) > SHORT_BYTES or not line.startswith(_MESSAGE):
                break
            try:
                message = _decode_message(line)
            except codec.UNDECODABLE:
                break
            if message.of is not None:  # a reply takes a look at the message that it answers
                break
            messages.append(message)
            del lines[-1]
        return messages

    def read(self, line: bytes, session: Session) -> Sequence[Command]:  # noqa: ARG002 - the line is enough
        """Return the command; raises BadLine and Unsupported."""
        try:
            return (codec.decode_command(line),)
        except ProtocolError as error:
            error.command_id = codec.line_id(line)
            raise


_DIALECT = NativeDialect()


def wire() -> Wire:
    """Return a new wire of this dialect."""
    return Wire(LineBuffer(LINE_BYTES), _DIALECT)
