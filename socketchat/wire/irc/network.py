"""The state that all IRC clients of one hub share: the server's name, the sources of lines, and the renderings."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any
from weakref import WeakKeyDictionary

from ...hub import Hub, User
from ...hub.state.users import Profile

SOURCES = 65_536
"""Most sources kept of users who are gone; an entry takes a hundred bytes."""


class Network:
    """The hub as IRC clients see it."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.name = hub.name
        self.created = hub.now()
        self.renderings: dict[frozenset[str], Any] = {}  # by capabilities
        self._batches = 0
        self._sources: OrderedDict[str, str] = OrderedDict()

    def source(self, user_id: str, name: str) -> str:
        """Return ``nick!user@host`` of a user, who may be gone."""
        user = self.hub.directory.users.get(user_id)
        if user is not None:
            source = mask(user, name)
            if user.profile is not None:
                self._sources[user_id] = source.partition("!")[2]
                if len(self._sources) > SOURCES:
                    self._sources.popitem(last=False)
            return source
        rest = self._sources.get(user_id)
        return f"{name}!{rest}" if rest else f"{name}!~{name}@{name}.user"

    def batch(self) -> str:
        """Return a name for a batch, which no other one has."""
        self._batches += 1
        return f"b{self._batches}"

    def room_name(self, conversation: str) -> str:
        """Return the name of a room, given by its id."""
        room = self.hub.directory.rooms.get(conversation)
        return room.name if room is not None else conversation

    def real_name(self, user_id: str, name: str) -> str:
        """Return the real name of a user, by default the name."""
        user = self.hub.directory.users.get(user_id)
        return profile_of(user).real_name if user is not None else name


def mask(user: User, name: str | None = None) -> str:
    """Return ``nick!user@host`` of a user."""
    shown = profile_of(user)
    return f"{name or user.name}!{shown.ident}@{shown.host}"


def profile_of(user: User) -> Profile:
    """Return the profile of a user: the one from an IRC login, or one derived from the name."""
    return user.profile or Profile(f"~{user.name}", user.name, f"{user.name}.{'guest' if user.is_guest else 'user'}")


_NETWORKS: WeakKeyDictionary[Hub, Network] = WeakKeyDictionary()


def network_of(hub: Hub) -> Network:
    """Return the network of a hub."""
    found = _NETWORKS.get(hub)
    if found is None:
        found = _NETWORKS[hub] = Network(hub)
    return found
