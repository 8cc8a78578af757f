"""Events as responses: what ends a request in another way than its handler meant."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

import msgspec

from ...hub import Session
from ...protocol.commands import Command
from ...protocol.events import Bye, Entry, Error, Event

STATUSES = {
    "bad_line": 400,
    "bad_name": 400,
    "bad_text": 400,
    "banned": 403,
    "busy": 503,
    "key_reused": 409,
    "muted": 403,
    "no_such_room": 404,
    "not_a_member": 403,
    "not_found": 404,
    "not_logged_in": 401,
    "other": 500,
    "protocol": 400,
    "refused": 403,
    "shutting_down": 503,
    "storage": 503,
    "too_long": 413,
    "too_many": 429,
    "too_slow": 408,
    "unsupported": 501,
    "usage": 400,
}
"""The status of each code word; any other word of a refusal is 403."""

RETRY_SECONDS = "10"
"""Seconds for Retry-After, where the text names no time of its own."""


class Response(NamedTuple):
    """A whole response."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


def problem(code: str, text: str, *, status: int = 0, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error as problem+json (RFC 9457), with our code word and the text that says what to do."""
    if not status and code == "storage" and "full" in text:
        status = 507
    status = status or STATUSES.get(code, 403)
    told = {"status": status, "title": HTTPStatus(status).phrase, "code": code, "detail": text}
    more = {"Retry-After": RETRY_SECONDS} if status in {429, 503} else {}
    if status == HTTPStatus.UNAUTHORIZED:
        more["WWW-Authenticate"] = "Bearer"
    body = msgspec.json.encode(told) + b"\n"
    return Response(status, body, {"Content-Type": "application/problem+json", **more, **(headers or {})})


def problem_of(event: Event) -> Response | None:
    """Return the response for an error or the end of the connection, or None for any other event."""
    if isinstance(event, Error | Bye):
        return problem(event.code, event.text)
    return None


class HttpRendering:
    """What a client of requests gets besides its responses: nothing, but for the reason why the connection ends."""

    echo = False
    sided = False
    follows = True
    resumes = False
    shows_members = False
    tells_watched = False
    invites = False
    hears_lobby = True
    echoed: frozenset[str] = frozenset()
    confirms = False

    def entry(self, entry: Entry, *, own: bool = False) -> bytes:  # noqa: ARG002 - it hears nothing
        """Return nothing."""
        return b""

    def message(self, entry: Entry, text: str) -> bytes:  # noqa: ARG002 - likewise
        """Return nothing."""
        return b""

    def event(self, event: Event) -> bytes:
        """Return why the connection ends, as a whole response."""
        response = problem_of(event)
        if response is None:
            return b""
        head = f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}\r\n"
        lines = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items())
        ends = f"Content-Length: {len(response.body)}\r\nConnection: close\r\n\r\n"
        return f"{head}{lines}{ends}".encode() + response.body

    def answer(self, event: Event, session: Session, command: Command | None) -> bytes:  # noqa: ARG002 - one at a time
        """Return the response to the request in progress, if the event is one."""
        data: bytes = session.dialect.answer(event)
        return data

    def confirm(self, entry: Entry, session: Session) -> None:
        """Return None: the handler answers."""


HTTP = HttpRendering()
