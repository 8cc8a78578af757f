"""The limits of connections, each with its reason."""

from __future__ import annotations

RECEIVE_BUFFER_BYTES = 65_536
"""SO_RCVBUF of accepted sockets: otherwise the kernel would buffer up to 6 MiB of unread input per connection."""

SEND_BUFFER_BYTES = 65_536
"""SO_SNDBUF of accepted sockets: otherwise the kernel would buffer up to 4 MiB for each stalled reader."""

WRITE_BUFFER_HIGH = 262_144
"""Above this, a session is behind: nothing is pushed, and its commands are not read."""

WRITE_BUFFER_LOW = 65_536
"""Below this, a session that is behind is served again; well above zero, so that the link stays busy."""

WRITE_BUFFER_STALE = 4096
"""Above this from one sweep to the next, a session is also behind: each waiting write costs 600 bytes besides its own,
so a full buffer of ten-byte lines would cost 13 MiB for each stalled reader."""

TURN_COMMANDS = 64
"""Commands of one connection in one turn of the event loop: a few milliseconds. The number equals the limit of
unacknowledged messages, so that a busy connection is not slowed down."""

TURN_OTHERS = 8
"""Commands other than messages of one connection in one turn: each may build a list or check a signature, so it counts
as several messages."""

TURN_BYTES = 65_536
"""Bytes of long lines of one connection in one turn, plus one line: two of the longest texts take a millisecond."""

STALL_SECONDS = 30.0
"""Time without a byte taken after which a reader that is behind is closed; a native client resumes."""

KEEPALIVE_SECONDS = 30
"""Idle time before a link is probed, so that the server notices a vanished peer within a minute."""

KEEPALIVE_PROBES = 3
"""Probes without an answer, 10 s apart, before a link counts as broken."""

USER_TIMEOUT_MS = 30_000
"""TCP_USER_TIMEOUT: bytes that stay unacknowledged for this long break the link (Linux)."""

BACKLOG = 1024
"""Connections waiting to be accepted: after a restart, a whole company reconnects."""

CONNECTIONS_PER_ADDRESS = 256
"""Connections of one IPv4 address or IPv6 /64: an office behind one address, with two devices per person."""

STRANGERS_PER_ADDRESS = 32
"""Connections of one address that have not logged in: logging in is fast, even if all reconnect together."""

STRANGERS_BURST = 60
"""Connections in a burst from one address that never log in as the owner of a name."""

STRANGERS_SECONDS = 10.0
"""After the burst, one more in this time: this slows down scanners and guessers, but not monitoring probes."""

PAGES_BURST = 300
"""Connections in a burst from one address that load the page: a browser opens six, and an office shares an address."""

PAGES_SECONDS = 1.0
"""After the burst, one more in this time; any other connection counts as one that never logs in."""

STRANGERS_SHARE = 0.25
"""Share of all connections that may be strangers. Above it, each newcomer replaces the oldest silent stranger, so that
silent peers cannot use up the slots."""

STRANGER_BYTES = 16_384
"""Bytes that a stranger may always send: enough for the ``hello`` of a user with 400 conversations."""

STRANGERS_BYTES = 16_777_216
"""Bytes of all strangers together; above it, each may send only the number above, so lines do not fill the memory."""

RESERVED_FILES = 64
"""Open files reserved for the store, its readers and the operator, so that connections cannot block the store."""

ACCEPTS = 8
"""Connections accepted in one turn of the loop, in about a millisecond: with 32, the p99 of messages beside 400
guests who log in at once was twice as long."""

EXHAUSTED_SECONDS = 1.0
"""Pause before accepting again if the system has no more descriptors, so that the loop is not kept busy."""

HANDSHAKE_SECONDS = 10.0
"""Time from accepting a connection to the end of its TLS handshake, two round trips: bad radio links need seconds."""

HANDSHAKES = 512
"""TLS handshakes in progress: at 40 KiB each, 20 MiB in all; a whole company connects within a second."""

LOOK_AGAIN_SECONDS = 0.005
"""First pause before checking an incomplete ClientHello again; it doubles, up to fifty times this value."""

TLS_CLOSE_SECONDS = 5.0
"""Time for the peer to close after our TLS close alert; until then the server discards the peer's input."""

READ_BYTES = 32_768
"""Bytes of TLS read at a time, into one buffer for all connections: two of the longest records."""

RECORDS_PER_TURN = 32
"""TLS records of one connection decrypted in one turn of the loop: 0.1 to 0.3 ms."""

RECORD_BURST = 2000
"""TLS records of one connection in a burst: twice the burst of commands, each in its own record."""

RECORDS_PER_SECOND = 200.0
"""TLS records of one connection per second after the burst; a one-byte record costs as much work as a whole line."""

RECORDS_SECONDS = 0.1
"""Shortest pause for a connection that sends too many records; after it, several records are handled together."""

HANDSHAKE_RECORDS = 32
"""TLS records in a handshake: clients send three to six, and a one-byte fragment costs as much as a whole record."""

EMPTY_RECORDS = 16
"""TLS records without data after the handshake, such as key updates: clients rarely change keys."""

SWEEP_SECONDS = 1.0
"""Time between checks for late logins and stalled readers: one timer for all, none per connection."""

SWEEP_CONNECTIONS = 500
"""Connections checked in one turn of the loop, about a millisecond; later turns check the others."""

TRIM_SECONDS = 10.0
"""Time between returns of free memory to the system, if connections have ended since."""

SHUTDOWN_SECONDS = 4.0
"""Time for peers to take the last bytes, so that `serve` ends within five seconds."""

OPEN_FILES = 65_536
"""Open files that the server requests, if the hard limit allows: one per connection."""

SWITCH_SECONDS = 0.00005
"""sys.setswitchinterval: how long the journal's thread waits for the interpreter after an fsync.

Its wait restarts whenever the loop releases the interpreter for a moment, as it does at every system call; with
0.5 ms a busy loop lets it commit 666 entries a second, with 0.05 ms 45,000."""
