"""Events about what users say about themselves: names, accounts, and being away."""

from __future__ import annotations

from .event import Event


class Authenticated(Event, frozen=True):
    """The guest ``user`` has proved that it belongs to an ``account``."""

    user: str
    name: str
    account: str


class AwayChanged(Event, frozen=True):
    """A user is away, for the reason ``text``, or with an empty one back."""

    user: str
    name: str
    text: str = ""


class Described(Event, frozen=True):
    """The user ``name`` has another ``real_name``."""

    user: str
    name: str
    real_name: str


class Watched(Event, frozen=True):
    """A user whose name the session watches came online, or went."""

    user: str
    name: str
    online: bool


class Renamed(Event, frozen=True):
    """A guest has another ``name`` from now on; ``was`` is the former one."""

    user: str
    name: str
    was: str
