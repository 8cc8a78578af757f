"""Watching: sessions that are told when a name comes online and when it goes."""

from __future__ import annotations

from collections.abc import Collection

from ...protocol import events
from ...protocol.names import name_key
from ..sessions import Session
from ..state.users import User


class Watching:
    """The watched names, by their key, with the sessions that watch them; few sessions watch any."""

    def __init__(self) -> None:
        self._watchers: dict[str, dict[Session, None]] = {}
        self._watched: dict[Session, dict[str, str]] = {}

    def names(self, session: Session) -> list[str]:
        """Return the names that a session watches."""
        return list(self._watched.get(session, {}).values())

    def watches(self, session: Session, name: str) -> bool:
        """Tell whether a session watches a name."""
        return name_key(name) in self._watched.get(session, {})

    def watch(self, session: Session, name: str) -> None:
        """Tell a session about a name from now on."""
        self._watchers.setdefault(name_key(name), {})[session] = None
        self._watched.setdefault(session, {})[name_key(name)] = name

    def unwatch(self, session: Session, name: str) -> None:
        """Tell a session no longer about a name."""
        key = name_key(name)
        watched = self._watched.get(session, {})
        watched.pop(key, None)
        if not watched:
            self._watched.pop(session, None)
        watchers = self._watchers.get(key, {})
        watchers.pop(session, None)
        if not watchers:
            self._watchers.pop(key, None)

    def forget(self, session: Session) -> None:
        """Forget what a session watches."""
        for name in self.names(session):
            self.unwatch(session, name)

    def of(self, user: User) -> Collection[Session]:
        """Return the sessions that watch the name of a user."""
        return self._watchers.get(user.key, {})

    def tell(self, user: User, name: str, *, online: bool) -> None:
        """Tell whom it concerns that a name came or went."""
        for session in list(self._watchers.get(name_key(name), {})):
            session.tell(events.Watched(user=user.id, name=name, online=online))
