"""Bad networks between clients and server: no message is lost, repeated or out of order."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from socketchat.client.asyncio.client import Client
from socketchat.client.asyncio.connect import connect
from socketchat.client.identity.profiles import Profiles
from socketchat.client.timeouts import Timeouts
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.protocol import commands
from tests.client.serving import Served, serving
from tests.faults.load import EVERYTHING, LISTENERS, SPEAKERS, Load, check
from tests.faults.proxy import Proxy

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]

LONG = bool(os.environ.get("SOCKETCHAT_LONG"))
CLIENTS = SPEAKERS + LISTENERS
ROUNDS = 100 if LONG else 5

HASTE = Timeouts(first_delay=0.02, longest_delay=0.2, connect=5.0, login=3.0, idle=0.5, answer=1.0)
"""Timeouts of some seconds instead of a minute."""


@asynccontextmanager
async def scene(directory: Path) -> AsyncIterator[tuple[Served, Proxy, Load]]:
    """Let users talk over a bad network; at the end the store must agree with everything shown."""
    loop = asyncio.get_running_loop()
    with serving(directory, "--no-limits") as server:
        async with Proxy(server.port, directory / "data") as proxy:
            async with Load(proxy.port, directory, timeouts=HASTE) as load:
                yield server, proxy, load
                await load.finish()
            await loop.run_in_executor(None, server.end)
        assert server.process.returncode == 0
        await check(load, directory / "data")


async def lose_answers(directory: Path, sends: int, restarts: int) -> None:
    loop = asyncio.get_running_loop()
    async with scene(directory) as (server, proxy, load):
        proxy.loss = 0.3
        proxy.cut()
        for _ in range(restarts):
            await load.acknowledge(sends // restarts)
            await loop.run_in_executor(None, server.end, signal.SIGKILL)
            await loop.run_in_executor(None, server.begin)
        assert proxy.lost > sends / 20
        proxy.loss = 0.0
        proxy.cut()


def test_a_message_with_a_lost_answer_is_stored_once(tmp_path: Path) -> None:
    asyncio.run(lose_answers(tmp_path, 100_000 if LONG else 1_000, restarts=4))


async def lose_answers_to_changes(directory: Path, count: int) -> None:
    """Send, edit and delete in one order while answers are lost; the log must have each once, in this order."""
    with serving(directory, "--no-limits") as server:
        async with Proxy(server.port, directory / "data") as proxy:
            proxy.loss = 0.3
            profile = Profiles(directory / "ann").server("127.0.0.1", proxy.port)
            async with connect("127.0.0.1", proxy.port, name="ann", profile=profile, timeouts=HASTE) as ann:
                dropping = asyncio.create_task(drop(ann))
                for number in range(1, count + 1):
                    said = await ann.send("#lobby", f"say {number}")
                    changes = [commands.Edit(conversation="#lobby", text=f"edit {number}", seq=said.seq)]
                    changes.append(commands.Edit(conversation="#lobby", text=f"edit {number} again"))
                    changes += [commands.Delete(conversation="#lobby", seq=said.seq)] * (number % 2)
                    await asyncio.gather(*map(ann.change, changes))
                assert proxy.lost > count / 4
                dropping.cancel()
        await asyncio.get_running_loop().run_in_executor(None, server.end)
    journal = SQLiteJournal(str(directory / "data"), asyncio.get_running_loop())
    await journal.open()
    kinds = [entry.kind for entry in await journal.read("#lobby", limit=EVERYTHING)]
    await journal.close()
    assert kinds == [*(["message", "edit", "edit", "delete", "message", "edit", "edit"] * count)][: len(kinds)]
    assert len(kinds) == 3 * count + (count + 1) // 2


async def drop(client: Client) -> None:
    async for _ in client:
        pass


def test_a_change_with_a_lost_answer_is_made_once(tmp_path: Path) -> None:
    asyncio.run(lose_answers_to_changes(tmp_path, 1_000 if LONG else 40))


async def cut_links(directory: Path) -> None:
    chance = random.Random(4)
    async with scene(directory) as (_, proxy, load):
        for _ in range(ROUNDS):
            await load.acknowledge(chance.randrange(1, 300))
            proxy.down = True
            proxy.cut()
            # With growing delays, ten failed attempts take minutes in reality.
            await proxy.attempts(CLIENTS * chance.randrange(1, 10))
            proxy.down = False


def test_broken_connections_lose_nothing(tmp_path: Path) -> None:
    asyncio.run(cut_links(tmp_path))


async def silence_links(directory: Path) -> None:
    chance = random.Random(5)
    async with scene(directory) as (_, proxy, load):
        for _ in range(ROUNDS):
            await load.acknowledge(chance.randrange(1, 300))
            await proxy.silence()


def test_silent_connections_are_given_up_and_lose_nothing(tmp_path: Path) -> None:
    asyncio.run(silence_links(tmp_path))


async def crawl(directory: Path) -> None:
    async with scene(directory) as (_, proxy, load):
        proxy.crawls = True
        await load.acknowledge(5_000 if LONG else 200)
        proxy.cut()
        await load.acknowledge(5_000 if LONG else 200)


def test_connections_that_pass_single_bytes_lose_nothing(tmp_path: Path) -> None:
    asyncio.run(crawl(tmp_path))


async def stop_the_server(directory: Path) -> None:
    chance = random.Random(6)
    async with scene(directory) as (server, proxy, load):
        for _ in range(ROUNDS):
            await load.acknowledge(chance.randrange(1, 300))
            server.stop()
            await proxy.attempts(CLIENTS)
            server.go_on()


def test_a_stopped_and_continued_server_loses_nothing(tmp_path: Path) -> None:
    asyncio.run(stop_the_server(tmp_path))
