"""Wires: a framing around a dialect, without a socket; detect() picks the one that a client speaks."""

from __future__ import annotations

from typing import Protocol

from ..exceptions import ProtocolError
from ..hub import Rendering, Session
from ..protocol.commands import Command
from ..protocol.limits import ALPN

DETECT_BYTES = 16
"""Enough for the longest verb of IRC or HTTP, AUTHENTICATE, and the space behind it."""

IRC_VERBS = (b"CAP", b"NICK", b"USER", b"PASS", b"PING", b"QUIT", b"JOIN", b"AUTHENTICATE")
HTTP_VERBS = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"CONNECT", b"TRACE", b"PRI")
SSH = b"SSH-"


class Wire(Protocol):
    """The server's side of one connection, as bytes in and commands out."""

    @property
    def rendering(self) -> Rendering:
        """How this client reads events."""

    @property
    def greeting_seconds(self) -> float:
        """How long this client has to say who it is, from the moment that it connects."""

    def receive_data(self, data: bytes) -> None:
        """Take what was read."""

    def next_command(self, session: Session) -> Command | None:
        """Return the next command, or None when more bytes are needed.

        Raises BadLine, UsageProblem, NotFound or TooLong for a line that is answered with an error, and a ProtocolError
        that is no BadLine where the connection has to end.
        """


def detect(first: bytes, protocol: str | None = None) -> Wire | None:
    """Return the wire for a connection that begins with these bytes; None if more are needed.

    A ``protocol`` that was agreed on by ALPN decides alone. Raises ProtocolError for what is not spoken here. The
    client always speaks first, no timer decides, and what was decided is final.
    """
    from .native import NativeWire
    from .plain import PlainWire

    if protocol == ALPN:
        return NativeWire()
    if protocol is not None:
        raise ProtocolError(f"{protocol} is not spoken here; use `socketchat join`.")
    if first.startswith(b"{"):
        return NativeWire()
    # Only the first line counts, and all of it that is looked at, so that it does not matter how the stream is cut.
    line, end, _ = first[:DETECT_BYTES].partition(b"\n")
    word, space, _ = line.partition(b" ")
    if space and word.upper() in IRC_VERBS:
        raise ProtocolError("IRC is not spoken here; use `socketchat join`, or send a name as the first line.")
    if space and word.upper() in HTTP_VERBS:
        raise ProtocolError("HTTP is not spoken here; use `socketchat join`.")
    if line.startswith(SSH):
        raise ProtocolError("SSH is not spoken here; use `socketchat join`.")
    if not _may_be_text(line):
        raise ProtocolError("")  # nothing to say to what may be anything
    return PlainWire() if end or len(line) == DETECT_BYTES else None


def _may_be_text(line: bytes) -> bool:
    """Tell whether bytes may begin a text in UTF-8, or telnet's negotiation in front of one."""
    if line[:1] == b"\xff":  # telnet's IAC, which a command follows
        return len(line) == 1 or line[1] >= 0xF0
    if line and (0x80 <= line[0] < 0xC0 or line[0] == 0x7F):  # a continuation byte, DEL
        return False
    return all(byte >= 0x20 or byte in b"\r\t" for byte in line)
