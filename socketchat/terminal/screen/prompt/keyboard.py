"""The keyboard of a terminal: keys, pastes with and without marks, and nothing else."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import TextIO

from prompt_toolkit.input import Input, create_input
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys

from ....protocol.slash.parsing import is_command
from .sequences import Sequences

PASTE_SECONDS = 2.0
"""Silence in a paste after which its end counts as lost: longer than the stalls of a bad network."""

BURST_SECONDS = 0.05
"""Two reads closer together than this belong to one paste: a user cannot type a line and Enter that fast."""

PASTED_LINES = Keys.F24
"""Stands for lines that were pasted without marks and hold commands; no keyboard has this key."""

_KNOWN = frozenset(ANSI_SEQUENCES)

if sys.platform != "win32":
    from prompt_toolkit.input.vt100 import Vt100Input

    class Keyboard(Vt100Input):
        """Reads keys from a terminal; ``on_keys`` is called when keys come from a timeout, not from a read."""

        def __init__(self, stdin: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
            super().__init__(stdin)
            self._clock = clock
            self._sequences = Sequences(_KNOWN)
            self._timer: asyncio.TimerHandle | None = None
            self._burst_at = 0.0
            self._asks = False
            self.on_keys: Callable[[], None] = lambda: None

        def read_keys(self) -> list[KeyPress]:
            """Return the keys that were pressed."""
            data = self.stdin_reader.read()
            was_pasting = self._sequences.pastes
            keys = self._sequences.feed(data)
            self._wait_for_end()
            if not was_pasting and "\x1b" not in keys and self._is_pasted(keys):
                self._buffer.append(KeyPress(PASTED_LINES, keys))
            else:
                self.vt100_parser.feed(keys)
            return self._take()

        def flush_keys(self) -> list[KeyPress]:
            """Return the keys of incomplete sequences."""
            if keys := self._sequences.flush():
                self.vt100_parser.feed(keys)
            self.vt100_parser.flush()
            return self._take()

        def _take(self) -> list[KeyPress]:
            keys, self._buffer = self._buffer, []
            return keys

        def _is_pasted(self, keys: str) -> bool:
            """Tell whether the keys are lines that came too fast to be typed, at least one of them a command."""
            now = self._clock()
            goes_on = now - self._burst_at < BURST_SECONDS
            lines = keys.replace("\n", "\r").split("\r")
            is_burst = len(lines) > 2 or (len(lines) == 2 and bool(lines[1])) or (goes_on and len(keys) > 1)
            if not is_burst:
                self._asks = False
                return False
            self._burst_at = now
            self._asks = (self._asks and goes_on) or any(map(is_command, lines))
            return self._asks

        def _wait_for_end(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._sequences.pastes:
                self._timer = asyncio.get_running_loop().call_later(PASTE_SECONDS, self._end_paste)

        def _end_paste(self) -> None:
            self._timer = None
            if self._sequences.pastes:
                self.vt100_parser.feed(self._sequences.end_paste())
                self.on_keys()


def keyboard(stdin: TextIO) -> Input:
    """Return the keyboard of a terminal."""
    return Keyboard(stdin) if sys.platform != "win32" else create_input(stdin)
