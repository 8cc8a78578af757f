"""Eight people who talk without pause in two rooms, two who listen, and what must be true of it all afterwards."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from socketchat.client.aio import Client, connect
from socketchat.client.facts import Gap, Reset
from socketchat.client.patience import Patience
from socketchat.client.profiles import Profiles
from socketchat.journal.sqlite import SQLiteJournal
from socketchat.protocol import commands
from socketchat.protocol.codec import decode_text
from socketchat.protocol.events import Entry, Ok

ROOMS = ("#lobby", "#ops")
SPEAKERS = 8
LISTENERS = 2
WINDOW = 8
"""Messages of one speaker under way at once."""

HASTE = Patience(first_delay=0.02, longest_delay=0.2, connect=5.0, login=5.0)
EVERYTHING = 10_000_000

Place = tuple[str, int]


class Load:
    """Speaks and listens at a server that may be killed at any moment, and remembers what was said to it and by it."""

    def __init__(self, port: int, directory: Path) -> None:
        self._port = port
        self._directory = directory
        self._stopping = False
        self.acknowledged: dict[str, Place] = {}
        self.submitted: set[str] = set()
        self.seen: list[dict[Place, str]] = []
        self.progress = asyncio.Event()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self._speakers = [await stack.enter_async_context(self._client(f"s{n}")) for n in range(SPEAKERS)]
            self._listeners = [await stack.enter_async_context(self._client(f"l{n}")) for n in range(LISTENERS)]
            for client in self._speakers + self._listeners:
                await client.request(commands.Join(room="#ops"))
            self._tasks = [asyncio.create_task(self._listen(client)) for client in self._listeners]
            self._tasks += [asyncio.create_task(self._drop(client)) for client in self._speakers]
            self._speaking = [asyncio.create_task(self._speak(client)) for client in self._speakers]
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._speaking + self._tasks:
            task.cancel()
        await asyncio.gather(*self._speaking, *self._tasks, return_exceptions=True)
        await self._stack.aclose()

    async def finish(self) -> None:
        """Say no more, and return when all that was said is acknowledged and heard."""
        self._stopping = True
        await asyncio.gather(*self._speaking)
        last = max(seq for room, seq in self.acknowledged.values() if room == "#lobby")
        while any(("#lobby", last) not in seen for seen in self.seen):
            self.progress.clear()
            await self.progress.wait()

    async def acknowledge(self, count: int) -> None:
        """Return when so many more messages are acknowledged."""
        wanted = len(self.acknowledged) + count
        while len(self.acknowledged) < wanted:
            self.progress.clear()
            await self.progress.wait()

    def _client(self, name: str) -> Client:
        profile = Profiles(self._directory / name).server("127.0.0.1", self._port)
        return connect("127.0.0.1", self._port, name=name, profile=profile, patience=HASTE)

    async def _speak(self, client: Client) -> None:
        number = 0
        under_way: set[asyncio.Task[None]] = set()
        while not self._stopping:
            number += 1
            text = f"{client.name} {number}"
            self.submitted.add(text)
            under_way.add(asyncio.create_task(self._say(client, ROOMS[number % len(ROOMS)], text)))
            if len(under_way) >= WINDOW:
                _, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*under_way)

    async def _say(self, client: Client, room: str, text: str) -> None:
        ok: Ok = await client.send(room, text)
        assert ok.conversation is not None
        assert ok.seq is not None
        self.acknowledged[text] = (ok.conversation, ok.seq)
        self.progress.set()

    async def _listen(self, client: Client) -> None:
        seen: dict[Place, str] = {}
        self.seen.append(seen)
        async for event in client:
            assert not isinstance(event, Gap | Reset), event
            if isinstance(event, Entry):
                assert (event.conversation, event.seq) not in seen, "shown twice"
                seen[event.conversation, event.seq] = decode_text(event).text
                self.progress.set()

    async def _drop(self, client: Client) -> None:
        async for _ in client:
            pass


async def check(load: Load, data: Path) -> int:
    """Compare what the store holds with what was told; return how many messages it holds."""
    journal = SQLiteJournal(str(data), asyncio.get_running_loop())
    state = await journal.open()
    stored: dict[Place, str] = {}
    for room in ROOMS:
        entries = await journal.read(room, limit=EVERYTHING)
        assert [entry.seq for entry in entries] == list(range(1, state.heads[room] + 1)), "a hole"
        stored |= {(room, entry.seq): decode_text(entry).text for entry in entries}
    await journal.close()

    assert len(set(stored.values())) == len(stored), "stored twice"
    assert set(stored.values()) <= load.submitted, "nobody said that"
    lost = {text for text, place in load.acknowledged.items() if stored.get(place) != text}
    assert not lost, "acknowledged and lost, or elsewhere"
    for seen in load.seen:
        assert {place: stored.get(place) for place in seen} == seen, "seen and gone"
        for room in ROOMS:
            seqs = sorted(seq for where, seq in seen if where == room)
            assert seqs == list(range(seqs[0], seqs[-1] + 1)), "a hole in what was shown"
    order: dict[tuple[str, str], list[int]] = defaultdict(list)
    for (room, _), text in sorted(stored.items()):
        who, number = text.split()
        order[room, who].append(int(number))
    assert all(numbers == sorted(numbers) for numbers in order.values()), "out of order"
    return len(stored)
