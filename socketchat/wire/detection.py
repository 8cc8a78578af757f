"""Detects a client's protocol by its first bytes; picks a rendering for clients whose protocol is unknown."""

from __future__ import annotations

from ..exceptions import ProtocolError
from ..hub import Rendering
from ..protocol.limits import ALPN
from . import http, irc, native, plain
from .wire import Wire

DETECT_BYTES = 16
"""Bytes to detect a protocol: the longest verb of IRC or HTTP, AUTHENTICATE, and the space after it."""

IRC_VERBS = (b"CAP", b"NICK", b"USER", b"PASS", b"PING", b"QUIT", b"JOIN", b"AUTHENTICATE")
IRC_ALPN = "irc"
HTTP_ALPN = "http/1.1"
HTTP_VERBS = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"CONNECT", b"TRACE", b"PRI")
SSH = b"SSH-"


def detect(first: bytes, protocol: str | None = None) -> Wire | None:
    """Return the wire for a connection that begins with these bytes; None if more are needed.

    A ``protocol`` negotiated by ALPN decides alone. Raises ProtocolError for an unsupported protocol. The client always
    speaks first, no timer decides, and the decision is final.
    """
    if protocol == IRC_ALPN:
        return irc.wire()
    if protocol == HTTP_ALPN:
        return http.wire()
    if protocol not in {None, ALPN}:
        raise ProtocolError(f"{protocol} is not supported here; use `socketchat join`.")
    if _is_native(first, protocol):
        return native.wire()
    # Only the start of the first line counts, so the result does not depend on how the stream is split.
    line, end, _ = first[:DETECT_BYTES].partition(b"\n")
    word, space, _ = line.partition(b" ")
    if (space and word.upper() in IRC_VERBS) or line.startswith((b"@", b":")):
        return irc.wire()
    if space and word.upper() in HTTP_VERBS:
        return http.wire()
    if line.startswith(SSH):
        raise ProtocolError("SSH is not supported here; use `socketchat join`.")
    if not _may_be_text(line):
        raise ProtocolError("")  # the client may be anything, so say nothing
    return plain.wire(first) if end or len(line) == DETECT_BYTES else None


def stranger_rendering(first: bytes = b"", protocol: str | None = None) -> Rendering:
    """Return the rendering for a peer whose protocol is unknown or unsupported.

    If the first bytes look like the native dialect, the peer gets that. All others get plain text, which people
    understand and programs do not misread.
    """
    if protocol == IRC_ALPN:
        return irc.STRANGER
    if protocol == HTTP_ALPN:
        return http.HTTP
    return native.NATIVE if _is_native(first, protocol) else plain.PLAIN


def _is_native(first: bytes, protocol: str | None) -> bool:
    return protocol == ALPN or (protocol is None and first.startswith(b"{"))


def _may_be_text(line: bytes) -> bool:
    """Tell whether bytes can start a UTF-8 text, or telnet's negotiation before one."""
    if line[:1] == b"\xff":  # telnet's IAC, which precedes a command
        return len(line) == 1 or line[1] >= 0xF0
    if line and (0x80 <= line[0] < 0xC0 or line[0] == 0x7F):  # a continuation byte, DEL
        return False
    return all(byte >= 0x20 or byte in b"\r\t" for byte in line)
