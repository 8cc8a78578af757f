"""The limits that the server and the clients keep, each with its reason."""

from __future__ import annotations

VERSION = 1
"""Version of the native protocol; a server refuses any other."""

ALPN = f"socketchat/{VERSION}"
"""The name of the native protocol in TLS."""

DEFAULT_PORT = 5000
"""The default port: above 1024, and not blocked by browsers."""

NAME_CHARACTERS = 20
"""Longest user or room name in code points after NFC: it fits beside a text in 80 columns."""

ROOM_CHARACTERS = 32
"""Longest room name: those of IRC are longer than names of users, and stand in lists of their own."""

TEXT_BYTES = 32_768
"""Longest text in bytes of UTF-8: a long log excerpt fits, and 64 of them are still only 2 MiB."""

LINE_BYTES = 262_144
"""Longest line of the native protocol: the longest text, as JSON escapes of 6 bytes each, in its envelope."""

UNACKNOWLEDGED_ENTRIES = 64
"""Unstored entries per connection; the server reads on when some are stored."""

UNACKNOWLEDGED_BYTES = 262_144
"""Bytes of unstored entries per connection: a few of the longest texts."""

HISTORY_ENTRIES = 200
"""Most entries that one history command returns; clients ask for more page by page."""

RECENT_MS = 300_000
"""Milliseconds after which a delete without a place no longer means the author's last line: five minutes."""

AWAY_CHARACTERS = 60
"""Longest reason for being away: it is shown beside a name in a list."""

MISSED_ENTRIES = 1_000
"""Most missed entries of a conversation that a reconnecting client gets without asking: users read no more at once."""

NEWEST_ENTRIES = 200
"""Newest entries that the client gets instead; it pages back from there."""

PRESENCE_NAMES = 20
"""Most names in one presence event; a larger crowd becomes one line with a count."""


LARGEST_NUMBER = 2**53 - 1
"""Largest number in a command: every JSON library reads it exactly, and SQLite holds it."""


def as_told() -> dict[str, int]:
    """Return the limits that ``welcome`` reports, by name."""
    return {
        "history": HISTORY_ENTRIES,
        "line": LINE_BYTES,
        "name": NAME_CHARACTERS,
        "text": TEXT_BYTES,
        "unacknowledged": UNACKNOWLEDGED_ENTRIES,
    }
