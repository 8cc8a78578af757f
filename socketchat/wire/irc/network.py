"""The state that all IRC clients of one hub share: the server's name, the sources of lines, and the renderings."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any
from weakref import WeakKeyDictionary

from ...hub import Hub, User
from ...protocol.names import name_key

SOURCES = 65_536
"""Most sources kept of users who are gone; an entry takes a hundred bytes."""


class Network:
    """The hub as IRC clients see it."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.name = hub.about.name
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

    def source_named(self, name: str) -> str:
        """Return ``nick!user@host`` of a user given by name, or the server's name."""
        user = self.hub.directory.holder(name_key(name)) if name else None
        return user.mask if user is not None else name or self.name

    @staticmethod
    def account(user: User | None) -> str:
        """Return the name of the account behind a user, "" for a guest or a user who is gone."""
        if user is None or not user.is_guest:
            return user.name if user is not None else ""
        account = user.profile.account if user.profile is not None else None
        return account.name if account is not None else ""

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
        return user.shown.real_name if user is not None else name


def mask(user: User, name: str | None = None) -> str:
    """Return ``nick!user@host`` of a user, perhaps under a former name."""
    return user.mask if name is None else f"{name}!{user.mask.partition('!')[2]}"


_NETWORKS: WeakKeyDictionary[Hub, Network] = WeakKeyDictionary()


def network_of(hub: Hub) -> Network:
    """Return the network of a hub."""
    found = _NETWORKS.get(hub)
    if found is None:
        found = _NETWORKS[hub] = Network(hub)
    return found
