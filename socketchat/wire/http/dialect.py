"""The HTTP dialect: a request is one command, and its response is the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from email.utils import formatdate
from typing import Protocol

import h11

from ...hub import Hub, Rendering, Session
from ...protocol.commands import Command, Send
from ...protocol.events import Event
from ..native import PROGRAM_SECONDS
from .exchange import Exchange
from .rendering import HTTP, Response, problem_of
from .requests import RequestFraming
from .websocket import WebSocketDialect, WebSocketFraming

IDLE_SECONDS = 60.0
"""Age at which a connection without a request in progress ends, after one with a valid token: clients connect again."""


class Switchable(Protocol):
    """A wire that can become a WebSocket."""

    def switch(self, framing: WebSocketFraming, dialect: WebSocketDialect) -> None:
        """Read the bytes that follow as frames."""


class HttpDialect:
    """One body, with the head before it, is one command."""

    name = "http"
    greeting_seconds = PROGRAM_SECONDS
    is_strict = False

    def __init__(self, wire: Callable[[], Switchable | None], framing: RequestFraming) -> None:
        self.wire = wire
        self.framing = framing
        self.hub: Hub | None = None  # since the first request
        self.is_streaming = False  # the body of a response has begun, and its end is not known
        self.is_chunked = False
        self.has_served = False
        self.follows = False

    @property
    def to_send(self) -> bytes:
        """The bytes to send before the response."""
        return self.framing.to_send

    @to_send.setter
    def to_send(self, data: bytes) -> None:
        self.framing.to_send = data

    @property
    def rendering(self) -> Rendering:
        """The rendering before a WebSocket."""
        return HTTP

    @property
    def lifetime(self) -> float | None:
        """The age at which the connection ends if no request is in progress."""
        return None if self.framing.awaits_answer or self.is_streaming else IDLE_SECONDS

    def messages(self, lines: list[bytes], most: int, session: Session) -> list[Send]:  # noqa: ARG002 - as it says
        """Leave all requests to ``read``."""
        return []

    def read(self, line: bytes, session: Session) -> Sequence[Command]:  # noqa: ARG002 - the head says all
        """Return the command of the request with this body."""
        request = self.framing.request
        return () if request is None else (Exchange(request=request._replace(body=line)),)

    def answer(self, event: Event) -> bytes:
        """Return the response for an event that ends the request in progress, or b""."""
        response = problem_of(event)
        return b"" if response is None or self.is_streaming else self.respond(response)

    def respond(self, response: Response) -> bytes:
        """Return a whole response; after it comes the next request."""
        connection, request = self.framing.connection, self.framing.request
        headers = [*self.common(response.headers), ("Content-Length", str(len(response.body)))]
        if connection.their_state in {h11.SEND_BODY, h11.IDLE}:  # the rest of the request will not be read
            headers.append(("Connection", "close"))
        data = connection.send(h11.Response(status_code=response.status, headers=headers)) or b""
        if response.body and (request is None or request.method != "HEAD"):
            data += connection.send(h11.Data(data=response.body)) or b""
        data += connection.send(h11.EndOfMessage()) or b""
        self.framing.end_request()
        return data

    def begin_stream(self, media_type: str) -> bytes:
        """Return the head of a response whose length is not known."""
        headers = {"Content-Type": media_type, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        head = h11.Response(status_code=200, headers=list(self.common(headers)))
        data = self.framing.connection.send(head) or b""
        self.is_streaming = True
        self.is_chunked = b"transfer-encoding: chunked" in data.lower()
        return data

    def stream(self, data: bytes) -> bytes:
        """Return a part of the body."""
        return self.framing.connection.send(h11.Data(data=data)) or b""

    def end_stream(self) -> bytes:
        """Return the end of the body; after it comes the next request."""
        data = self.framing.connection.send(h11.EndOfMessage()) or b""
        self.is_streaming = False
        self.framing.end_request()
        return data

    def common(self, headers: Mapping[str, str]) -> Iterable[tuple[str, str]]:
        """Return headers with those of every response."""
        yield from headers.items()
        yield from ALWAYS
        if self.hub is not None:
            yield "Date", formatdate(self.hub.now() / 1000, usegmt=True)
            if self.hub.about.site.hsts:
                yield "Strict-Transport-Security", "max-age=31536000"

    def closing(self, last_words: bytes) -> bytes:
        """Return the last bytes of the connection: a response only if a request waits for it."""
        if self.is_streaming:  # only what follows without an end may end like this
            return b"0\r\n\r\n" if self.follows and self.is_chunked else b""
        return last_words if self.framing.awaits_answer else b""


ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
"""Headers of every response: no browser guesses a type, tells others the address, or shares the answer with a site."""
