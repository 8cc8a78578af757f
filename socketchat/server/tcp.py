"""How long the kernel waits for a peer, and what the peer has still to take of what the kernel was given."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys

if sys.platform != "win32":  # where the server says itself that it does not run
    import fcntl
    import termios

_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)


def wait_for(transport: asyncio.BaseTransport, milliseconds: int) -> None:
    """Break the link when nobody acknowledged its bytes for so long; 0 leaves it to retransmissions (tcp(7), Linux).

    Linux counts a peer as silent, too, whose window is never wide enough for the whole segment that is due, however
    steadily it reads: so for a peer that is behind, only what it takes may count.
    """
    sock = transport.get_extra_info("socket")
    if _USER_TIMEOUT is not None and sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, milliseconds)


def untaken(transport: asyncio.Transport) -> int:
    """Return how many bytes the peer has not acknowledged yet, those in the kernel included where it tells."""
    size = transport.get_write_buffer_size()
    sock = transport.get_extra_info("socket")
    if sys.platform != "win32" and sock is not None and sock.fileno() >= 0:
        size += struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]
    return size
