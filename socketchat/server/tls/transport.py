"""A transport that speaks TLS over a TCP transport, and does a bounded amount of work per turn of the event loop."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Any, cast

from ..limits import READ_BYTES, RECORD_BURST, RECORDS_PER_SECOND, RECORDS_PER_TURN, RECORDS_SECONDS, TLS_CLOSE_SECONDS
from .records import TlsRecords

log = logging.getLogger(__name__)

_received = memoryview(bytearray(READ_BYTES))
"""The input buffer of all connections; each takes its bytes out before the next read."""


class TlsTransport(asyncio.BufferedProtocol, asyncio.Transport):
    """TLS on one connection: a protocol to TCP, and a transport to the protocol above.

    ``make_protocol`` is called when the handshake is done, or ``on_end`` if the link ends before that. ``clock``
    returns seconds. With ``limited``, the rate of the peer's records is limited.
    """

    __slots__ = (
        "_allowance",
        "_clock",
        "_has_left",
        "_is_closing",
        "_is_paused",
        "_limited",
        "_loop",
        "_make_protocol",
        "_on_end",
        "_protocol",
        "_refilled",
        "_tcp",
        "_timer",
        "_tls",
    )

    def __init__(
        self,
        context: ssl.SSLContext,
        make_protocol: Callable[[], asyncio.Protocol],
        on_end: Callable[[], None],
        clock: Callable[[], float],
        *,
        limited: bool = True,
    ) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._make_protocol: Callable[[], asyncio.Protocol] | None = make_protocol
        self._on_end: Callable[[], None] | None = on_end
        self._clock = clock
        self._limited = limited
        self._tcp: asyncio.Transport
        self._protocol: asyncio.Protocol | None = None
        self._tls: TlsRecords | None = TlsRecords(context)
        self._allowance = float(RECORD_BURST)
        self._refilled = clock()
        self._timer: asyncio.Handle | None = None  # until decryption continues, or the link is cut
        self._has_left = False  # the peer has closed its side of TCP
        self._is_paused = False
        self._is_closing = False

    # As a protocol: called by the TCP transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set up the transport; the peer speaks first."""
        self._tcp = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - one buffer for all
        """Return the buffer to read into."""
        return _received

    def buffer_updated(self, nbytes: int) -> None:
        """Take received bytes."""
        if self._tls is not None:
            self._tls.receive(_received[:nbytes])
            self._decrypt(is_more_likely=nbytes == READ_BYTES)

    def eof_received(self) -> bool:
        """Close, unless the protocol above still has something to send."""
        self._has_left = True
        if self._protocol is None or self._is_closing:
            self._is_closing = True
            self._tcp.close()
        elif self._tls is not None and not self._tls.has_ended:
            self._end_of_input()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the protocol above."""
        self._is_closing = True
        self._tls = None
        self._set_timer(None)
        if self._protocol is not None:
            protocol, self._protocol = self._protocol, None
            protocol.connection_lost(exc)
        elif self._on_end is not None:
            self._on_end()

    def pause_writing(self) -> None:
        """Tell the protocol above."""
        if self._protocol is not None:
            self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Tell the protocol above."""
        if self._protocol is not None:
            self._protocol.resume_writing()

    # As a transport: called by the protocol above

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send."""
        if self._tls is not None:
            self._tcp.write(self._tls.encrypt(data))

    def close(self) -> None:
        """Send the written bytes and the close alert; then wait briefly for the peer to close, discarding its input."""
        if self._is_closing or self._tls is None:
            return
        self._tcp.write(self._tls.end())
        self._is_closing = True
        self._tls = None
        if self._has_left:
            self._tcp.close()
            return
        self._tcp.resume_reading()  # with unread bytes, closing sends a reset, and the peer may lose the last words
        self._tcp.write_eof()
        self._set_timer(self._loop.call_later(TLS_CLOSE_SECONDS, self._tcp.abort))

    def abort(self) -> None:
        """Close, and drop unsent bytes."""
        self._is_closing = True
        self._tls = None
        self._set_timer(None)
        self._tcp.abort()

    def is_closing(self) -> bool:
        """Return whether the transport is closing or closed."""
        return self._is_closing or self._tcp.is_closing()

    def pause_reading(self) -> None:
        """Stop decrypting."""
        self._is_paused = True
        self._tcp.pause_reading()

    def resume_reading(self) -> None:
        """Continue to decrypt, first the bytes that have arrived already."""
        self._is_paused = False
        if self._timer is None and not self.is_closing():
            self._wait(0.0)

    def is_reading(self) -> bool:
        """Return whether the protocol above takes data."""
        return not self._is_paused and not self.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return information about the connection."""
        if name == "ssl_object":
            return self._tls.object if self._tls is not None else default
        return self._tcp.get_extra_info(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set the limits at which the protocol above is told to pause and to resume writing."""
        self._tcp.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """Return the number of unsent bytes."""
        return self._tcp.get_write_buffer_size()

    # Internal

    def _decrypt(self, *, is_more_likely: bool) -> None:
        """Decrypt as much as one turn of the loop allows; the rest waits."""
        tls = self._tls
        if tls is None:
            return
        before = tls.count
        data = tls.decrypt(RECORDS_PER_TURN)
        if tls.answer:
            self._tcp.write(tls.answer)
        count = tls.count - before
        seconds = self._spend(count)
        if seconds or is_more_likely or count == RECORDS_PER_TURN:
            self._wait(seconds)
        if self._make_protocol is not None and tls.is_established:
            self._protocol = self._make_protocol()
            self._make_protocol = self._on_end = None
            self._protocol.connection_made(self)
        if data and self._protocol is not None:
            self._protocol.data_received(data)
        if tls.failure is not None:
            self._fail(tls.failure)
        elif tls.has_ended:
            self._end_of_input()

    def _spend(self, records: int) -> float:
        """Charge records, and return the seconds that the peer has to wait before it may send more."""
        now = self._clock()
        self._allowance = min(RECORD_BURST, self._allowance + (now - self._refilled) * RECORDS_PER_SECOND) - records
        self._refilled = now
        if self._allowance >= 0 or not self._limited:
            return 0.0
        return max(RECORDS_SECONDS, -self._allowance / RECORDS_PER_SECOND)

    def _wait(self, seconds: float) -> None:
        """Stop reading until the next turn of the loop, or for some seconds."""
        self._tcp.pause_reading()
        self._set_timer(self._loop.call_later(seconds, self._go_on) if seconds else self._loop.call_soon(self._go_on))

    def _go_on(self) -> None:
        self._timer = None
        if not self._is_paused and not self.is_closing():
            self._tcp.resume_reading()
            self._decrypt(is_more_likely=False)

    def _end_of_input(self) -> None:
        """Close, unless the protocol above still has something to send."""
        if self._protocol is None or not self._protocol.eof_received():
            self.close()

    def _fail(self, failure: ssl.SSLError) -> None:
        log.debug("TLS failed: %s", failure)
        if self._tcp.get_write_buffer_size():
            self.abort()
        elif not self._is_closing:
            self._is_closing = True
            self._tls = None
            self._tcp.close()  # with the alert

    def _set_timer(self, timer: asyncio.Handle | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = timer
