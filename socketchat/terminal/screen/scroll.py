"""Writes above the prompt in bursts, so that a flood of lines does not flicker or delay typing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

REPAINT_SECONDS = 0.05
"""Pause between two bursts: 20 a second look live, and leave a slow terminal time for its work."""

BURST = 150
"""Lines in one burst: about 20 ms of work, so that keys are served in between."""

WAITING = 1000
"""Waiting lines from which on no more events are taken, so that the connection stops reading."""


class Scroll:
    """Passes lines to ``write``: the first one immediately, and those that soon follow together."""

    def __init__(self, write: Callable[[Sequence[RenderableType]], None]) -> None:
        self._write = write
        self._waiting: deque[RenderableType] = deque()
        self._is_due = False
        self._pause: asyncio.TimerHandle | None = None
        self._roomy = asyncio.Event()
        self._roomy.set()

    def add(self, lines: Iterable[RenderableType]) -> None:
        """Write lines now or with the next burst; without lines it only repaints the prompt."""
        self._waiting.extend(lines)
        self._is_due = True
        if len(self._waiting) > WAITING:
            self._roomy.clear()
        if self._pause is None:
            self._next()

    async def room(self) -> None:
        """Wait until there is room for more lines."""
        await self._roomy.wait()

    def finish(self) -> None:
        """Write all waiting lines."""
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        while self._waiting:
            self._burst()

    def _next(self) -> None:
        self._pause = None
        if self._is_due:
            self._burst()
            self._pause = asyncio.get_running_loop().call_later(REPAINT_SECONDS, self._next)

    def _burst(self) -> None:
        lines = [self._waiting.popleft() for _ in range(min(BURST, len(self._waiting)))]
        self._is_due = bool(self._waiting)
        self._write(lines)
        if len(self._waiting) <= WAITING // 2:
            self._roomy.set()
