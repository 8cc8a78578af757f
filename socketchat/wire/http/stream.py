"""Entries as a stream of JSON: one object a line, or Server-Sent Events; sessions share the bytes."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ...hub import Session
from ...protocol.commands import Command
from ...protocol.conversations import is_room
from ...protocol.events import Bye, Entry, Event, Left
from ...protocol.text.references import place


class Line(msgspec.Struct, frozen=True, gc=False):
    """Version 1 of an entry for programs: later versions only add fields; ``ts`` is milliseconds since 1970 UTC."""

    v: int
    place: str
    conversation: str
    seq: int
    ts: int
    author: str
    name: str
    kind: str
    body: msgspec.Raw


_encode = msgspec.json.Encoder().encode


def line_of(entry: Entry) -> bytes:
    """Return an entry as JSON, without its end."""
    where = place(entry.conversation, entry.seq) if is_room(entry.conversation) else ""
    return _encode(
        Line(1, where, entry.conversation, entry.seq, entry.ts, entry.author, entry.name, entry.kind, entry.body)
    )


class StreamRendering:
    """What a program that follows a room reads: the entries, and nothing else."""

    echo = True
    sided = False
    follows = False
    resumes = False
    shows_members = False
    tells_watched = False
    invites = False
    hears_lobby = False
    echoed: frozenset[str] = frozenset()
    confirms = False

    def __init__(self, media_type: str, shape: Callable[[Entry], bytes]) -> None:
        self.media_type = media_type
        self._shape = shape

    def entry(self, entry: Entry, *, own: bool = False) -> bytes:  # noqa: ARG002 - all read the same
        """Return an entry."""
        return self._shape(entry)

    def message(self, entry: Entry, text: str) -> bytes:  # noqa: ARG002 - the body stays JSON
        """Return a message."""
        return self._shape(entry)

    def event(self, event: Event) -> bytes:  # noqa: ARG002 - only entries are told
        """Return nothing."""
        return b""

    def answer(self, event: Event, session: Session, command: Command | None) -> bytes:  # noqa: ARG002 - likewise
        """End the stream of a bot that may no longer read the room."""
        if isinstance(event, Left | Bye):
            session.link.close(b"")
        return b""

    def confirm(self, entry: Entry, session: Session) -> None:
        """Return None: it sends nothing."""


def _json_line(entry: Entry) -> bytes:
    return line_of(entry) + b"\n"


def _server_sent(entry: Entry) -> bytes:
    """Return an entry as an event whose id is its seq, with which a browser comes back (HTML, 9.2)."""
    return b"id: %d\ndata: %b\n\n" % (entry.seq, line_of(entry))


JSON_LINES = StreamRendering("application/jsonl", _json_line)
EVENTS = StreamRendering("text/event-stream", _server_sent)


class Chunks:
    """Writes data as a chunk of a body (RFC 9112, 7.1); the same bytes object becomes one chunk for all readers."""

    last = b""
    chunk = b""

    def chunked(self, data: bytes) -> bytes:
        """Return a chunk."""
        if data is not self.last:
            self.last, self.chunk = data, b"%x\r\n%b\r\n" % (len(data), data)
        return self.chunk


_CHUNKS = Chunks()


def writer(write: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Return a function that writes chunks."""

    def write_chunk(data: bytes) -> None:
        if data:  # an empty chunk would end the body
            write(_CHUNKS.chunked(data))

    return write_chunk
