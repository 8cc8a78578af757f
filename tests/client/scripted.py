"""A server scripted by the test, line by line, over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self

from socketchat.server.tls.certificate import Identity
from tests.certificate import identity

EPOCH = "e" * 16
AT_ONCE = struct.pack("ii", 1, 0)
"""The option by which closing a socket resets its connection."""

LOBBY = {"type": "conversation", "conversation": "#lobby", "head": 0, "floor": 1}


def welcome(*conversations: dict, hello: int = 1, epoch: str = EPOCH, token: str = "token", name: str = "ann") -> dict:
    """Return a welcome; without conversations, the client hears the empty lobby."""
    told = {"epoch": epoch, "user": "u1", "name": name, "token": token, "version": "1", "limits": {}, "id": hello}
    return {"type": "welcome", "conversations": list(conversations) or [LOBBY], **told}


def conversation(name: str, head: int = 0, floor: int = 1, **more: str) -> dict:
    return {"type": "conversation", "conversation": name, "head": head, "floor": floor, **more}


def entry(seq: int, text: str = "hi", to: str = "#lobby") -> dict:
    told = {"ts": 0, "author": "u2", "name": "bob", "kind": "message", "body": {"text": text}}
    return {"type": "entry", "conversation": to, "seq": seq, **told}


def ok(number: int, **more: object) -> dict:
    return {"type": "ok", "id": number, **more}


def challenge(hello: int = 1) -> dict:
    return {"type": "challenge", "nonce": "A" * 22, "id": hello}


def error(number: int | None, code: str, text: str = "No.", *, retry: bool = False) -> dict:
    told = {"type": "error", "code": code, "text": text, "retry": retry}
    return told if number is None else told | {"id": number}


def lines(*events: dict) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


class Peer:
    """The server's end of a connection under asyncio."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._socket = writer.get_extra_info("socket")  # which a transport forgets in the end

    async def read(self) -> dict:
        """Return the next command; {} when the client closed."""
        line = await self._reader.readline()
        return json.loads(line) if line else {}

    def write(self, *events: dict) -> None:
        self._writer.write(lines(*events))

    def write_bytes(self, data: bytes) -> None:
        self._writer.write(data)

    async def flush(self) -> None:
        await self._writer.drain()

    def cut(self) -> None:
        """Reset the connection."""
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self._writer.transport.abort()

    def close(self) -> None:
        self._writer.close()

    async def gone(self) -> None:
        """Cut the connection, and return when it is gone."""
        self.cut()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def log_in(self, *conversations: dict, **more: object) -> dict:
        """Welcome the next hello, and return it."""
        hello = await self.read()
        self.write(welcome(*conversations, hello=hello["id"], **more))
        return hello


class Scripted:
    """A listening socket from which the test accepts connections one by one."""

    def __init__(self) -> None:
        self._peers: asyncio.Queue[Peer] = asyncio.Queue()
        self.all: list[Peer] = []
        self.port = 0

    async def accept(self) -> Peer:
        return await self._peers.get()

    def arrived(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self.all.append(peer)
        self._peers.put_nowait(peer)

    async def close(self) -> None:
        for peer in self.all:
            await peer.gone()


@asynccontextmanager
async def scripted(port: int = 0, shown: Identity | None = None) -> AsyncIterator[Scripted]:
    """Listen under asyncio, with the usual certificate or another one."""
    script = Scripted()
    context = (shown or identity()).context
    server = await asyncio.start_server(
        script.arrived, "127.0.0.1", port, limit=2**20, ssl=context, ssl_shutdown_timeout=0.1
    )
    script.port = server.sockets[0].getsockname()[1]
    async with server:
        try:
            yield script
        finally:
            await script.close()


class BlockingPeer:
    """The server's end of a connection, for a client in another thread or process."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")

    def read(self) -> dict:
        line = self._file.readline()
        return json.loads(line) if line else {}

    def challenge(self) -> tuple[dict, dict]:
        """Challenge the next hello; return it, under the id that waits for a welcome, and the next command."""
        hello = self.read()
        self.write(challenge(hello["id"]))
        return hello | {"id": self.read()["id"]}, self.read()

    def write(self, *events: dict) -> None:
        self._connection.sendall(lines(*events))

    def write_bytes(self, data: bytes) -> None:
        self._connection.sendall(data)

    def close(self) -> None:
        self._file.close()
        self._connection.close()

    def reset(self) -> None:
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Listener:
    """A listening socket for clients in other threads or processes."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def accept(self) -> BlockingPeer:
        return BlockingPeer(identity().context.wrap_socket(self._socket.accept()[0], server_side=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
