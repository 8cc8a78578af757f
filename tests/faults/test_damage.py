"""A log that lost its end is a prefix, and clients that have seen more are notified."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from socketchat.client.asyncio.client import Client
from socketchat.client.asyncio.connect import connect
from socketchat.client.identity.profiles import Profiles
from socketchat.client.session.client_events import Reset
from socketchat.protocol import commands
from socketchat.protocol.codec import decode_text
from socketchat.protocol.events import Entry
from tests.client.serving import Served, serving
from tests.faults.load import HASTE

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

SAID = 150


def client(server: Served, directory: Path, name: str) -> Client:
    profile = Profiles(directory / name).server("127.0.0.1", server.port)
    return connect("127.0.0.1", server.port, name=name, profile=profile, timeouts=HASTE)


async def heard(reader: Client, count: int) -> list[str]:
    texts: list[str] = []
    while len(texts) < count:
        event = await anext(reader)
        if isinstance(event, Entry):
            texts.append(decode_text(event).text)
    return texts


async def lose_the_end_of_the_log(directory: Path, share: float) -> None:
    loop = asyncio.get_running_loop()
    with serving(directory, "--no-limits") as server:
        async with client(server, directory, "alice") as alice:
            for number in range(SAID):
                await alice.send("#lobby", f"message {number}")
            assert len(await heard(alice, SAID)) == SAID
            await loop.run_in_executor(None, server.end, signal.SIGKILL)
            log = directory / "data" / "socketchat.db-wal"
            os.truncate(log, int(log.stat().st_size * share))
            await loop.run_in_executor(None, server.begin)
            while not isinstance(await anext(alice), Reset):
                pass
            await alice.send("#lobby", "and another")
        async with client(server, directory, "bob") as bob:
            answer = await bob.request(commands.History(conversation="#lobby", limit=200))
        texts = [decode_text(entry).text for entry in answer.events if isinstance(entry, Entry)]
        assert texts == [*(f"message {number}" for number in range(len(texts) - 1)), "and another"]


@pytest.mark.parametrize("share", [0.9, 0.5])
def test_clients_that_saw_lost_entries_are_notified(tmp_path: Path, share: float) -> None:
    asyncio.run(lose_the_end_of_the_log(tmp_path, share))
