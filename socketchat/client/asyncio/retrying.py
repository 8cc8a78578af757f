"""Retries messages that the server could not store, at growing intervals; reports a long failure, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...exceptions import ChatError
from ..session.client_events import NotStored, StoredAgain
from ..timeouts import Timeouts

LASTING = 3
"""Refusals in a row that are reported: a server that reopens its store takes fewer, within a second."""


class Retrying:
    """Calls ``retry`` some time after each refusal, and ``tell`` with news for the user."""

    def __init__(
        self,
        timeouts: Timeouts,
        random: Callable[[], float],
        *,
        retry: Callable[[], None],
        tell: Callable[[NotStored | StoredAgain], None],
    ) -> None:
        self._timeouts = timeouts
        self._random = random
        self._retry = retry
        self._tell = tell
        self._refusals = 0
        self._timer: asyncio.TimerHandle | None = None

    def refused(self, error: ChatError) -> None:
        """Note that messages were refused for the moment; all refusals before the next attempt count as one."""
        if self._timer is not None:
            return
        self._refusals += 1
        if self._refusals == LASTING:
            self._tell(NotStored(error))
        delay = self._timeouts.delay(self._refusals, self._random)
        self._timer = asyncio.get_running_loop().call_later(delay, self._try)

    def stored(self) -> None:
        """Note that a message was stored, or that no message waits any more."""
        if self._refusals >= LASTING:
            self._tell(StoredAgain())
        self._refusals = 0

    def try_now(self) -> None:
        """Try again immediately, if a message was refused."""
        if self._timer is not None:
            self._timer.cancel()
            self._try()

    def close(self) -> None:
        """Stop trying."""
        if self._timer is not None:
            self._timer.cancel()

    def _try(self) -> None:
        self._timer = None
        self._retry()
