"""An independent client for WebSockets, as a page would use one, and requests without a library."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect

from socketchat.protocol import commands, events
from socketchat.protocol.authentication.proofs import NONCE_BYTES, from_word, to_word, web_signed_bytes
from socketchat.protocol.codec import decode_event, encode
from tests.keys import NONCE, hello_of, key_of
from tests.server.house import House

SUBPROTOCOL = "socketchat.1"


def origin_of(house: House) -> str:
    return f"{'https' if house.tls else 'http'}://127.0.0.1:{house.port}"


@asynccontextmanager
async def browsing(house: House, origin: str | None = "own", **options):
    """Open a WebSocket from a page of this origin."""
    page = origin_of(house) if origin == "own" else origin
    uri = origin_of(house).replace("http", "ws", 1) + "/ws"
    context = {"ssl": house.tls} if house.tls else {}
    given = {"subprotocols": [SUBPROTOCOL], "origin": page, "proxy": None, "max_size": 2**20, **context, **options}
    async with connect(uri, **given) as socket:
        yield Browser(socket, page or "")


class Browser:
    """A page: frames out, and the lines of frames in."""

    def __init__(self, socket: ClientConnection, origin: str) -> None:
        self.socket = socket
        self.origin = origin
        self.frames: list[str] = []
        self._lines: list[str] = []

    async def say(self, *said: commands.Command) -> None:
        """Send commands in one frame."""
        await self.socket.send(b"".join(map(encode, said)).decode().removesuffix("\n"))

    async def event(self) -> events.Event:
        while not self._lines:
            frame = await self.socket.recv()
            assert isinstance(frame, str)
            self.frames.append(frame)
            assert frame.endswith("\n")
            self._lines = frame.splitlines()
        return decode_event(self._lines.pop(0).encode())

    async def hears(self, kind: type) -> events.Event:
        while not isinstance(event := await self.event(), kind):
            pass
        return event

    async def login(self, name: str, *, origin: str | None = None, **shown) -> events.Event:
        """Log in by a proof over the origin; return the answer."""
        key = key_of(name)
        await self.say(hello_of(key, name=name, id=1))
        challenge = await self.hears(events.Challenge)
        self.challenge = challenge
        theirs = from_word(challenge.nonce, NONCE_BYTES, "A nonce")
        signed = web_signed_bytes(origin or self.origin, theirs, NONCE, name)
        await self.say(commands.Prove(signature=to_word(key.sign(signed)), id=2, **shown))
        return await self.hears(events.Welcome | events.Error)


class Response:
    """A response as bytes, taken apart by hand."""

    def __init__(self, data: bytes) -> None:
        head, _, self.body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    @property
    def json(self) -> dict:
        return json.loads(self.body)


async def exchange(house: House, data: bytes) -> bytes:
    """Send bytes, and return everything until the server closes."""
    caller = await house.call()
    await caller.write(data)
    return await caller.end()


async def ask(house: House, method: str, path: str, body: bytes = b"", **headers: str) -> Response:
    """Send one request, and return its response."""
    named = {"Host": f"127.0.0.1:{house.port}", "Connection": "close"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    if body:
        named["Content-Length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    data = f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body
    async with asyncio.timeout(10):
        return Response(await exchange(house, data))
