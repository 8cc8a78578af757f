"""What a client speaks, by the first bytes that it sends; and how to talk to one that has not shown it."""

from __future__ import annotations

from ..exceptions import ProtocolError
from ..hub import Rendering
from ..protocol.limits import ALPN
from . import native, plain
from .wire import Wire

DETECT_BYTES = 16
"""Enough for the longest verb of IRC or HTTP, AUTHENTICATE, and the space behind it."""

IRC_VERBS = (b"CAP", b"NICK", b"USER", b"PASS", b"PING", b"QUIT", b"JOIN", b"AUTHENTICATE")
HTTP_VERBS = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"CONNECT", b"TRACE", b"PRI")
SSH = b"SSH-"


def detect(first: bytes, protocol: str | None = None) -> Wire | None:
    """Return the wire for a connection that begins with these bytes; None if more are needed.

    A ``protocol`` that was agreed on by ALPN decides alone. Raises ProtocolError for what is not spoken here. The
    client always speaks first, no timer decides, and what was decided is final.
    """
    if protocol not in {None, ALPN}:
        raise ProtocolError(f"{protocol} is not supported here; use `socketchat join`.")
    if _is_native(first, protocol):
        return native.wire()
    # Only the first line counts, and all of it that is looked at, so that it does not matter how the stream is cut.
    line, end, _ = first[:DETECT_BYTES].partition(b"\n")
    word, space, _ = line.partition(b" ")
    if space and word.upper() in IRC_VERBS:
        raise ProtocolError("IRC is not supported here; use `socketchat join`, or send a name as the first line.")
    if space and word.upper() in HTTP_VERBS:
        raise ProtocolError("HTTP is not supported here; use `socketchat join`.")
    if line.startswith(SSH):
        raise ProtocolError("SSH is not supported here; use `socketchat join`.")
    if not _may_be_text(line):
        raise ProtocolError("")  # nothing to say to what may be anything
    return plain.wire(first) if end or len(line) == DETECT_BYTES else None


def stranger_rendering(first: bytes = b"", protocol: str | None = None) -> Rendering:
    """Return how a peer reads events that has not shown what it speaks, or speaks what is not spoken here.

    This is the only rule for them: whatever begins as the native dialect does reads that, and all others read text,
    which a person understands and no program takes for something else.
    """
    return native.NATIVE if _is_native(first, protocol) else plain.PLAIN


def _is_native(first: bytes, protocol: str | None) -> bool:
    return protocol == ALPN or (protocol is None and first.startswith(b"{"))


def _may_be_text(line: bytes) -> bool:
    """Tell whether bytes may begin a text in UTF-8, or telnet's negotiation in front of one."""
    if line[:1] == b"\xff":  # telnet's IAC, which a command follows
        return len(line) == 1 or line[1] >= 0xF0
    if line and (0x80 <= line[0] < 0xC0 or line[0] == 0x7F):  # a continuation byte, DEL
        return False
    return all(byte >= 0x20 or byte in b"\r\t" for byte in line)
