"""The native dialect: one JSON object per line, as socketchat/protocol/README.md documents it."""

from __future__ import annotations

from ..exceptions import ProtocolError, TooLong
from ..hub import Session
from ..hub.policy.limits import COMMAND_BYTES
from ..protocol import codec
from ..protocol.commands import Command
from ..protocol.events import Entry, Event
from ..protocol.framing import LineBuffer
from ..protocol.limits import LINE_BYTES

PROGRAM_SECONDS = 10.0
"""Time for a program to say who it is: it needs none to think."""


class NativeRendering:
    """Events as JSON lines: everybody reads the same bytes."""

    echo = True
    sided = False
    follows = True
    resumes = True

    def entry(self, entry: Entry, *, own: bool = False) -> bytes:  # noqa: ARG002 - both ends read the same
        """Return an entry as a line."""
        return codec.encode(entry)

    def event(self, event: Event) -> bytes:
        """Return an event as a line."""
        return codec.encode(event)


NATIVE = NativeRendering()


class NativeWire:
    """Lines in, commands out."""

    __slots__ = ("_lines",)

    rendering = NATIVE
    greeting_seconds = PROGRAM_SECONDS

    def __init__(self) -> None:
        self._lines = LineBuffer(LINE_BYTES)

    def receive_data(self, data: bytes) -> None:
        """Take what was read."""
        self._lines.receive_data(data)

    def next_command(self, session: Session) -> Command | None:
        """Return the next command; raises BadLine, Unsupported, and ProtocolError for a line over the limit."""
        try:
            line = self._lines.next_line()
        except TooLong as error:
            raise ProtocolError(str(error)) from error
        if line is None:
            return None
        if len(line) >= COMMAND_BYTES:
            session.spend(len(line))
        try:
            return codec.decode_command(line)
        except ProtocolError as error:
            error.command_id = codec.line_id(line)
            raise
