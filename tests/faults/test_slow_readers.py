"""Readers that stall slow nobody, cost bounded memory in the process and in the kernel, and lose nothing."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from socketchat.client.asyncio.client import Client
from socketchat.client.asyncio.connect import connect
from socketchat.client.identity.profiles import Profiles
from socketchat.protocol import commands, events
from socketchat.server.limits import SEND_BUFFER_BYTES, WRITE_BUFFER_HIGH
from tests.client.serving import serving
from tests.faults.stalls import kernel_memory, process_memory, stall

pytestmark = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux's /proc")

LONG = bool(os.environ.get("SOCKETCHAT_LONG"))
MESSAGES = 10_000 if LONG else 3_000
"""Few enough that they take under 30 s on a busy machine, as longer stalls are closed."""
TEXT = 200
RECEIVE_BUFFER = 4096
SLACK = 64 * 1024
"""Bytes per connection beside the buffers: objects, and allocator overhead."""

SHARED = 24 * 1024 * 1024
"""Memory that does not depend on the number of stalled readers: replay pages, and SQLite's cache."""

KERNEL_FACTOR = 3
"""The kernel doubles SO_SNDBUF for its own bookkeeping, and fills the last packet."""


class Reader:
    """A connection that reads only when told to."""

    def __init__(self, port: int, login: bytes) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._socket.connect(("127.0.0.1", port))
        self._socket.sendall(login)
        self._socket.setblocking(False)  # noqa: FBT003  the name says it

    async def read_until(self, number: int, number_in: Callable[[bytes], int | None]) -> list[int]:
        """Read until message ``number``, and return the numbers of all messages."""
        loop = asyncio.get_running_loop()
        numbers: list[int] = []
        rest = b""
        while not numbers or numbers[-1] != number:
            data = await loop.sock_recv(self._socket, 65_536)
            assert data, "closed"
            *lines, rest = (rest + data).split(b"\n")
            numbers += [found for line in lines if (found := number_in(line)) is not None]
        return numbers

    def close(self) -> None:
        self._socket.close()


def plain_login(name: str) -> bytes:
    return f"{name}\n".encode()


def native_login(name: str) -> bytes:
    return json.dumps({"type": "hello", "name": name}).encode() + b"\n"


def plain_number(line: bytes) -> int | None:
    found = re.match(rb"speaker: (\d+) x+$", line)
    return int(found[1]) if found else None


def native_number(line: bytes) -> int | None:
    event = json.loads(line)
    return int(event["body"]["text"].split()[0]) if event["type"] == "entry" else None


async def online(client: Client) -> list[str]:
    answer = await client.request(commands.Users())
    return [name for event in answer.events if isinstance(event, events.Users) for name in event.users]


async def scene(directory: Path, count: int, *, native: bool, alone: bool) -> None:
    """Stall this many readers; with ``alone``, no other program uses sockets, so all sockets are counted."""
    login, number_in = (native_login, native_number) if native else (plain_login, plain_number)
    with serving(directory, "--no-limits") as server:
        port = server.port
        profile = Profiles(directory / "speaker").server("127.0.0.1", port)
        async with connect("127.0.0.1", port, name="speaker", profile=profile, listen="none") as speaker:
            attentive = Reader(port, login("attentive"))
            readers = [Reader(port, login(f"r{n}")) for n in range(count)]
            while len(await online(speaker)) < count + 1:
                pass
            memory, kernel = process_memory(server.process.pid), kernel_memory()
            heard = asyncio.create_task(attentive.read_until(MESSAGES, number_in))
            sends = [speaker.send("#lobby", f"{n} {'x' * TEXT}") for n in range(1, MESSAGES + 1)]
            await asyncio.gather(*sends)
            # Readers do not wait for stalled ones: they get everything during the stall.
            assert await heard == list(range(1, MESSAGES + 1))
            grown = process_memory(server.process.pid) - memory
            assert grown < SHARED + count * (WRITE_BUFFER_HIGH + SLACK)
            assert not alone or kernel_memory() - kernel < count * (KERNEL_FACTOR * SEND_BUFFER_BYTES + SLACK)
            # Readers that resume have lost nothing, and get each message once and in order.
            for numbers in await asyncio.gather(*(reader.read_until(MESSAGES, number_in) for reader in readers)):
                assert numbers == list(range(1, MESSAGES + 1))
            for reader in (attentive, *readers):
                reader.close()


@pytest.mark.parametrize("native", [False, True], ids=["plain", "native"])
def test_a_few_stalled_readers_slow_no_other(tmp_path: Path, *, native: bool) -> None:
    asyncio.run(asyncio.wait_for(scene(tmp_path, 10, native=native, alone=False), 50))


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize("native", [False, True], ids=["plain", "native"])
def test_two_hundred_stalled_readers_slow_no_other(tmp_path: Path, *, native: bool) -> None:
    asyncio.run(scene(tmp_path, 200, native=native, alone=True))


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_a_thousand_readers_stalled_in_a_busy_room_slow_no_other(tmp_path: Path) -> None:
    found = asyncio.run(stall(tmp_path, count=1000, per_second=200 if LONG else 100, seconds=300 if LONG else 20))
    assert found.server_memory < WRITE_BUFFER_HIGH + SLACK
    assert found.kernel_memory < KERNEL_FACTOR * SEND_BUFFER_BYTES + SLACK
