"""Decides when a client reconnects: at growing, random intervals, or immediately on request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from ..timeouts import Timeouts


class Reconnect:
    """The attempts of one client; ``begin`` is called before the first one after each loss."""

    def __init__(self, timeouts: Timeouts, random: Callable[[], float]) -> None:
        self._timeouts = timeouts
        self._random = random
        self._asked = asyncio.Event()
        self._at: float | None = None
        self.failures = 0
        """The losses and failed attempts since a connection held."""

    def begin(self, held: float) -> None:
        """Note the loss of a connection that held for this many seconds."""
        self._asked.clear()
        if held >= self._timeouts.steady:
            self.failures = 0

    def delay(self) -> float:
        """Count a loss, or a failed attempt; return the seconds until the next attempt."""
        self.failures += 1
        return self._timeouts.delay(self.failures, self._random)

    async def wait(self, delay: float) -> None:
        """Wait until the time is over or :meth:`try_now` is called; do not wait if it was called during an attempt."""
        self._at = asyncio.get_running_loop().time() + delay
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._at):
                await self._asked.wait()
        self._asked.clear()
        self._at = None

    def try_now(self) -> None:
        """Try immediately."""
        self._asked.set()

    @property
    def left(self) -> float:
        """The seconds until the next attempt, 0 during one."""
        return 0.0 if self._at is None else max(0.0, self._at - asyncio.get_running_loop().time())
