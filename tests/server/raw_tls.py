"""A TLS 1.3 client that writes custom records after an ordinary handshake."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ssl
import struct
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from tests.certificate import trusting

DATA, HANDSHAKE, ALERT = 23, 22, 21


class RawTls:
    """Encrypts with the keys that OpenSSL negotiated; ``reader`` has the encrypted output of the server."""

    def __init__(self) -> None:
        self._there, self._back = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._sequence = 0

    async def connect(self, port: int, *protocols: str) -> RawTls:
        """Shake hands, and return this."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        context = trusting(*protocols)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        with tempfile.TemporaryDirectory() as directory:
            log = Path(directory) / "keys"
            context.keylog_filename = str(log)
            end = context.wrap_bio(self._back, self._there)
            while True:
                with suppress(ssl.SSLWantReadError):
                    end.do_handshake()
                    break
                self.writer.write(self._there.read())
                self._back.write(await self.reader.read(65_536))
            self.writer.write(self._there.read())
            lines = [line.split() for line in log.read_text().splitlines()]
        (self._secret,) = (bytes.fromhex(words[2]) for words in lines if words[0] == "CLIENT_TRAFFIC_SECRET_0")
        suite = end.cipher()[0]
        self._hash = "sha384" if "384" in suite else "sha256"
        self._aead = ChaCha20Poly1305 if "CHACHA" in suite else AESGCM
        self._key_size = 16 if "128" in suite else 32
        self._derive()
        return self

    def record(self, content: bytes, kind: int = DATA) -> bytes:
        """Return one encrypted record."""
        inner = content + bytes([kind])
        header = b"\x17\x03\x03" + struct.pack("!H", len(inner) + 16)
        nonce = bytes(a ^ b for a, b in zip(self._iv, self._sequence.to_bytes(12), strict=True))
        self._sequence += 1
        return header + self._cipher.encrypt(nonce, inner, header)

    def key_update(self, *, answered: bool = True) -> bytes:
        """Return a record that changes our key, and asks for another key of the server's."""
        record = self.record(b"\x18\0\0\x01" + bytes([answered]), HANDSHAKE)
        self._secret = self._expand(b"traffic upd", hashlib.new(self._hash).digest_size)
        self._sequence = 0
        self._derive()
        return record

    def hang_up(self) -> None:
        self.writer.transport.abort()

    def _derive(self) -> None:
        self._cipher = self._aead(self._expand(b"key", self._key_size))
        self._iv = self._expand(b"iv", 12)

    def _expand(self, label: bytes, size: int) -> bytes:
        """HKDF-Expand-Label of RFC 8446, 7.1, for one block."""
        label = b"tls13 " + label
        info = struct.pack("!HB", size, len(label)) + label + b"\0\x01"
        return hmac.digest(self._secret, info, self._hash)[:size]
