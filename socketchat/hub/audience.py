"""An audience: the sessions that hear something, by rendering, so that bytes are shared."""

from __future__ import annotations

from typing import Any, Protocol


class Listener(Protocol):
    """What an audience needs of a session, which knows conversations; conversations know no sessions."""

    rendering: Any
    places: Any


class Audience(dict[Any, dict[Any, Any]]):
    """The sessions that hear something, by rendering, each with its places; only those places change it."""

    def add(self, session: Listener) -> None:
        """Let a session hear this."""
        self.setdefault(session.rendering, {})[session] = session.places

    def discard(self, session: Listener) -> None:
        """Let a session hear this no longer."""
        sessions = self.get(session.rendering, {})
        sessions.pop(session, None)
        if not sessions:
            self.pop(session.rendering, None)
