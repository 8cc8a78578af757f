"""A wire: bytes in, and commands and bytes out, for one connection; a framing around a dialect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..exceptions import ProtocolError, TooLong
from ..hub import Rendering, Session
from ..hub.policy.limits import COMMAND_BYTES
from ..protocol.commands import Command


class Framing(Protocol):
    """Bytes into lines."""

    def receive_data(self, data: bytes) -> None:
        """Take what was read."""

    def next_line(self) -> bytes | None:
        """Return the next line, or None if more bytes are needed; raises TooLong."""


class Dialect(Protocol):
    """Lines into commands; its rendering turns events into bytes."""

    to_send: bytes
    """What the dialect itself has to say: prompts, PONG, handshakes; whoever sends it empties this."""

    @property
    def rendering(self) -> Rendering:
        """How this client reads events at first; its session may read them in another way later."""

    @property
    def greeting_seconds(self) -> float:
        """How long this client has to say who it is, from the moment that it connects."""

    @property
    def is_strict(self) -> bool:
        """Whether a line that is too long ends the connection, instead of being answered with an error."""

    def read(self, line: bytes, session: Session) -> Sequence[Command]:
        """Return the commands in a line of this session: none, one or several.

        Raises BadLine, UsageProblem, NotFound or TooLong for a line that is answered with an error, and a ProtocolError
        that is no BadLine if the connection has to end.
        """


class Wire:
    """The server's side of one connection, as bytes in, and commands and bytes out.

    Call ``receive_data``, then ``next_command`` until ``needs_data``; if it then ``has_data_to_send``, write that
    before the answer. ``heavy`` counts the bytes of long lines, which cost more than one command.
    """

    __slots__ = ("_commands", "_dialect", "_framing", "_session", "has_data_to_send", "heavy", "needs_data")

    def __init__(self, framing: Framing, dialect: Dialect) -> None:
        self._framing = framing
        self._dialect = dialect
        self._session: Session
        self._commands: list[Command] = []  # the next one last
        self.has_data_to_send = False
        self.heavy = 0
        self.needs_data = True

    @property
    def rendering(self) -> Rendering:
        """How this client reads events at first."""
        return self._dialect.rendering

    @property
    def greeting_seconds(self) -> float:
        """How long this client has to say who it is, from the moment that it connects."""
        return self._dialect.greeting_seconds

    def begin(self, session: Session) -> None:
        """Speak for this session from now on."""
        self._session = session

    def receive_data(self, data: bytes) -> None:
        """Take what was read."""
        self._framing.receive_data(data)
        self.needs_data = False

    def next_command(self) -> Command | None:
        """Read at most one line, and return the next command.

        None means that this line says nothing, or, if ``needs_data``, that all lines were read. Raises BadLine,
        UsageProblem, NotFound or TooLong for a line that is answered with an error, and a ProtocolError that is no
        BadLine if the connection has to end.
        """
        if self._commands:
            return self._commands.pop()
        try:
            line = self._framing.next_line()
        except TooLong as error:
            if self._dialect.is_strict:
                raise ProtocolError(str(error)) from error
            raise
        if line is None:
            self.needs_data = True
            return None
        if len(line) >= COMMAND_BYTES:
            self.heavy += len(line)
            self._session.spend(len(line))
        dialect = self._dialect
        try:
            commands = dialect.read(line, self._session)
        finally:
            if dialect.to_send:
                self.has_data_to_send = True
        if len(commands) == 1:
            return commands[0]
        self._commands += reversed(commands)
        return self._commands.pop() if self._commands else None

    def data_to_send(self) -> bytes:
        """Return what the wire itself has to say since the last call: prompts, PONG, handshakes."""
        data, self._dialect.to_send, self.has_data_to_send = self._dialect.to_send, b"", False
        return data
