"""Back-pressure of one connection: when to read from it, and when its reader is behind or stalled."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Callable

from .limits import USER_TIMEOUT_MS, WRITE_BUFFER_HIGH, WRITE_BUFFER_LOW, WRITE_BUFFER_STALE

if sys.platform != "win32":  # on Windows the server exits with an error
    import fcntl
    import termios

_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)


class Backpressure:
    """Decides for one transport when to read from it and when its reader is behind.

    A reader is behind from when its buffer rises above the high watermark until it drains below the low one. A *slow*
    reader leaves a few bytes unread for longer than one sweep: each waiting write costs memory besides its own bytes.
    So its watermarks are lower until it has caught up. ``clock`` returns seconds.
    """

    __slots__ = ("_clock", "_had_stale", "_is_slow", "_transport", "_untaken", "_waits", "full_since", "is_reading")

    def __init__(self, transport: asyncio.Transport, clock: Callable[[], float]) -> None:
        self._transport = transport
        self._clock = clock
        self.is_reading = True
        self.full_since: float | None = None
        self._untaken = 0
        self._waits = False  # the kernel waits for the peer without a limit
        self._had_stale = False
        self._is_slow = False
        transport.set_write_buffer_limits(WRITE_BUFFER_HIGH, WRITE_BUFFER_LOW)

    def read(self, *, wanted: bool) -> None:
        """Start or stop reading from the peer."""
        if self.is_reading != wanted and not self._transport.is_closing():
            self.is_reading = wanted
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def filled(self) -> None:
        """Note that the buffer is above the high watermark."""
        self.full_since = self._clock()
        self._untaken = untaken(self._transport)
        if not self._waits:
            self._waits = True
            wait_for(self._transport, 0)  # from now on is_stalled() watches the peer

    def drained(self) -> None:
        """Note that the buffer is below the low watermark."""
        self.full_since = None
        if self._is_slow:  # until it has caught up
            self._transport.set_write_buffer_limits(WRITE_BUFFER_LOW, WRITE_BUFFER_STALE)

    def is_stalled(self, now: float, seconds: float) -> bool:
        """Tell whether the peer has taken no byte for this many seconds while its buffer was full."""
        if self.full_since is None:
            return False
        size = untaken(self._transport)
        if size < self._untaken:
            self.full_since = now
        self._untaken = size
        return now - self.full_since > seconds

    def sweep(self, *, is_behind: bool) -> None:
        """Check whether the reader is slow or has caught up; ``is_behind`` is the state of its session."""
        if self.full_since is not None or self._transport.is_closing():
            return
        if self._waits and not is_behind:
            self._waits = False
            wait_for(self._transport, USER_TIMEOUT_MS)
        had_stale, self._had_stale = self._had_stale, self._transport.get_write_buffer_size() > WRITE_BUFFER_STALE
        if had_stale and self._had_stale:
            self._is_slow = True
            self._transport.set_write_buffer_limits(WRITE_BUFFER_STALE, 0)  # calls pause_writing()
        elif self._is_slow and not is_behind:
            self._is_slow = False
            self._transport.set_write_buffer_limits(WRITE_BUFFER_HIGH, WRITE_BUFFER_LOW)


def wait_for(transport: asyncio.BaseTransport, milliseconds: int) -> None:
    """Break the link if the peer acknowledges no bytes for this long; 0 leaves it to retransmissions (tcp(7), Linux).

    Linux also counts a peer as silent if its window never has room for the next whole segment, however steadily it
    reads. So for a peer that is behind, is_stalled() counts the bytes it takes instead.
    """
    sock = transport.get_extra_info("socket")
    if _USER_TIMEOUT is not None and sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, milliseconds)


def untaken(transport: asyncio.Transport) -> int:
    """Return how many bytes the peer has not acknowledged, including those in the kernel if the kernel reports them."""
    size = transport.get_write_buffer_size()
    sock = transport.get_extra_info("socket")
    if sys.platform != "win32" and sock is not None and sock.fileno() >= 0:
        size += struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]
    return size
