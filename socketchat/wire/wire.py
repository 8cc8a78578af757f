"""A wire: turns a connection's bytes into commands and replies; it combines a framing and a dialect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..exceptions import ProtocolError, TooLong
from ..hub import Rendering, Session
from ..hub.policy.limits import COMMAND_BYTES
from ..protocol.commands import Command, Send

SHORT_BYTES = 1024
"""Longest line that counts as a short message: 64 of them take as much memory as one turn may."""


class Framing(Protocol):
    """Splits bytes into lines."""

    @property
    def lines(self) -> list[bytes]:
        """The complete lines that were not taken yet, in reverse order."""

    @property
    def uncut(self) -> bytes:
        """Data behind these lines, in which there may be more."""

    def receive_data(self, data: bytes) -> None:
        """Take what was read."""

    def next_line(self) -> bytes | None:
        """Return the next line, or None if more bytes are needed; raises TooLong."""


class Dialect(Protocol):
    """Turns lines into commands; its rendering turns events into bytes."""

    @property
    def name(self) -> str:
        """The name of the dialect, for monitoring."""

    to_send: bytes
    """Output of the dialect itself: prompts, PONG, handshakes; the sender empties it."""

    @property
    def rendering(self) -> Rendering:
        """The rendering at the start; the session's rendering may change later."""

    @property
    def greeting_seconds(self) -> float:
        """The time that this client has to log in, from when it connects."""

    @property
    def is_strict(self) -> bool:
        """Whether a line that is too long ends the connection instead of getting an error."""

    def messages(self, lines: list[bytes], most: int, session: Session) -> list[Send]:
        """Take at most ``most`` short messages off the end of ``lines``, and return them.

        Stop before the first line that is longer than SHORT_BYTES, invalid, or anything but a message: ``read`` reads
        it. This is the path of most lines, so it may read few forms; it may leave all of them to ``read``.
        """

    def read(self, line: bytes, session: Session) -> Sequence[Command]:
        """Return the commands in a line of this session: none, one or several.

        Raises BadLine, UsageProblem, NotFound or TooLong for a line that gets an error, and any other ProtocolError if
        the connection has to end.
        """


class Wire:
    """The server's side of one connection: bytes in, commands and bytes out.

    Call ``receive_data``, then ``next_messages`` and ``next_command`` until ``needs_data``. If the ``dialect`` has
    bytes ``to_send`` after a command, write ``data_to_send()`` before the answer. ``heavy`` counts the bytes of long
    lines, which cost more than others.
    """

    __slots__ = ("_commands", "_framing", "_session", "dialect", "heavy", "needs_data")

    has_served = False
    """Whether the peer has loaded a page."""

    needs_address = False
    """Whether the session has to know at which address of this machine the peer connected."""

    def __init__(self, framing: Framing, dialect: Dialect) -> None:
        self._framing = framing
        self.dialect = dialect
        self._session: Session
        self._commands: Sequence[Command] = ()  # the remaining commands of a line
        self.heavy = 0
        self.needs_data = True

    @property
    def rendering(self) -> Rendering:
        """The rendering at the start."""
        return self.dialect.rendering

    @property
    def greeting_seconds(self) -> float:
        """The time that this client has to log in, from when it connects."""
        return self.dialect.greeting_seconds

    def begin(self, session: Session) -> None:
        """Read lines for this session from now on."""
        self._session = session
        session.dialect = self.dialect

    def receive_data(self, data: bytes) -> None:
        """Take what was read."""
        self._framing.receive_data(data)
        self.needs_data = False

    def next_messages(self, most: int) -> list[Send]:
        """Return the short messages that come next, up to ``most``; none if the next line is anything else."""
        if self._commands:
            return []
        framing = self._framing
        messages = self.dialect.messages(framing.lines, most, self._session)
        if not framing.lines and not framing.uncut:
            self.needs_data = True
        return messages

    def next_command(self) -> Command | None:
        """Read at most one line, and return the next command.

        None means that the line has no command, or, if ``needs_data``, that all lines were read. Raises BadLine,
        UsageProblem, NotFound or TooLong for a line that gets an error, and any other ProtocolError if the connection
        has to end.
        """
        if self._commands:
            first, *self._commands = self._commands
            return first
        try:
            line = self._framing.next_line()
        except TooLong as error:
            if self.dialect.is_strict:
                raise ProtocolError(str(error)) from error
            raise
        if line is None:
            self.needs_data = True
            return None
        if len(line) >= COMMAND_BYTES:
            self.heavy += len(line)
            self._session.spend(len(line))
        commands = self.dialect.read(line, self._session)
        if len(commands) == 1:
            return commands[0]
        if not commands:
            return None
        first, *self._commands = commands
        return first

    @property
    def lifetime(self) -> float | None:
        """The age in seconds at which an idle connection ends even after a login, or None."""
        return None

    def closing(self, last_words: bytes) -> bytes:
        """Return the last bytes of the connection, given the last event as the session's rendering makes it."""
        return last_words

    def data_to_send(self) -> bytes:
        """Return the wire's own output since the last call: prompts, PONG, handshakes."""
        data, self.dialect.to_send = self.dialect.to_send, b""
        return data
