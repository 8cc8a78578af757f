"""Eight users who talk without pause in four rooms, eight who listen, and the history of all messages."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from socketchat.client.asyncio.client import Client
from socketchat.client.asyncio.connect import connect
from socketchat.client.identity.profiles import Profiles
from socketchat.client.session.client_events import Gap, Reset
from socketchat.client.timeouts import Timeouts
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.protocol import commands
from socketchat.protocol.codec import decode_text
from socketchat.protocol.events import Entry, Ok
from tests.faults.history import History

ROOMS = ("#lobby", "#ops", "#dev", "#fun")
SPEAKERS = 8
LISTENERS = 8
WINDOW = 8
"""Unanswered messages of one speaker."""

HASTE = Timeouts(first_delay=0.02, longest_delay=0.2, connect=5.0, login=5.0)
EVERYTHING = 10_000_000


class Load:
    """Talks and listens at a server that may be killed at any moment, and records all messages and answers."""

    def __init__(self, port: int, directory: Path, timeouts: Timeouts = HASTE) -> None:
        self._port = port
        self._timeouts = timeouts
        self._directory = directory
        self._stopping = False
        self.history = History()
        self._answered = dict.fromkeys(ROOMS, 0)
        self._heard: list[dict[str, int]] = []
        self.progress = asyncio.Event()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            # A failed task must end the test, which would otherwise wait for it for ever.
            self._group = await stack.enter_async_context(asyncio.TaskGroup())
            self._speakers = [await stack.enter_async_context(self.client(f"s{n}")) for n in range(SPEAKERS)]
            self._listeners = [await stack.enter_async_context(self.client(f"l{n}")) for n in range(LISTENERS)]
            for client in self._speakers + self._listeners:
                for room in ROOMS[1:]:
                    await client.request(commands.Join(room=room))
            self._tasks = [self._group.create_task(self._listen(client)) for client in self._listeners]
            self._tasks += [self._group.create_task(self._drop(client)) for client in self._speakers]
            self._speaking = [self._group.create_task(self._speak(client)) for client in self._speakers]
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in self._speaking + self._tasks:
            task.cancel()
        await self._stack.__aexit__(kind, error, traceback)

    async def finish(self) -> None:
        """Stop talking, and return when all messages are acknowledged and received."""
        self._stopping = True
        await asyncio.gather(*self._speaking)
        while any(heard[room] < self._answered[room] for heard in self._heard for room in ROOMS):
            self.progress.clear()
            await self.progress.wait()

    async def acknowledge(self, count: int) -> None:
        """Return when this many more messages are acknowledged."""
        wanted = self.history.acknowledged + count
        while self.history.acknowledged < wanted:
            self.progress.clear()
            await self.progress.wait()

    def client(self, name: str) -> Client:
        profile = Profiles(self._directory / name).server("127.0.0.1", self._port)
        return connect("127.0.0.1", self._port, name=name, profile=profile, timeouts=self._timeouts)

    async def _speak(self, client: Client) -> None:
        number = 0
        under_way: set[asyncio.Task[None]] = set()
        while not self._stopping:
            number += 1
            room, text = ROOMS[number % len(ROOMS)], f"{client.name} {number}"
            self.history.says(client.name, room, text)
            under_way.add(self._group.create_task(self._say(client, room, text)))
            if len(under_way) >= WINDOW:
                _, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*under_way)

    async def _say(self, client: Client, room: str, text: str) -> None:
        ok: Ok = await client.send(room, text)
        assert ok.conversation is not None
        assert ok.seq is not None
        self.history.acknowledges(text, (ok.conversation, ok.seq))
        self._answered[room] = max(self._answered[room], ok.seq)
        self.progress.set()

    async def _listen(self, client: Client) -> None:
        heard = dict.fromkeys(ROOMS, 0)
        self._heard.append(heard)
        async for event in client:
            assert not isinstance(event, Reset), event
            assert not isinstance(event, Gap) or event.reason == "skipped", event
            if isinstance(event, Gap):
                self.history.tells_of_a_gap(client.name, event.conversation, event.first, event.last)
            elif isinstance(event, Entry) and event.kind == "message":
                self.history.shows(client.name, (event.conversation, event.seq), decode_text(event).text)
                heard[event.conversation] = event.seq
                self.progress.set()

    async def _drop(self, client: Client) -> None:
        async for _ in client:
            pass


async def check(load: Load, data: Path) -> int:
    """Compare the history with the store; return the number of acknowledged messages."""
    journal = SQLiteJournal(str(data), asyncio.get_running_loop())
    await journal.open()
    for room in ROOMS:
        entries = await journal.read(room, limit=EVERYTHING)
        load.history.holds(room, ((entry.seq, decode_text(entry).text) for entry in entries))
    await journal.close()
    assert load.history.problems == []
    return load.history.acknowledged
