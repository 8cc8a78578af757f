"""Requests: bytes to whole requests, in bounded memory."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qs

import h11

from ...exceptions import ProtocolError, TooLong, UsageProblem
from ...protocol.limits import LINE_BYTES

HEAD_BYTES = 16_384
"""Longest head of a request: browsers send 1 to 2 KiB, and proxies add some headers."""

BODY_BYTES = LINE_BYTES
"""Longest body: as long as the longest line of the native dialect."""

MOST_HEADERS = 100
"""Lines of a head: browsers and proxies send 30; the parser takes 4 µs for each, in one turn of the loop."""

PARTS = 1000
"""Parts of a body, as the client cut it, besides one for each 256 bytes: the parser takes 10 µs for each chunk."""

PART_BYTES = 256

DISCARDED_BYTES = 1_048_576
"""Bytes of a body that is too long to read before the answer: closing earlier would lose the answer (RFC 9112, 9.6)."""

_TOO_LONG = f"Too long: the limit for a request is {BODY_BYTES:,} bytes."
_BLANK = re.compile(rb"\n\r?\n").search
_CONTINUE = h11.InformationalResponse(status_code=100, headers=[])


def fields_of(form: str) -> dict[str, str]:
    """Return the fields of a form or a query, each with its last value; raises UsageProblem."""
    try:
        return {name: values[-1] for name, values in parse_qs(form, max_num_fields=MOST_HEADERS).items()}
    except ValueError:
        raise UsageProblem(f"A query has at most {MOST_HEADERS} parameters.") from None


class Request(NamedTuple):
    """A request: its method, the path and the query of its target, its headers in lower case, and its body."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes = b""
    version: str = "1.1"

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the query, each with its last value; raises UsageProblem."""
        return fields_of(self.query)

    def __repr__(self) -> str:
        """Return what may be logged: neither tokens nor texts."""
        return f"Request({self.method})"


class RequestFraming:
    """Reads one request after another; its ``next_line`` is the body of ``request``."""

    def __init__(self) -> None:
        self.connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
        self.lines: list[bytes] = []
        self.request: Request | None = None
        self.is_begun = False  # some bytes of a request have arrived
        self._body: list[bytes] = []
        self._size = 0
        self._parts = 0
        self._headers = 0
        self._tail = b""  # the end of an incomplete head
        self._has_more = False
        self.to_send = b""  # before the response

    @property
    def uncut(self) -> bytes:
        """Anything, if there may be another request, or the connection has to end."""
        return b"." if self._has_more else b""

    @property
    def awaits_answer(self) -> bool:
        """Whether a request, or a part of one, has arrived and can still be answered."""
        return self.is_begun and self.connection.our_state in {h11.IDLE, h11.SEND_RESPONSE, h11.DONE}

    def receive_data(self, data: bytes) -> None:
        """Take what was read."""
        if self.connection.their_state is h11.IDLE:
            self._count_headers(data)
        self.connection.receive_data(data)
        self._has_more = self.is_begun = True

    def next_line(self) -> bytes | None:
        """Return the body of the next whole request, or None if it needs more data.

        Raises ProtocolError if the stream is no HTTP, or must end after the last answer, and TooLong.
        """
        self._begin_cycle()
        try:
            while True:
                event = self.connection.next_event()
                if event is h11.NEED_DATA:
                    self._has_more = False
                    if self.connection.they_are_waiting_for_100_continue:
                        self.to_send += self.connection.send(_CONTINUE) or b""
                    return None
                if isinstance(event, h11.Request):
                    self._begin(event)
                elif isinstance(event, h11.Data):
                    self._add(bytes(event.data))
                elif isinstance(event, h11.EndOfMessage):
                    return self._whole()
                else:  # paused, because the last request is not answered yet
                    return None
        except h11.RemoteProtocolError as error:
            error.with_traceback(None)  # one of its frames holds the error itself, and would keep the connection
            raise ProtocolError(f"Invalid HTTP: {error}.") from None

    def end_request(self) -> None:
        """Note that the request is answered."""
        self.request = None
        self.is_begun = bool(self.connection.trailing_data[0])

    def _begin_cycle(self) -> None:
        """Go on to the next request after the last answer; raises ProtocolError if there must be none."""
        connection = self.connection
        if connection.our_state is h11.MUST_CLOSE:
            raise ProtocolError("")
        if connection.our_state is h11.DONE and connection.their_state is h11.DONE:
            connection.start_next_cycle()
            self._headers, self._tail = 0, b""
            self._count_headers(bytes(connection.trailing_data[0]))
        if self._headers > MOST_HEADERS:
            raise ProtocolError(f"Invalid HTTP: more than {MOST_HEADERS} headers.")

    def _count_headers(self, data: bytes) -> None:
        """Count the lines of a head before it is parsed."""
        known = len(self._tail)
        joined = self._tail + data
        blank = _BLANK(joined)
        self._headers += joined.count(b"\n", known, blank.end() if blank else len(joined))
        self._tail = joined[-3:]

    def _begin(self, head: h11.Request) -> None:
        names = [name for name, _ in head.headers]
        if b"transfer-encoding" in names and b"content-length" in names:
            # A server in front may believe the other one, and take the body for the next request.
            raise ProtocolError("Invalid HTTP: a request with both Content-Length and Transfer-Encoding.")
        if b"\0" in head.target or not head.target.startswith(b"/"):
            raise ProtocolError("Invalid HTTP: the target is not a path.")
        self._body, self._size, self._parts = [], 0, 0
        self.request = self._made(head)
        if self.connection.they_are_waiting_for_100_continue and _length(self.request) > BODY_BYTES:
            raise TooLong(_TOO_LONG)

    def _add(self, data: bytes) -> None:
        self._size += len(data)
        self._parts += 1
        if self._parts > PARTS + self._size // PART_BYTES:
            raise ProtocolError("Invalid HTTP: the body comes in too many small parts.")
        if self._size <= BODY_BYTES:
            self._body.append(data)
            return
        self._body.clear()
        if self._size > DISCARDED_BYTES:
            raise TooLong(_TOO_LONG)

    def _whole(self) -> bytes:
        body, self._body = b"".join(self._body), []
        self._has_more = bool(self.connection.trailing_data[0])
        if self._size > BODY_BYTES:
            raise TooLong(_TOO_LONG)
        return body

    @staticmethod
    def _made(head: h11.Request) -> Request:
        path, _, query = head.target.decode("latin-1").partition("?")
        headers: dict[str, str] = {}
        for raw, value in head.headers:
            name = raw.decode("ascii")
            text = value.decode("latin-1")
            headers[name] = f"{headers[name]}, {text}" if name in headers else text
        return Request(head.method.decode("ascii"), path, query, headers, version=head.http_version.decode("ascii"))


def _length(request: Request) -> int:
    """Return the announced length of the body; h11 has checked that it is a number."""
    return int(request.headers.get("content-length", "0"))
