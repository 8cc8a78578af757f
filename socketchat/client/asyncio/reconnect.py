"""When a client tries to get its link back: ever later, spread out, and at once where somebody asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from ..timeouts import Timeouts


class Reconnect:
    """The tries of one client; ``begin`` comes before the first one after each loss."""

    def __init__(self, timeouts: Timeouts, random: Callable[[], float]) -> None:
        self._timeouts = timeouts
        self._random = random
        self._asked = asyncio.Event()
        self._at: float | None = None
        self.failures = 0
        """The losses and failed tries since a link held."""

    def begin(self, held: float) -> None:
        """Take note that a link is lost, which held for so many seconds."""
        self._asked.clear()
        if held >= self._timeouts.steady:
            self.failures = 0

    def delay(self) -> float:
        """Count a loss, or a try that failed; return the seconds until the next try."""
        self.failures += 1
        return self._timeouts.delay(self.failures, self._random)

    async def wait(self, delay: float) -> None:
        """Wait so long, or less: no longer than until :meth:`try_now`, and not at all where that came during a try."""
        self._at = asyncio.get_running_loop().time() + delay
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._at):
                await self._asked.wait()
        self._asked.clear()
        self._at = None

    def try_now(self) -> None:
        """Try at once."""
        self._asked.set()

    @property
    def left(self) -> float:
        """The seconds until the next try, 0 where one goes on."""
        return 0.0 if self._at is None else max(0.0, self._at - asyncio.get_running_loop().time())
