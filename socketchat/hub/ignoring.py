"""What stands in the place of the words of somebody whom the reader ignores: seq, author and time, but no words."""

from __future__ import annotations

from msgspec import Raw
from msgspec.structs import replace

from ..protocol.events import Entry
from .users import User

NOTHING = Raw(b"{}")


def as_read(entry: Entry, user: User) -> Entry:
    """Return an entry as a user reads it."""
    return hidden(entry) if user.ignored and entry.author in user.ignored else entry


def hidden(entry: Entry) -> Entry:
    """Return what stands in the place of an entry, so that there is no hole."""
    return replace(entry, kind="ignored", body=NOTHING)
