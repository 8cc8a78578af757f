"""An audience: the sessions that hear a conversation, grouped by rendering so that they share bytes."""

from __future__ import annotations

from typing import Any, Protocol


class Listener(Protocol):
    """The part of a session that an audience needs; conversations do not import sessions."""

    rendering: Any
    places: Any


class Audience(dict[Any, dict[Any, Any]]):
    """The sessions that hear a conversation, by rendering, each with its places; only ``Places`` changes it."""

    def add(self, session: Listener) -> None:
        """Add a session."""
        self.setdefault(session.rendering, {})[session] = session.places

    def discard(self, session: Listener) -> None:
        """Remove a session."""
        sessions = self.get(session.rendering, {})
        sessions.pop(session, None)
        if not sessions:
            self.pop(session.rendering, None)
