"""Rounds of kill -9 of a real server under load."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Sequence
from pathlib import Path

from tests.client.serving import PROGRAM, serving
from tests.faults.load import Load, check
from tests.faults.powercut import Power


async def rounds(  # noqa: PLR0917
    count: int,
    directory: Path,
    seed: int,
    most: int = 400,
    power: Power | None = None,
    program: Sequence[str] = PROGRAM,
) -> int:
    """Kill the server ``count`` times, each after a bounded number of messages; return the number of acknowledged ones.

    With ``power``, unsynced data is lost each time.
    """
    loop = asyncio.get_running_loop()
    chance = random.Random(seed)
    environment = power.environment if power else None
    with serving(directory, "--no-limits", environment=environment, program=program) as server:
        async with Load(server.port, directory) as load:
            for _ in range(count):
                await load.acknowledge(chance.randrange(1, most))
                await loop.run_in_executor(None, server.end, signal.SIGKILL)
                if power:
                    power.fail()
                await loop.run_in_executor(None, server.begin)
            await load.acknowledge(most)
            await load.finish()
        await loop.run_in_executor(None, server.end)
        assert server.process.returncode == 0
        return await check(load, directory / "data")
