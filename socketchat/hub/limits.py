"""The limits that the hub keeps towards sessions and users, each with its reason; they slow down, and ban nobody."""

from __future__ import annotations

COMMAND_BURST = 500
"""Commands of one session at once, twice as many after a long rest; a paste is one, and a script may say much."""

COMMANDS_PER_SECOND = 50.0
"""Commands of one session after that: no person notices, and a room of a hundred costs the server a percent or two."""

READ_BURST = 100
"""Commands of one user at once that read much: a client comes back and looks into each of its rooms."""

READS_PER_SECOND = 5.0
"""Such commands of one user after that; a page has up to 200 entries, so nobody reads as fast."""

PAUSE_SECONDS = 0.1
"""Least time for which a session that is too fast is not read: it then hands in a few commands together."""

ROOMS_JOINED = 100
"""Rooms that one user is a member of, beside the lobby: each is told at every login."""
