"""Watching: sessions that are told when a name comes online and when it goes."""

from __future__ import annotations

from collections.abc import Collection

from ...protocol import events
from ...protocol.names import name_key
from ..sessions import Session
from ..state.users import User


class Watching:
    """The watched names, by their key, with the sessions that watch them."""

    def __init__(self) -> None:
        self._watchers: dict[str, dict[Session, None]] = {}

    def watch(self, session: Session, name: str) -> None:
        """Tell a session about a name from now on."""
        self._watchers.setdefault(name_key(name), {})[session] = None
        session.watched[name_key(name)] = name

    def unwatch(self, session: Session, name: str) -> None:
        """Tell a session no longer about a name."""
        key = name_key(name)
        session.watched.pop(key, None)
        watchers = self._watchers.get(key, {})
        watchers.pop(session, None)
        if not watchers:
            self._watchers.pop(key, None)

    def forget(self, session: Session) -> None:
        """Forget what a session watches."""
        for name in list(session.watched):
            self.unwatch(session, name)

    def of(self, user: User) -> Collection[Session]:
        """Return the sessions that watch the name of a user."""
        return self._watchers.get(user.key, {})

    def tell(self, user: User, name: str, *, online: bool) -> None:
        """Tell whom it concerns that a name came or went."""
        for session in list(self._watchers.get(name_key(name), {})):
            session.tell(events.Watched(user=user.id, name=name, online=online))
