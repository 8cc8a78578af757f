"""A server with a full disk reports it and sends no ok; reads continue, and writes do once space is free."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from socketchat.client.asyncio.client import Client
from socketchat.exceptions import StorageProblem
from socketchat.protocol import commands
from socketchat.protocol.events import Entry
from tests.client.serving import Served, serving
from tests.faults.load import ROOMS, Load, check
from tests.faults.tmpfs import fill, small_disk

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

LONG = bool(os.environ.get("SOCKETCHAT_LONG"))
TIMES = 20 if LONG else 3
MEGABYTES = 60
LEFT = (12_000_000, 300_000, 0)
"""Free bytes on the disk: less than the reserve, less than a batch, none."""


def send(server: Served, directory: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "socketchat", "send", "--as", "carol", "--dm", "witness", "--timeout", "1.5", "hi"]
    places = {"XDG_DATA_HOME": str(directory / "carol"), "SOCKETCHAT_PORT": str(server.port)}
    environment = {**os.environ, **places}
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


async def refused(client: Client) -> None:
    """Return once the server refuses to store a message."""
    while (told := await topic(client)) is None:
        pass
    assert "disk is full" in str(told)


async def topic(client: Client) -> StorageProblem | None:
    try:
        await client.request(commands.Topic(room="#side", text="as long as there is room"))
    except StorageProblem as problem:
        return problem
    return None


async def fill_up(directory: Path) -> int:
    with small_disk(directory / "data", MEGABYTES) as disk, serving(directory, "--no-limits") as server:
        async with Load(server.port, directory) as load:
            async with load.client("witness") as client:
                await client.request(commands.Join(room="#side"))
                for time in range(TIMES):
                    await load.acknowledge(300)
                    await asyncio.to_thread(fill, disk / "ballast", leave=LEFT[time % len(LEFT)])
                    await refused(client)
                    told = await asyncio.to_thread(send, server, directory)
                    assert told.returncode == 1, told
                    assert "disk is full" in told.stderr
                    acknowledged = load.history.acknowledged
                    for room in ROOMS:
                        answer = await client.request(commands.History(conversation=room, limit=50))
                        assert sum(isinstance(event, Entry) for event in answer.events) == 50
                    await refused(client)
                    assert load.history.acknowledged == acknowledged
                    (disk / "ballast").unlink()
                await load.acknowledge(300)
            await load.finish()
        told = await asyncio.to_thread(send, server, directory)
        assert told.returncode == 0, told
        await asyncio.to_thread(server.end)
        assert server.process.returncode == 0
        return await check(load, disk)


def test_the_server_survives_a_full_disk_under_load(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert asyncio.run(fill_up(tmp_path)) > 300 * TIMES
    told = capfd.readouterr().err
    assert told.count("is full: refusing messages until there is space") == TIMES
    assert told.count("has space again") == TIMES
    assert "Traceback" not in told
