"""The limits of sessions and users, each with its reason; they slow users down, and never ban them."""

from __future__ import annotations

COMMAND_BURST = 500
"""Commands of one user in a burst, in all sessions together; a paste is one, and a script may send many."""

COMMANDS_PER_SECOND = 50.0
"""Commands of one user per second after the burst: no person notices, and a room of 100 costs 1 or 2 % of a core."""

LOOPBACK_TIMES = 10
"""Factor for loopback, which may be a tunnel that many users share: they get this many times one address's limit."""

COMMAND_BYTES = 4096
"""A line counts as one more command for each of these bytes: the longest text takes a hundred times as long as a short
one to read, clean, store and index, and a user must not fill the disk at 1 MB/s."""

STRANGER_COMMANDS = 20
"""Commands of one session in a burst before login: names may be taken, and codes mistyped."""

STRANGER_COMMANDS_PER_SECOND = 1.0
"""Such commands per second after the burst: each costs a signature check, or an answer longer than the command."""

WRONG_CODE_COMMANDS = 4
"""Extra commands that a wrong join code or invite counts as: a connection gets three tries in its ten seconds to log
in. There are 36,000,000,000,000,000 codes."""

READ_BURST = 100
"""Commands of one user in a burst that read much: a returning client looks into each of its rooms."""

READS_PER_SECOND = 5.0
"""Such commands of one user per second after the burst; a page has up to 200 entries, more than a person reads."""

PAUSE_SECONDS = 0.1
"""Shortest pause for a session that is too fast; after it, several commands are handled together."""

READ_ENTRIES = 1000
"""Entries read for the cost of one such command: counting unread messages may read a hundred times as many, and take
seconds of a core."""

FACTS_BURST = 100
"""Commands of one user in a burst that change state, such as joining: a newcomer joins all rooms of a team."""

FACTS_SECONDS = 2.0
"""After the burst, one more in this time: each is kept and read at every start, and 200 a second would be 120 million a
week."""

READ_BYTES = 65_536
"""Bytes of stored texts searched for the cost of one such command: a few milliseconds of a thread."""

REPLAY_BURST = 67_108_864
"""Bytes of missed entries that one user is sent in a burst, in all sessions: after a weekend it is a megabyte or two.
Without a limit, a client that reconnects without positions all the time could request 600 MB/s."""

REPLAY_PER_SECOND = 4_194_304
"""Such bytes per second after the burst: faster than most links, and a slow reader of a busy server keeps up."""

DEPARTURES_BURST = 10
"""Quits of one user in a burst that are reported immediately; later ones are delayed as for a broken link, and a user
who returns by then has not left. Each report is a line on every screen."""

DEPARTURES_SECONDS = 60.0
"""After the burst, once more in this time."""

SESSIONS_PER_USER = 100
"""Sessions of one user at a time: terminals, bots, and jobs that send. More would use up the server's connections."""

LOGIN_CONVERSATIONS = 100_000
"""Conversations that the logins of one user list in a burst: a thousand logins of a user who is in all the rooms that
one may join. Each costs some 20 µs."""

LOGIN_CONVERSATIONS_PER_SECOND = 1000.0
"""Such conversations per second after the burst."""

LOOPBACK_GUESTS = SESSIONS_PER_USER * LOOPBACK_TIMES
"""Guests of loopback at a time: there is no limit on its connections, since it may be a tunnel."""

PASSWORDS_BURST = 30
"""Passwords of one user in a burst that are set or checked, right ones too: each takes a core for 40 ms, and a member
who sends many would keep others from logging in."""

PASSWORDS_SECONDS = 10.0
"""After the burst, one more in this time."""

ROOMS_JOINED = 100
"""Rooms that one user is a member of, besides the lobby: each is sent at every login."""

ROOMS_MADE = 30
"""Rooms that one user owns: a team, its projects and a few mistakes."""

ROOMS_BURST = 10
"""Rooms that one user, or the guests of one address, create in a burst."""

ROOMS_SECONDS = 60.0
"""After the burst, one more in this time."""

ADDRESS_ROOMS_BURST = 100
"""Rooms that all users of one address create in a burst: a team on its first day."""

ADDRESS_ROOMS_SECONDS = 600.0
"""After the burst, one more in this time. Rooms in which nobody writes expire, so accounts without end at one address
keep at most half of the server's rooms."""

ROOMS = 10_000
"""Rooms of a server: /rooms lists all of them, and each takes a kilobyte of memory."""

DIRECT_BURST = 100
"""New direct messages that one user, or the guests of one address, begin in a burst: a bot may greet a team. Each such
conversation is sent to the other user at every login."""

DIRECT_SECONDS = 30.0
"""After the burst, one more in this time; messages in existing conversations do not count."""

SPELLINGS_BURST = 4
"""Wrong names in a burst, of all users together, for which the nearest one is looked for: each takes up to a
millisecond, and one turn of the loop may have hundreds of them. Others get an error without that hint."""

SPELLINGS_SECONDS = 0.1
"""After the burst, one more in this time."""

INVITED_PER_ROOM = 500
"""Users invited to a private room: with more, it should be public."""

NAMES_PER_ROOM = 10
"""Former names of a room: each stays reserved as long as the room exists."""

VOICED_PER_ROOM = 500
"""Users with a voice in a room: with more, it should not be for announcements."""

BANS_PER_ROOM = 1000
"""Bans of one room, and mutes: moderators who need more need a private room."""

ACCOUNTS_BURST = 30
"""Accounts that one address creates in a burst: a whole team on its first day. The join code is limited, too, since its
holder could use up the server's rooms; invites have their own limit."""

ACCOUNTS_SECONDS = 600.0
"""After the burst, one more in this time."""

FREE_GUESSES = 5
"""Wrong guesses of an address before it has to wait: people mistype, or use the wrong keyboard layout."""

MOST_GUESSES = 10
"""Guesses of an address in GUESS_SECONDS."""

GUESS_SECONDS = 600.0
"""Time that a guess counts, and that an address with too many is refused, before any hashing."""

ACCOUNT_GUESSES = 20
"""Wrong passwords for one account in ACCOUNT_SECONDS from addresses new to it: a botnet may attack one name."""

ACCOUNT_SECONDS = 3600.0
"""Time that a wrong password counts against an account."""

MOST_IN_A_ROW = 100
"""Most wrong passwords for one account since the last right one, at any rate: the limit of NIST SP 800-63B."""
