"""Rounds of kill -9 of a real server under load."""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path

from tests.client.serving import serving
from tests.faults.load import Load, check


async def rounds(count: int, directory: Path, seed: int) -> int:
    """Kill the server so many times at random moments; return how many messages were stored, all of them right."""
    loop = asyncio.get_running_loop()
    chance = random.Random(seed)
    with serving(directory) as server:
        async with Load(server.port, directory) as load:
            for _ in range(count):
                await load.acknowledge(chance.randrange(1, 400))
                await loop.run_in_executor(None, server.end, signal.SIGKILL)
                await loop.run_in_executor(None, server.begin)
            await load.finish()
        await loop.run_in_executor(None, server.end)
        assert server.process.returncode == 0
        return await check(load, directory / "data")
