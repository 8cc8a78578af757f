"""Team chat in the terminal: one command hosts it, one command joins it, and scripts use it like any Unix tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .version import __version__

if TYPE_CHECKING:
    from .client.asyncio.client import Client
    from .client.asyncio.connect import connect
    from .client.identity.profiles import Profile, Profiles
    from .client.session.client_events import (
        Answer,
        Gap,
        LinkBack,
        LinkLost,
        NotSent,
        NotStored,
        Reset,
        StoredAgain,
    )
    from .exceptions import ChatError
    from .protocol.codec import decode_text, text_of
    from .protocol.events import Conversation, Entry, Error, Left, Ok, Person, Presence, Text

__all__ = [
    "Answer",
    "ChatError",
    "Client",
    "Conversation",
    "Entry",
    "Error",
    "Gap",
    "Left",
    "LinkBack",
    "LinkLost",
    "NotSent",
    "NotStored",
    "Ok",
    "Person",
    "Presence",
    "Profile",
    "Profiles",
    "Reset",
    "StoredAgain",
    "Text",
    "__version__",
    "connect",
    "decode_text",
    "text_of",
]

_HOMES = {
    "client.asyncio.client": ("Client",),
    "client.asyncio.connect": ("connect",),
    "client.session.client_events": (
        "Answer",
        "Gap",
        "LinkBack",
        "LinkLost",
        "NotSent",
        "NotStored",
        "Reset",
        "StoredAgain",
    ),
    "client.identity.profiles": ("Profile", "Profiles"),
    "exceptions": ("ChatError",),
    "protocol.codec": ("decode_text", "text_of"),
    "protocol.events": ("Conversation", "Entry", "Error", "Left", "Ok", "Person", "Presence", "Text"),
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that ``import socketchat`` stays light."""
    for home, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(f".{home}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
