"""Runs work that takes too long for the event loop in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class Threads:
    """The background of a hub: the event loop's own threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return the result of a function that uses no state that the loop changes."""
        return await self._loop.run_in_executor(None, work)
