"""A caller whose lines travel in frames, so that what speaks the native dialect can do so over a WebSocket."""

from __future__ import annotations

import asyncio

from tests.server.house import Caller

MASK = b"\x37\xfa\x21\x3d"


class FrameReader:
    """Reads lines out of the frames of a server."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._lines = asyncio.StreamReader(limit=2**20)

    async def readline(self) -> bytes:
        while b"\n" not in self._lines._buffer and not self._lines.at_eof():
            await self._take()
        return await self._lines.readline()

    async def read(self) -> bytes:
        while not self._lines._eof:
            await self._take()
        return await self._lines.read()

    async def _take(self) -> None:
        """Read one frame; it is never masked, nor in parts."""
        try:
            first, size = await self._reader.readexactly(2)
            if size >= 126:
                size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8))
            content = await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            self._lines.feed_eof()
            return
        if first == 0x81:
            self._lines.feed_data(content)
        else:
            assert first == 0x88


class FrameCaller(Caller):
    """A caller behind an upgrade."""

    def __init__(self, caller: Caller) -> None:
        super().__init__(FrameReader(caller.reader), caller.writer)

    async def write(self, data: bytes) -> None:
        size = len(data)
        head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xff" + size.to_bytes(8)
        masked = bytes(byte ^ MASK[at % 4] for at, byte in enumerate(data))
        await super().write(head + MASK + masked)


async def upgraded(caller: Caller, port: int) -> FrameCaller:
    """Make the connection of a caller a WebSocket."""
    await caller.write(
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: socketchat.1\r\n\r\n".encode()
    )
    head = await caller.reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 "), head
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head  # RFC 6455, 1.3
    return FrameCaller(caller)
