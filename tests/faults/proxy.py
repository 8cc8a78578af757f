"""A bad network between clients and a server: links are cut, go silent, crawl, and lose answers to messages."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import ssl
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Self

from socketchat.protocol.limits import LINE_BYTES
from socketchat.server.tls.certificate import own_identity

CHUNK = 65_536

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Proxy:
    """Passes bytes on between clients and a server on this machine.

    For TLS clients, it uses the server's own key from ``data``, its directory, so that it can read the lines.
    """

    def __init__(self, server_port: int, data: Path, *, seed: int = 1) -> None:
        self._server_port = server_port
        self._front = own_identity(data).context
        self._back = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._back.check_hostname = False
        self._back.verify_mode = ssl.CERT_NONE
        self._tasks: set[asyncio.Task[None]] = set()
        self._chance = random.Random(seed)
        self._links: set[_Link] = set()
        self._news = asyncio.Condition()
        self.down = False
        self.crawls = False
        self.loss = 0.0
        """The probability that an answer to a message is lost, and the link with it."""
        self.tried = 0
        """The number of connection attempts, successful or not."""
        self.lost = 0

    async def __aenter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self._listener.setblocking(False)  # noqa: FBT003  the name says it
        self.port: int = self._listener.getsockname()[1]
        self._begin(self._accept())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listener.close()

    def cut(self) -> int:
        """Cut all links, and return their number."""
        links, self._links = self._links, set()
        for link in links:
            link.cut()
        return len(links)

    async def silence(self) -> None:
        """Pass nothing more on the existing links, and return when the clients have closed them.

        The server does not notice: its ends stay open.
        """
        links = [link for link in self._links if not link.silent]
        for link in links:
            link.silent = True
        for link in links:
            await link.given_up.wait()

    async def attempts(self, count: int) -> None:
        """Return after this many further connection attempts."""
        wanted = self.tried + count
        async with self._news:
            await self._news.wait_for(lambda: self.tried >= wanted)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self) -> None:
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(self._listener)
            async with self._news:
                self.tried += 1
                self._news.notify_all()
            if self.down:
                connection.close()
            else:
                self._begin(self._serve(connection))

    async def _serve(self, connection: socket.socket) -> None:
        try:
            secret = await _speaks_tls(connection)
        except BaseException:
            connection.close()
            raise
        link = _Link(self, await _streams(sock=connection, server=self._front if secret else None))
        self._links.add(link)
        try:
            with suppress(OSError):
                await link.run(await _streams("127.0.0.1", self._server_port, client=self._back if secret else None))
        finally:
            link.cut()
            self._links.discard(link)

    def loses(self, line: bytes) -> bool:
        """Tell whether the network loses this line, the answer to a message."""
        if not self.loss or not line.startswith(b'{"type":"ok"') or "seq" not in json.loads(line):
            return False
        lost = self._chance.random() < self.loss
        self.lost += lost
        return lost


class _Link:
    def __init__(self, proxy: Proxy, client: Streams) -> None:
        self._proxy = proxy
        self._client = client
        self._writers = [client[1]]
        self._ended = asyncio.Event()
        self.silent = False
        self.given_up = asyncio.Event()
        """Set when the client's end is closed."""

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self.given_up.set()
        self._ended.set()

    async def run(self, server: Streams) -> None:
        self._writers.append(server[1])
        back = self._pass_lines if self._proxy.loss else self._pass_bytes
        ways = [self._listen(server[1]), back(server[0], self._client[1])]
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.cut()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, server: asyncio.StreamWriter) -> None:
        try:
            await self._pass_bytes(self._client[0], server)
        finally:
            self.given_up.set()
            if self.silent:
                await self._ended.wait()

    async def _pass_bytes(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            if self.silent:
                if writer is self._client[1]:
                    await self._ended.wait()  # the server's data piles up
            elif self._proxy.crawls:
                for at in range(len(data)):
                    writer.write(data[at : at + 1])
                    await writer.drain()
            else:
                writer.write(data)
                await writer.drain()

    async def _pass_lines(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            if self._proxy.loses(line):
                return
            writer.write(line)
            await writer.drain()


async def _speaks_tls(connection: socket.socket) -> bool:
    """Peek at the first byte from a client."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(connection, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection)
    return connection.recv(1, socket.MSG_PEEK) == b"\x16"


class _Ends(asyncio.StreamReaderProtocol):
    transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        super().connection_made(transport)


async def _streams(
    host: str | None = None,
    port: int | None = None,
    *,
    sock: socket.socket | None = None,
    server: ssl.SSLContext | None = None,
    client: ssl.SSLContext | None = None,
) -> Streams:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2 * LINE_BYTES)
    protocol = _Ends(reader)
    try:
        if sock is None:
            transport, _ = await loop.create_connection(lambda: protocol, host, port, ssl=client)
        else:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, sock, ssl=server)
    except BaseException:
        if protocol.transport is not None:  # cancelled when the handshake had just ended
            protocol.transport.abort()
        raise
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)
