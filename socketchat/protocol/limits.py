"""The limits that both sides of the wire keep, each with its reason."""

from __future__ import annotations

VERSION = 1
"""Version of the native protocol; a server refuses any other."""

ALPN = f"socketchat/{VERSION}"
"""What TLS calls the native protocol."""

DEFAULT_PORT = 5000
"""The port of the seed; above 1024, and no browser blocks it."""

NAME_CHARACTERS = 20
"""Longest user or room name in code points after NFC; the seed's limit, and what fits beside a text in 80 columns."""

TEXT_BYTES = 32_768
"""Longest text in bytes of UTF-8: a long log excerpt fits, and 64 of them are still only 2 MiB."""

LINE_BYTES = 262_144
"""Longest line of the native protocol: a text in which every byte is a JSON escape of six bytes, and its envelope."""

UNACKNOWLEDGED_ENTRIES = 64
"""Entries that one connection may have under way; more are not read until some are stored."""

UNACKNOWLEDGED_BYTES = 262_144
"""Bytes of entries that one connection may have under way: one long text never waits for another."""

HISTORY_ENTRIES = 200
"""Most entries that one history command returns; more are asked for page by page."""

RECENT_MS = 300_000
"""Milliseconds for which one's last line is what a delete without a place means: five minutes, it is still in mind."""

AWAY_CHARACTERS = 60
"""Longest reason for being away: it stands beside a name in a list."""

MISSED_ENTRIES = 1_000
"""Most entries of a conversation that a returning client is sent unasked: more is a book, not what was just said."""

NEWEST_ENTRIES = 200
"""Entries that it is sent instead, the newest; it pages back from there."""

PRESENCE_NAMES = 20
"""Names above which joins and leaves of one moment become one line with a count."""


LARGEST_NUMBER = 2**53 - 1
"""Largest number in a command: the largest that every JSON library reads exactly, and far below what SQLite holds."""


def as_told() -> dict[str, int]:
    """Return the limits that ``welcome`` tells a client, by name."""
    return {
        "history": HISTORY_ENTRIES,
        "line": LINE_BYTES,
        "name": NAME_CHARACTERS,
        "text": TEXT_BYTES,
        "unacknowledged": UNACKNOWLEDGED_ENTRIES,
    }
