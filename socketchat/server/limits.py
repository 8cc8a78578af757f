"""The limits of connections, each with its reason."""

from __future__ import annotations

RECEIVE_BUFFER_BYTES = 65_536
"""SO_RCVBUF of accepted sockets: the kernel would otherwise keep up to 6 MiB of what a peer sends and nobody reads."""

SEND_BUFFER_BYTES = 65_536
"""SO_SNDBUF of accepted sockets: the kernel would otherwise grow to 4 MiB for each reader that stalls."""

WRITE_BUFFER_HIGH = 262_144
"""Above this, a session is behind: nothing is pushed, and its commands are not read."""

WRITE_BUFFER_LOW = 65_536
"""Below this, a session that is behind is served again; well above zero, so that the link does not run dry."""

WRITE_BUFFER_STALE = 4096
"""Above this from one sweep to the next, a session is behind too: a write that waits costs 600 bytes beside its own,
so that a full buffer of lines of ten bytes would cost 13 MiB for each reader that stalls."""

TURN_COMMANDS = 64
"""Commands of one connection in one turn of the event loop, before the others have theirs: a few milliseconds. As many
as may be unacknowledged, so that a busy connection loses nothing by it."""

TURN_OTHERS = 8
"""Commands other than messages of one connection in one turn: each may make a list, or check a signature."""

TURN_BYTES = 65_536
"""Bytes of long lines of one connection in one turn, beside one line: two of the longest texts take a millisecond."""

STALL_SECONDS = 30.0
"""A reader that took not one byte for this long while it was behind is closed; a native client resumes."""

KEEPALIVE_SECONDS = 30
"""An idle link is probed after this long, so that a peer that vanished is noticed within a minute."""

KEEPALIVE_PROBES = 3
"""Probes without an answer, 10 s apart, before a link counts as broken."""

USER_TIMEOUT_MS = 30_000
"""TCP_USER_TIMEOUT: bytes that nobody acknowledged for this long break the link (Linux)."""

BACKLOG = 1024
"""Connections that wait to be accepted: a whole company comes back after a restart."""

CONNECTIONS_PER_ADDRESS = 256
"""Connections of one IPv4 address or /64 of IPv6: an office behind one address, with two devices each."""

STRANGERS_PER_ADDRESS = 32
"""Connections of one address that have not logged in yet: logging in takes a moment, even if all return at once."""

STRANGERS_BURST = 60
"""Connections of one address at once that never log in as the owner of a name."""

STRANGERS_SECONDS = 10.0
"""After that, one more in this time: scanners and guessers are slowed down, and a monitor that probes is let in."""

STRANGERS_SHARE = 0.25
"""Share of all connections that may be strangers. Above it the oldest silent one gives way to each newcomer, so that a
crowd of silent peers keeps nobody out."""

STRANGER_BYTES = 16_384
"""Bytes that a stranger may always send: enough for the ``hello`` of a user who returns to 400 conversations."""

STRANGERS_BYTES = 16_777_216
"""Bytes of all strangers together from which on each may send only that: endless lines must not fill the memory."""

RESERVED_FILES = 64
"""Open files kept for the store, its readers and the operator: a full house must not keep messages from the disk."""

ACCEPTS = 32
"""Connections accepted in one go, before those inside have their turn."""

EXHAUSTED_SECONDS = 1.0
"""Pause before accepting again when the system has no more descriptors: trying at once would keep the loop busy."""

HANDSHAKE_SECONDS = 10.0
"""Time from being accepted to the end of a TLS handshake, two round trips: a bad radio link needs seconds."""

HANDSHAKES = 512
"""TLS handshakes under way: of 40 KiB each, so 20 MiB in all; a company that comes at once is through in a second."""

LOOK_AGAIN_SECONDS = 0.005
"""First pause before a ClientHello is looked at again whose end is missing; it doubles up to fifty times as much."""

TLS_CLOSE_SECONDS = 5.0
"""Time for the peer to close after our end of TLS; until then the server drops what the peer sends."""

READ_BYTES = 32_768
"""Bytes of TLS that are read in one go, into one buffer for all connections: two of the longest records."""

RECORDS_PER_TURN = 32
"""TLS records of one connection that are decrypted before others have their turn: 0.1 to 0.3 ms."""

RECORD_BURST = 2000
"""TLS records of one connection at once: twice the commands that it may send, each in a record of its own."""

RECORDS_PER_SECOND = 200.0
"""TLS records of one connection after that; a record costs the same work with one byte as with a whole line."""

RECORDS_SECONDS = 0.1
"""Shortest pause for a connection that sends too many records; it then sends a few of them together."""

HANDSHAKE_RECORDS = 32
"""TLS records in a handshake: clients send three to six, and each fragment of one byte costs as much as a whole one."""

EMPTY_RECORDS = 16
"""TLS records without data after the handshake, such as key updates: clients change keys after gigabytes, if at all."""

SWEEP_SECONDS = 1.0
"""How often greeting deadlines and stalled readers are looked at: one timer for all, none per connection."""

SWEEP_CONNECTIONS = 500
"""Connections that one turn of the loop looks at: about a millisecond; the next turns look at the others."""

TRIM_SECONDS = 10.0
"""How often free memory is given back to the system, if connections have ended since."""

SHUTDOWN_SECONDS = 4.0
"""Time for the last bytes to be taken, so that `serve` ends within five seconds."""

OPEN_FILES = 65_536
"""Open files that the server asks the system for, if the hard limit allows: one per connection."""

SWITCH_SECONDS = 0.00005
"""sys.setswitchinterval: how long the journal's thread waits for the interpreter after an fsync.

Its wait begins anew whenever the loop lets go of the interpreter for a moment, as it does at every system call; with
0.5 ms a busy loop lets it commit 666 entries a second, with 0.05 ms 45,000."""
