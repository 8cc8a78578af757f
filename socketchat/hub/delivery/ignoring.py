"""Placeholders for entries of ignored users: seq, author and time, without the text."""

from __future__ import annotations

from msgspec import Raw
from msgspec.structs import replace

from ...protocol.conversations import is_room
from ...protocol.events import Entry
from ...protocol.kinds import IGNORED, PERSONAL
from ..state.users import User

NOTHING = Raw(b"{}")


def ignores(user: User, entry: Entry) -> bool:
    """Tell whether an entry is hidden from a user: in rooms only ignored messages, in direct messages all entries."""
    return entry.author in user.ignored and (entry.kind in PERSONAL or not is_room(entry.conversation))


def as_read(entry: Entry, user: User) -> Entry:
    """Return an entry, or its placeholder if the user ignores the author, so that no seq is missing."""
    return replace(entry, kind=IGNORED, body=NOTHING) if user.ignored and ignores(user, entry) else entry
