"""A thousand readers who hardly read, in a room where others talk at a steady pace and one reader measures delays."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import statistics
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from socketchat.client.asyncio.client import Client
from socketchat.client.asyncio.connect import connect
from socketchat.client.identity.profiles import Profiles
from socketchat.protocol import commands, events
from socketchat.protocol.events import Entry
from tests.client.serving import serving

TEXT = "x" * 200
RECEIVE_BUFFER = 4096
READING_BUFFER = 262_144
SEGMENT = 1400
"""As on an Ethernet: loopback's segments of 64 KiB never fit into the buffer, and the kernel counts as no progress
(TCP_USER_TIMEOUT) what takes a part of one."""

SIP = 4096
SIP_SECONDS = 0.5
"""Each reads a little now and then, so that none is closed for reading nothing."""

NUMBER = re.compile(rb'"text":"(\d+) x')

SIPS_AT_ONCE = 5
"""So that this does not delay the measuring reader, which is in the same process."""


@dataclass(frozen=True)
class Stalls:
    """The cost: p99 of the delays to the measuring reader, in seconds, and memory, in bytes per stalled reader."""

    before: float
    """While the data for stalled readers still fits into their kernels' buffers."""
    during: float
    server_memory: float
    kernel_memory: float


class Staller:
    """A connection that reads only a little now and then, until it is told to read."""

    def __init__(self, port: int, name: str) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        self._socket.connect(("127.0.0.1", port))
        self._socket.sendall(json.dumps({"type": "hello", "name": name}).encode() + b"\n")
        self._socket.setblocking(False)  # noqa: FBT003  the name says it
        self._rest = b""
        self._last = 0

    def sip(self) -> None:
        self._take(self._socket.recv(SIP))

    async def read_to(self, last: int) -> None:
        """Read until message ``last``."""
        loop = asyncio.get_running_loop()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, READING_BUFFER)
        while self._last < last:
            data = await loop.sock_recv(self._socket, 65_536)
            assert data, "closed"
            self._take(data)
        self._socket.close()

    def _take(self, data: bytes) -> None:
        """Check the received data: each message, once and in order."""
        lines, _, self._rest = (self._rest + data).rpartition(b"\n")
        for number in NUMBER.findall(lines):
            self._last += 1
            assert int(number) == self._last


async def stall(directory: Path, *, count: int, per_second: int, seconds: float) -> Stalls:
    """Stall this many readers while others send at this rate for this long."""
    with serving(directory, "--no-limits") as server:
        profile = Profiles(directory / "speaker").server("127.0.0.1", server.port)
        async with connect("127.0.0.1", server.port, name="speaker", profile=profile) as speaker:
            stallers = [Staller(server.port, f"r{n}") for n in range(count)]
            while await online(speaker) < count + 1:
                pass
            before = process_memory(server.process.pid), kernel_memory()
            talk = _Talk(speaker, per_second)
            sips = asyncio.create_task(_sip(stallers))
            await talk.go(int(per_second * seconds))
            sips.cancel()
            with suppress(asyncio.CancelledError):
                await sips
            after = process_memory(server.process.pid), kernel_memory()
            await asyncio.gather(*(staller.read_to(talk.said) for staller in stallers))
            early = max(100, talk.said // 20)
            return Stalls(
                before=_p99(talk.delays[:early]),
                during=_p99(talk.delays[len(talk.delays) // 2 :]),
                server_memory=(after[0] - before[0]) / count,
                kernel_memory=(after[1] - before[1]) / count,
            )


class _Talk:
    """A user who sends at a steady pace, and receives the messages like all others."""

    def __init__(self, client: Client, per_second: int) -> None:
        self._client = client
        self._pace = 1 / per_second
        self.said = 0
        self.delays: list[float] = []

    async def go(self, count: int) -> None:
        listening = asyncio.create_task(self._listen(count))
        sending: set[asyncio.Task[events.Ok]] = set()
        begin = asyncio.get_running_loop().time()
        for number in range(1, count + 1):
            await _until(begin + number * self._pace)
            sending.add(asyncio.create_task(self._client.send("#lobby", f"{number} {TEXT} {time.monotonic()}")))
        self.said = count
        await asyncio.gather(listening, *sending)

    async def _listen(self, count: int) -> None:
        async for event in self._client:
            if isinstance(event, Entry) and event.conversation == "#lobby":
                now = time.monotonic()
                number, _, said = bytes(event.body)[len(b'{"text":"') : -len(b'"}')].split(b" ")
                self.delays.append(now - float(said))
                if int(number) == count:
                    return


async def _sip(stallers: Sequence[Staller]) -> None:
    """Let the readers read a little one after the other, as independent readers would."""
    begin = asyncio.get_running_loop().time()
    for number, staller in enumerate(cycle(stallers), 1):
        if number % SIPS_AT_ONCE == 0:
            await _until(begin + number * SIP_SECONDS / len(stallers))
        with suppress(BlockingIOError):
            staller.sip()


async def _until(when: float) -> None:
    """Wait until the next message is due."""
    loop = asyncio.get_running_loop()
    come: asyncio.Future[None] = loop.create_future()
    loop.call_at(when, lambda: come.done() or come.set_result(None))
    await come


async def online(client: Client) -> int:
    answer = await client.request(commands.Users())
    return sum(len(event.users) for event in answer.events if isinstance(event, events.Users))


def process_memory(pid: int) -> int:
    found = re.search(r"^Pss: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


def kernel_memory() -> int:
    """Return the bytes that all TCP sockets of this machine hold in the kernel."""
    found = re.search(r"^TCP: .* mem (\d+)$", Path("/proc/net/sockstat").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * os.sysconf("SC_PAGE_SIZE")


def _p99(delays: Sequence[float]) -> float:
    return statistics.quantiles(delays, n=100)[98]
