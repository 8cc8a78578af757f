"""Waits for more proposals before a batch is taken, if the server is busy: larger batches need fewer writes.

When a batch is reported, its senders answer one after another. If the next batch were taken with the first of them, it
would hold only a part, and every recipient would get two writes instead of one. A lone message never waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable

WAIT_SECONDS = 0.000_05
"""One wait: within it a busy server receives some messages, and the system's timers are hardly more exact."""

MOST_WAITS = 8
"""Most waits for one batch, 0.4 ms in all: about as long as its fsync takes."""

ENOUGH = 0.75
"""Share of the batch before that is worth no wait. With 1, batches that vary by chance waited for nothing: a hundred
rooms of two had 5 % fewer messages per second."""


class Batching:
    """Decides when a batch is large enough, by the size of the one before; for one thread."""

    def __init__(self, sleep: Callable[[float], object] = time.sleep) -> None:
        self._sleep = sleep
        self._last = 0

    def gather(self, waiting: Callable[[], int]) -> None:
        """Wait as long as proposals keep coming and the batch is much smaller than the one before.

        ``waiting`` returns how many proposals wait to be taken; take them all when this returns.
        """
        number = waiting()
        if self._last > 1:
            for _ in range(MOST_WAITS):
                if number >= ENOUGH * self._last:
                    break
                self._sleep(WAIT_SECONDS)
                before, number = number, waiting()
                if number == before:
                    break
        self._last = number
