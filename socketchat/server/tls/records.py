"""The server's end of TLS on one connection: bytes in and bytes out, and a count of the records.

A TLS library reads until it has data, so a peer can keep it busy with records without data (key updates, warnings,
empty ones). So this module passes it one complete record at a time.
"""

from __future__ import annotations

import ssl
from contextlib import suppress

from ..limits import EMPTY_RECORDS, HANDSHAKE_RECORDS

HEADER_BYTES = 5
"""Type, version and length in front of each record (RFC 8446, 5.1)."""

RECORD_BYTES = 16_384 + 2048
"""Longest payload of a record (RFC 5246, 6.2.3); TLS 1.3 has a lower limit, which the library enforces."""

_TYPES = range(20, 24)

_incoming, _outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
"""The library's input and output buffers. All connections share them, because they are empty between two calls. A
separate pair would keep the memory of each connection's longest read and write, 40 KiB more, until it ends."""


class TlsRecords:
    """Decrypts the peer's bytes, and encrypts bytes for the peer.

    Send ``answer``, which holds handshakes and alerts, after each call of ``decrypt``. ``failure`` is the reason why
    nothing more can be read. ``has_ended`` is set when the peer has sent its close alert.
    """

    __slots__ = ("_empty", "_raw", "answer", "count", "failure", "has_ended", "is_established", "object")

    def __init__(self, context: ssl.SSLContext) -> None:
        self.object = context.wrap_bio(_incoming, _outgoing, server_side=True)
        self._raw = bytearray()
        self._empty = 0  # records without data since the handshake
        self.count = 0  # records decrypted in all
        self.answer = b""
        self.failure: ssl.SSLError | None = None
        self.has_ended = False
        self.is_established = False

    def receive(self, data: bytes | bytearray | memoryview) -> None:
        """Take received bytes; ignore those after the end."""
        if not self.has_ended and self.failure is None:
            self._raw += data

    def decrypt(self, most: int) -> bytes:
        """Return the data in the next complete records, ``most`` of them at a time."""
        data, at, last = [], 0, self.count + most
        try:
            while self.count < last and not self.has_ended and (end := _end_of_record(self._raw, at)):
                _incoming.write(self._raw[at:end])
                at = end
                self.count += 1
                if self.is_established:
                    data.append(self._read())
                else:
                    self._shake_hands()
        except ssl.SSLError as failure:
            self.failure = failure
        del self._raw[:at]
        _incoming.read()
        self.answer = _outgoing.read()
        return b"".join(data)

    def encrypt(self, data: bytes | bytearray | memoryview) -> bytes:
        """Return the records that carry this data, b"" after a failure."""
        if self.failure is not None:
            return b""
        size = self.object.write(data)
        while size < len(data):  # the library writes one record at a time
            size += self.object.write(memoryview(data)[size:])
        return _outgoing.read()

    def end(self) -> bytes:
        """Return the record with the close alert."""
        with suppress(ssl.SSLError):  # the library wants to read the peer's alert
            self.object.unwrap()
        return _outgoing.read()

    def _shake_hands(self) -> None:
        if self.count > HANDSHAKE_RECORDS:
            raise ssl.SSLError("too many records in a handshake")
        with suppress(ssl.SSLWantReadError):
            self.object.do_handshake()
            self.is_established = True

    def _read(self) -> bytes:
        try:
            data = self.object.read(RECORD_BYTES)
        except ssl.SSLWantReadError:
            self._empty += 1
            if self._empty > EMPTY_RECORDS:
                raise ssl.SSLError("too many records without data") from None
            return b""
        self.has_ended = not data
        return data


def _end_of_record(raw: bytearray, at: int) -> int:
    """Return the end of the record at ``at``, or 0 if bytes are missing; raises SSLError if it is not a record."""
    begin = at + HEADER_BYTES
    if len(raw) < begin:
        return 0
    size = raw[at + 3] << 8 | raw[at + 4]
    if raw[at] not in _TYPES or size > RECORD_BYTES:
        raise ssl.SSLError("not a TLS record")
    return begin + size if len(raw) >= begin + size else 0
