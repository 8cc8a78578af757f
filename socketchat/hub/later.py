"""A handler awaits a ``Later``: the log, a read, a hash. The result resumes the handler, without a task."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class Later(Generic[Result]):
    """A future result: ``begin`` is called once, with a function that takes the result."""

    __slots__ = ("begin",)

    def __init__(self, begin: Callable[[Callable[[Result], None]], None]) -> None:
        self.begin = begin

    def __await__(self) -> Generator[Later[Any], Any, Result]:
        """Yield this to the dispatcher, and return the result with which it resumes the handler."""
        result: Result = yield self
        return result
