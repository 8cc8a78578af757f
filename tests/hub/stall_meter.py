"""Measures the work of each turn of the event loop, not its time: calls, and characters that they look at.

Python tells a profiler each call of a function. A method of a text is charged with the length of that text, and so are
the regular expressions, encoders and decoders that the modules keep, which are wrapped for as long as the meter runs.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import BuiltinMethodType, FrameType
from typing import Any, NamedTuple

import msgspec

from socketchat.hub import Hub
from socketchat.journal.memory import MemoryJournal
from tests.hub.stage import CountingJournal, Stage, Turns

_TEXT = (str, bytes, bytearray, memoryview)
_PARTIAL = {"append", "endswith", "extend", "isascii", "rfind", "startswith"}
"""Methods that look at a part of the text, as the code here uses them."""

_MARKS = re.compile(r"[^\w\x00-\x7f]{2,}").finditer
"""Marks are sorted when a text is normalized, in quadratic time."""

_SCANNERS = (re.Pattern, msgspec.json.Encoder, msgspec.json.Decoder)


class Work(NamedTuple):
    """The work of one turn."""

    calls: int = 0
    characters: int = 0


class StallMeter:
    """Adds up work while it runs, and knows the most of one turn."""

    def __init__(self) -> None:
        self._calls = 0
        self._characters = 0
        self._depth = 0
        self.most = Work()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Measure what runs inside as one turn, or as part of the turn around it."""
        if self._depth:
            yield
            return
        self._depth, self._calls, self._characters = 1, 0, 0
        sys.setprofile(self._note)
        try:
            yield
        finally:
            sys.setprofile(None)
            self._depth = 0
            self.most = Work(max(self.most.calls, self._calls), max(self.most.characters, self._characters))

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave out what a thread does in the real server."""
        running = sys.getprofile()
        sys.setprofile(None)
        try:
            yield
        finally:
            sys.setprofile(running)

    def _note(self, _frame: FrameType, event: str, called: Any) -> None:
        if event in {"call", "c_call"}:
            self._calls += 1
            if event == "c_call" and type(text := getattr(called, "__self__", None)) in _TEXT:
                self._characters += 0 if called.__name__ in _PARTIAL else len(text)

    @contextmanager
    def wrapped(self) -> Iterator[None]:
        """Let regular expressions, encoders and decoders charge for what they look at."""
        replaced: list[tuple[dict[str, Any], str, Any]] = []
        for name, module in list(sys.modules.items()):
            if name.startswith("socketchat."):
                for key, value in list(vars(module).items()):
                    if _is_scanner(value):
                        replaced.append((vars(module), key, value))
                        vars(module)[key] = self._charging(value)
        try:
            yield
        finally:
            for names, key, value in replaced:
                names[key] = value

    def _charging(self, scan: Callable[..., Any]) -> Callable[..., Any]:
        def charging(*args: Any, **more: Any) -> Any:
            result = scan(*args, **more)
            if sys.getprofile() is not None:
                self._characters += sum(len(each) for each in (*args, result) if type(each) in _TEXT)
                if scan is unicodedata.normalize:
                    self._characters += sum(len(run[0]) ** 2 for run in _MARKS(args[1]))
            return result

        return charging


def _is_scanner(value: object) -> bool:
    if value is unicodedata.normalize:
        return True
    return isinstance(value, BuiltinMethodType) and isinstance(value.__self__, _SCANNERS)


class MeteredTurns(Turns):
    """An event loop that measures each callback."""

    def __init__(self, meter: StallMeter) -> None:
        super().__init__()
        self._meter = meter

    def turn(self) -> None:
        """Do what was ready when the turn began."""
        for _ in range(len(self._ready)):
            callback = self._ready.popleft()
            with self._meter.turn():
                callback()


class _Beside(MemoryJournal):
    """A journal whose reads and searches are the work of threads."""

    meter: StallMeter

    async def read(self, conversation, **asked):
        with self.meter.aside():
            return await super().read(conversation, **asked)

    async def search(self, query):
        with self.meter.aside():
            return await super().search(query)


class MeteredJournal(CountingJournal, _Beside):
    """The same; each read and search takes a turn, too."""


class _Background:
    def __init__(self, meter: StallMeter) -> None:
        self._meter = meter

    async def run(self, work):
        with self._meter.aside():
            return work()


class MeteredStage(Stage):
    """A stage on which every turn is measured."""

    def __init__(self) -> None:
        self.meter = StallMeter()
        super().__init__(MeteredJournal, turns=MeteredTurns(self.meter))

    def new_hub(self) -> Hub:
        self.journal.meter = self.meter
        hub = super().new_hub()
        hub.background = _Background(self.meter)
        return hub
