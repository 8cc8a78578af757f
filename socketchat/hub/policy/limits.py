"""The limits that the hub keeps towards sessions and users, each with its reason; they slow down, and ban nobody."""

from __future__ import annotations

COMMAND_BURST = 500
"""Commands of one user at once, in all sessions together; a paste is one, and a script may say much."""

COMMANDS_PER_SECOND = 50.0
"""Commands of one user after that: no person notices, and a room of a hundred costs the server a percent or two."""

LOOPBACK_TIMES = 10
"""Loopback may be a tunnel that many share: together they have this many times the allowance of one address."""

COMMAND_BYTES = 4096
"""A line counts as one command more for each so many bytes: to read, clean, store and index the longest text takes a
hundred times as long as a short one, and a disk is not filled at a megabyte a second."""

STRANGER_COMMANDS = 20
"""Commands of one session at once before it has logged in: names that are taken, codes that are mistyped."""

STRANGER_COMMANDS_PER_SECOND = 1.0
"""Such commands after that: each costs a signature to check, or an answer that is longer than the question."""

WRONG_CODE_COMMANDS = 4
"""Commands that a wrong join code or invite counts as besides the two that bring it: three tries on a connection that
has ten seconds to log in. There are 36,000,000,000,000,000 codes."""

READ_BURST = 100
"""Commands of one user at once that read much: a client comes back and looks into each of its rooms."""

READS_PER_SECOND = 5.0
"""Such commands of one user after that; a page has up to 200 entries, so nobody reads as fast."""

PAUSE_SECONDS = 0.1
"""Least time for which a session that is too fast is not read: it then hands in a few commands together."""

READ_ENTRIES = 1000
"""Entries that are looked at for the price of one such command: to count what is unread may take a hundred times so
many, and some seconds of a core."""

FACTS_BURST = 100
"""Commands of one user at once that change state, such as joining a room: a newcomer joins all rooms of a team."""

FACTS_SECONDS = 2.0
"""After that, one more in this time: each is kept and read at every start, and at 200 a second a week would be 120
million."""

READ_BYTES = 65_536
"""Bytes of stored texts that are searched for the price of one such command: some milliseconds of a thread."""

REPLAY_BURST = 67_108_864
"""Bytes of what one user missed that are sent at once, in all sessions: after a weekend it is a megabyte or two. A
client that reconnects all the time, as if it knew nothing, would be sent 600 MB a second."""

REPLAY_PER_SECOND = 4_194_304
"""Bytes after that: faster than most links, and a slow reader of a busy server keeps up."""

DEPARTURES_BURST = 10
"""Times that a user quits, in a row, and the others are told immediately; after that it takes as long as when a link
breaks, and whoever is back by then has never left. Each of these times is a line on everybody's screen."""

DEPARTURES_SECONDS = 60.0
"""After that, once more in this time."""

SESSIONS_PER_USER = 100
"""Sessions of one user at a time: terminals, bots, and jobs that send. More would take the connections of all."""

PASSWORDS_BURST = 30
"""Passwords of one user, at once, that are set or looked at, right ones too: each takes a core for 40 milliseconds, and
a member who sends one after the other would keep out all who wait for theirs."""

PASSWORDS_SECONDS = 10.0
"""After that, one more in this time."""

ROOMS_JOINED = 100
"""Rooms that one user is a member of, beside the lobby: each is told at every login."""

ROOMS_MADE = 30
"""Rooms that one user owns: a team, its projects and some that were a mistake."""

ROOMS_BURST = 10
"""Rooms that one user, or the guests of one address, make at once."""

ROOMS_SECONDS = 60.0
"""After that, one more in this time."""

ROOMS = 10_000
"""Rooms of a server: all of them are listed, and each takes a kilobyte of memory."""

DIRECT_BURST = 100
"""Users to whom one user, or the guests of one address, write for the first time at once: a bot that greets a team.
Each such conversation is told to the other one at every login."""

DIRECT_SECONDS = 30.0
"""After that, one more in this time; who goes on with those that there are is not counted."""

INVITED_PER_ROOM = 500
"""Users invited to a private room: more make it a public one."""

BANS_PER_ROOM = 1000
"""Bans of one room, and mutes: moderators who need more need a private room."""

ACCOUNTS_BURST = 30
"""Accounts that one address makes at once: a whole team on its first day. With the join code too, since whoever has it
may want to use up the rooms of the server; an invite has its own count."""

ACCOUNTS_SECONDS = 600.0
"""After that, one more in this time."""
