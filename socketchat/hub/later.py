"""What a handler awaits: the log, a read, a hash. It is resumed by whoever has the result, without a task."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class Later(Generic[Result]):
    """A result that comes later: ``begin`` is called once, with a function that takes the result."""

    __slots__ = ("begin",)

    def __init__(self, begin: Callable[[Callable[[Result], None]], None]) -> None:
        self.begin = begin

    def __await__(self) -> Generator[Later[Any], Any, Result]:
        """Hand this to whoever runs the handler, and return the result with which it is resumed."""
        result: Result = yield self
        return result
