"""HTTP/1.1: the page, its WebSocket, and requests of programs, on the port of all other dialects.

Two well-kept parsers share the work, because no single one does it all without I/O: h11 reads requests (it is strict
about lengths and their framing, which is what request smuggling exploits), and ``websockets`` reads frames (twice as
fast as wsproto, which stands on h11). A server's frame has no mask, so its header is written here by hand: one frame
serves every browser. ALPN never offers HTTP/2: a proxy in front can.
"""

from __future__ import annotations

import weakref

from ..wire import Wire
from .dialect import HttpDialect
from .rendering import HTTP
from .requests import RequestFraming
from .websocket import WebSocketDialect, WebSocketFraming

__all__ = ["HTTP", "wire"]


class HttpWire(Wire):
    """A wire that reads requests, until one of them makes it a WebSocket."""

    __slots__ = ("__weakref__", "_current")

    needs_address = True

    def __init__(self) -> None:
        framing = RequestFraming()
        self._current: HttpDialect | WebSocketDialect = HttpDialect(
            weakref.ref(self), framing
        )  # a circle would outlive the connection
        super().__init__(framing, self._current)

    def switch(self, framing: WebSocketFraming, dialect: WebSocketDialect) -> None:
        """Read the bytes that follow as frames."""
        self._framing, self.dialect, self._current = framing, dialect, dialect

    @property
    def has_served(self) -> bool:  # type: ignore[override]
        """Whether the peer has loaded a page."""
        return self._current.has_served

    @property
    def lifetime(self) -> float | None:
        """The age at which a connection that waits for another request ends; a WebSocket stays."""
        return self._current.lifetime

    def closing(self, last_words: bytes) -> bytes:
        """Return the last bytes of the connection."""
        return self._current.closing(last_words)


def wire() -> Wire:
    """Return a new wire of this dialect."""
    return HttpWire()
