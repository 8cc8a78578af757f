"""Reads the ALPN of a TLS ClientHello (RFC 8446, 4.1.2), because the TLS library accepts a mismatch.

In Python, a handshake without a common protocol succeeds, so an FTP client, for example, would reach the chat.
"""

from __future__ import annotations

from ..exceptions import ProtocolError
from ..protocol.limits import ALPN

HELLO_BYTES = 16_384
"""Longest ClientHello, with its records: browsers send 2 KiB, and future keys may be longer."""

PROTOCOLS = (ALPN, "irc", "http/1.1")
"""The protocols allowed in ALPN; each selects the dialect inside TLS."""

_HANDSHAKE, _CLIENT_HELLO, _ALPN = 22, 1, 16
_RECORD_BYTES = 16_384
_RANDOM_BYTES = 32


class _ShortError(Exception):
    """The data ends before the announced length."""


class _Reader:
    """Reads fields from a block of bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise _ShortError
        self._at += size
        return taken

    def number(self, size: int) -> int:
        """Return the next number of ``size`` bytes."""
        return int.from_bytes(self.take(size))

    def block(self, size: int) -> bytes:
        """Return the next block, whose length precedes it as a number of ``size`` bytes."""
        return self.take(self.number(size))


def begins_tls(first: bytes) -> bool | None:
    """Tell whether a connection that begins with these bytes speaks TLS; None if more are needed."""
    return None if first in {b"", b"\x16"} else first.startswith(b"\x16\x03")


def offered_protocols(data: bytes) -> tuple[str, ...] | None:
    """Return the ALPN protocols of the ClientHello at the start of ``data``, or None if bytes are missing.

    Without ALPN, return (). Raises ProtocolError if it is not a ClientHello, or is longer than HELLO_BYTES.
    """
    hello = _hello(_Reader(data))
    if hello is not None:
        try:
            return _alpn(_Reader(hello))
        except _ShortError:
            raise ProtocolError("A field of the ClientHello ends too early.") from None
    if len(data) >= HELLO_BYTES:
        raise ProtocolError("The ClientHello is too long.")
    return None


def _hello(records: _Reader) -> bytes | None:
    """Return the ClientHello, which may be spread over records; None if bytes are missing."""
    message = b""
    try:
        while True:
            if len(message) >= 4:
                size = 4 + int.from_bytes(message[1:4])
                if message[0] != _CLIENT_HELLO or size > HELLO_BYTES:
                    raise ProtocolError("This is not a ClientHello.")
                if len(message) >= size:
                    return message[4:size]
            kind, version = records.number(1), records.number(1)
            records.take(1)
            size = records.number(2)
            if kind != _HANDSHAKE or version != 3 or not 0 < size <= _RECORD_BYTES:
                raise ProtocolError("This is not a TLS handshake record.")
            message += records.take(size)
    except _ShortError:
        return None


def _alpn(hello: _Reader) -> tuple[str, ...]:
    hello.take(2 + _RANDOM_BYTES)
    hello.block(1)  # the session id
    hello.block(2)  # cipher suites
    hello.block(1)  # compression methods
    if not hello:
        return ()
    extensions = _Reader(hello.block(2))
    names: list[str] = []
    while extensions:
        kind, content = extensions.number(2), extensions.block(2)
        if kind != _ALPN:
            continue
        protocols = _Reader(_Reader(content).block(2))
        if names or not protocols:
            raise ProtocolError("The ClientHello has a broken ALPN extension.")
        while protocols:
            names.append(protocols.block(1).decode("latin-1"))
    return tuple(names)
