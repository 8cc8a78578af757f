"""The native dialect in a WebSocket (RFC 6455): a frame holds one or more lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Handshake
from websockets.protocol import OPEN, Protocol, Side
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from ...exceptions import ProtocolError, Refused, UsageProblem
from ...hub import Hub, Session
from ...protocol.commands import Send
from ...protocol.framing import LineBuffer
from ...protocol.limits import LINE_BYTES
from ..native import NATIVE, NativeDialect
from .rendering import Response, problem
from .requests import Request

SUBPROTOCOL = "socketchat.1"

CLOSE = b"\x88\x02\x03\xe8"
"""A close frame with the code 1000; the last line before it says why."""

SLICE_BYTES = 4096
"""Bytes that are parsed before the frames in them are counted."""

SLICE_FRAMES = 160
"""Most frames in a slice: the shortest command with an id takes 28 bytes, and any frame 12 µs."""

_DATA = (Opcode.TEXT, Opcode.CONT)


class Frames:
    """Writes native lines as frames; the same bytes object becomes one frame for all browsers."""

    last = b""
    frame = b""

    def framed(self, data: bytes) -> bytes:
        """Return an unmasked text frame with these lines."""
        if data is not self.last:
            self.last, self.frame = data, _head(len(data)) + data
        return self.frame


_FRAMES = Frames()


def writer(write: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Return a function that writes lines as a frame."""
    framed = _FRAMES.framed

    def write_frame(data: bytes) -> None:
        write(framed(data))

    return write_frame


def _head(size: int) -> bytes:
    """Return the head of a text frame that is not masked (RFC 6455, 5.2)."""
    if size < 126:
        return bytes((0x81, size))
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2)
    return b"\x81\x7f" + size.to_bytes(8)


class WebSocketFraming:
    """Cuts the frames of a browser into lines; a frame that ends without a newline ends its line."""

    def __init__(self, dialect: WebSocketDialect) -> None:
        self._protocol = Protocol(Side.SERVER, state=OPEN, max_size=LINE_BYTES)
        self._lines = LineBuffer(LINE_BYTES)
        self._dialect = dialect

    @property
    def lines(self) -> list[bytes]:
        """The complete lines, in reverse order."""
        return self._lines.lines

    @property
    def uncut(self) -> bytes:
        """Data behind the lines, or anything if the connection has to end after them."""
        return self._lines.uncut or (b"." if self._dialect.is_closed else b"")

    def receive_data(self, data: bytes) -> None:
        """Take what was read."""
        for at in range(0, len(data), SLICE_BYTES):
            if not self._dialect.is_closed:
                self._receive(data[at : at + SLICE_BYTES])

    def _receive(self, data: bytes) -> None:
        """Take a part of what was read; fail if it holds too many frames for its size."""
        protocol, lines = self._protocol, self._lines
        protocol.receive_data(data)
        received = protocol.events_received()
        if len(received) > SLICE_FRAMES:
            protocol.fail(1008, "too many small frames")
        for frame in received:
            if not isinstance(frame, Frame):
                continue
            if frame.opcode in _DATA:
                text = bytes(frame.data)
                lines.receive_data(text if not frame.fin or text.endswith(b"\n") else text + b"\n")
            elif frame.opcode is Opcode.BINARY:
                protocol.fail(1003)  # unsupported data
        replies = b"".join(protocol.data_to_send())
        if replies:
            self._dialect.to_send += replies
        if protocol.close_expected():
            self._dialect.is_closed = True

    def next_line(self) -> bytes | None:
        """Return the next line; raises ProtocolError behind the last one if the WebSocket is closed."""
        line = self._lines.next_line()
        if line is None and self._dialect.is_closed:
            raise ProtocolError("")
        return line


class WebSocketDialect(NativeDialect):
    """The native dialect, and the frames about the WebSocket itself."""

    name: str = "websocket"
    has_served = False
    lifetime = None

    def __init__(self) -> None:
        self.to_send = b""
        self.is_closed = False  # the close frame is sent, or waits to be sent

    def messages(self, lines: list[bytes], most: int, session: Session) -> list[Send]:
        """Take short messages, unless a reply to a ping waits: it is sent with the next command."""
        return [] if self.to_send else super().messages(lines, most, session)

    def closing(self, last_words: bytes) -> bytes:
        """Return the last bytes of the connection."""
        if self.is_closed:
            return b""
        self.is_closed = True
        return (_FRAMES.framed(last_words) if last_words else b"") + CLOSE


def upgrade(hub: Hub, session: Session, request: Request, origin: str) -> Response | bytes:
    """Make the connection of a request a WebSocket, and return the response; raises Refused and UsageProblem.

    A browser always sends the origin of the page, which has to be this server's own; other programs send none, and log
    in as native clients do.
    """
    page = request.headers.get("origin")
    if page is not None and page.lower() != origin:
        raise Refused("This page belongs to another site, so it gets no connection.")
    offered = [each.strip() for each in request.headers.get("sec-websocket-protocol", "").split(",")]
    if SUBPROTOCOL not in offered:
        raise UsageProblem(f"The WebSocket needs the subprotocol {SUBPROTOCOL}.")
    response = ServerProtocol(subprotocols=[Subprotocol(SUBPROTOCOL)], extensions=None).accept(
        Handshake(request.path, Headers(request.headers))
    )
    if response.status_code != 101:
        return problem("usage", "This is not a WebSocket handshake.", status=response.status_code)
    http: Any = session.dialect
    rest = bytes(http.framing.connection.trailing_data[0])
    dialect = WebSocketDialect()
    framing = WebSocketFraming(dialect)
    http.wire().switch(framing, dialect)
    if page is not None:
        unsafe = not (session.channel.is_loopback or (session.channel.is_tls and hub.about.site.is_certified))
        session.channel = session.channel._replace(origin=origin, unsafe=unsafe)
    session.write(bytes(response.serialize()))
    session.dialect, session.rendering, session.write = dialect, NATIVE, writer(session.write)
    if rest:
        framing.receive_data(rest)
    return b""
