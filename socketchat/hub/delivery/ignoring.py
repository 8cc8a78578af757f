"""What stands in the place of the words of somebody whom the reader ignores: seq, author and time, but no words."""

from __future__ import annotations

from msgspec import Raw
from msgspec.structs import replace

from ...protocol.conversations import is_room
from ...protocol.events import Entry
from ...protocol.kinds import IGNORED, PERSONAL
from ..state.users import User

NOTHING = Raw(b"{}")


def ignores(user: User, entry: Entry) -> bool:
    """Tell whether a user does not want to read an entry: in rooms its author's words, in direct messages all of it."""
    return entry.author in user.ignored and (entry.kind in PERSONAL or not is_room(entry.conversation))


def as_read(entry: Entry, user: User) -> Entry:
    """Return an entry as a user reads it, or what stands in its place, so that there is no hole."""
    return replace(entry, kind=IGNORED, body=NOTHING) if user.ignored and ignores(user, entry) else entry
