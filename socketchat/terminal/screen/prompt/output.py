"""Writes to a terminal: each burst in one write, and never a query to the terminal."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO, cast

from prompt_toolkit.output import Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output


class HeldOutput(io.TextIOBase):
    """Standard output; everything written inside ``held`` goes out in one write."""

    def __init__(self, target: TextIO) -> None:
        self._target = target
        self._waiting: list[str] = []
        self._held = False

    @property
    def encoding(self) -> str:  # type: ignore[override]  # the stub has an attribute here
        """The encoding of the target."""
        return self._target.encoding or "utf-8"

    def write(self, text: str) -> int:
        """Take text; it goes out with the next flush."""
        self._waiting.append(text)
        return len(text)

    def flush(self) -> None:
        """Write the waiting text, unless more is to come."""
        if self._held or not self._waiting:
            return
        data = "".join(self._waiting).encode(self.encoding, "replace")
        self._waiting.clear()
        with suppress(OSError):  # if the terminal is gone, its input reports it
            self._target.buffer.write(data)
            self._target.buffer.flush()

    def fileno(self) -> int:
        """Return the descriptor of the target."""
        return self._target.fileno()

    def isatty(self) -> bool:
        """Tell whether the target is a terminal."""
        return self._target.isatty()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Write nothing until the end of the block, and then everything in one write."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            self.flush()


class _DrawnOutput(Vt100_Output):
    """Output to a terminal; ``drawn`` changes only the drawn cells."""

    drawn: Callable[[str], str] = staticmethod(str)

    def write(self, data: str) -> None:
        """Write cells."""
        super().write(self.drawn(data))


def terminal_output(stdout: TextIO | HeldOutput, drawn: Callable[[str], str] = str) -> Output:
    """Return an output that never asks the terminal for its cursor; ``drawn`` changes the drawn cells."""
    if sys.platform == "win32":
        return create_output(cast("TextIO", stdout))
    from prompt_toolkit.utils import get_bell_environment_variable, get_term_environment_variable

    made = _DrawnOutput.from_pty(
        cast("TextIO", stdout),  # it has every attribute that is used
        term=get_term_environment_variable(),
        enable_bell=get_bell_environment_variable(),
    )
    output = cast("_DrawnOutput", made)
    output.enable_cpr = False
    output.drawn = drawn
    return output
