"""Work that takes too long for a turn of the event loop, and is handed in because nothing here starts threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Background(Protocol):
    """Runs functions beside the event loop."""

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return the result of a function that touches nothing that the loop changes."""


class Foreground:
    """Runs functions where they are called, for a hub without an event loop."""

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return the result of a function."""
        return work()
