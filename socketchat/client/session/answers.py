"""Collects the parts of answers until their ``ok`` comes, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from ...exceptions import ProtocolError
from ...protocol import events
from .client_events import Answer

ANSWER_BYTES = 16_777_216
"""Limit for all incomplete answers together: 200 texts of the greatest length, and room to spare."""

_EVENT_BYTES = 256
"""Approximate memory of an event beyond its line."""

AnswerPart = (
    events.Past
    | events.Found
    | events.Unread
    | events.Users
    | events.Rooms
    | events.Topic
    | events.Settings
    | events.Ignored
    | events.Devices
    | events.Help
)
"""The events that carry the data of an answer."""


class _Pending:
    __slots__ = ("bytes", "parts")

    def __init__(self) -> None:
        self.parts: list[events.ANY] = []
        self.bytes = 0


class Answers:
    """The requests without an ``ok`` yet, by id, with the parts of their answers."""

    __slots__ = ("_pending",)

    def __init__(self) -> None:
        self._pending: dict[int, _Pending] = {}

    def __contains__(self, request: int) -> bool:
        return request in self._pending

    def __iter__(self) -> Iterator[int]:
        return iter(self._pending)

    def expect(self, request: int) -> None:
        """Collect the answer to a request from now on."""
        self._pending[request] = _Pending()

    def add(self, part: AnswerPart, size: int) -> None:
        """Keep a part of an answer, or drop it if no request waits for it; raises ProtocolError above the limit."""
        pending = None if part.id is None else self._pending.get(part.id)
        if pending is None:
            return
        pending.parts.append(part)
        pending.bytes += size + _EVENT_BYTES
        if sum(each.bytes for each in self._pending.values()) > ANSWER_BYTES:
            raise ProtocolError(f"The server sent an answer of more than {ANSWER_BYTES:,} bytes.")

    def finish(self, ok: events.Ok) -> Answer | None:
        """Return the complete answer that ``ok`` ends; None if no request waits for it."""
        pending = None if ok.id is None else self._pending.pop(ok.id, None)
        return Answer(pending.parts, ok) if pending else None

    def drop(self, request: int) -> bool:
        """Stop waiting for an answer; tell whether the request was waiting."""
        return self._pending.pop(request, None) is not None

    def clear(self) -> None:
        """Stop waiting for all answers."""
        self._pending.clear()


class WelcomeParts:
    """A welcome, and the conversations that did not fit into its line."""

    def __init__(self, welcome: events.Welcome, size: int) -> None:
        self._welcome = welcome
        self._conversations = [*welcome.conversations]
        self._bytes = size

    @property
    def is_complete(self) -> bool:
        """Whether all conversations have arrived."""
        return len(self._conversations) >= len(self._welcome.conversations) + self._welcome.following

    def add(self, conversation: events.Conversation, size: int) -> None:
        """Add a conversation; raises ProtocolError above the limit."""
        self._conversations.append(conversation)
        self._bytes += size
        if self._bytes > ANSWER_BYTES:
            raise ProtocolError(f"The server sent a welcome of more than {ANSWER_BYTES:,} bytes.")

    def whole(self) -> events.Welcome:
        """Return the welcome with all its conversations."""
        return replace(self._welcome, conversations=self._conversations)
