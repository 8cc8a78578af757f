"""Runs work that takes too long for the event loop; the server passes it in, since the hub starts no threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Background(Protocol):
    """Runs functions outside the event loop."""

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return the result of a function, which must not use state that the loop changes."""


class Foreground:
    """Runs functions in place, for a hub without an event loop."""

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return the result of a function."""
        return work()
