"""The roster: which sessions each user has on this node."""

from __future__ import annotations

from collections.abc import Sequence

from .sessions import Session
from .state.users import User


class Online:
    """The live sessions by user.

    ``lingering`` holds, by user id, the last session of a user whose link broke and who may still resume it.
    """

    def __init__(self) -> None:
        self._sessions: dict[str, list[Session]] = {}
        self.lingering: dict[str, Session] = {}

    def of(self, user: User) -> Sequence[Session]:
        """Return the sessions of a user, oldest first."""
        return self._sessions.get(user.id, ())

    def add(self, user: User, session: Session) -> None:
        """Add a session of a user."""
        self._sessions.setdefault(user.id, []).append(session)

    def remove(self, user: User, session: Session) -> None:
        """Remove a session of a user."""
        sessions = self._sessions[user.id]
        sessions.remove(session)
        if not sessions:
            del self._sessions[user.id]

    def listens(self, user: User) -> bool:
        """Tell whether any session of a user hears messages."""
        return any(session.listens for session in self.of(user))
