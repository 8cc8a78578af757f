"""A real pseudo-terminal with a screen: a test sees what a user would see."""

import asyncio
import fcntl
import os
import pty
import select
import struct
import termios
import time
from collections.abc import Callable

import pyte

DEADLINE = 20.0
"""Seconds to wait for a screen before the test fails; it usually takes milliseconds."""


class Terminal:
    """The user's end of a pseudo-terminal: ``type`` is the keyboard, ``lines`` the screen and the scrollback."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self._master, self.slave = pty.openpty()
        os.set_blocking(self._master, False)
        self._screen = pyte.HistoryScreen(columns, rows, history=10_000, ratio=0.5)
        self._stream = pyte.ByteStream(self._screen)
        self._screen.write_process_input = self._answer
        self.written = bytearray()
        self.answers = b""
        self.beside = [self]
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        """Resize the terminal, and notify the process that it controls."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)

    def type(self, keys: str) -> None:
        """Press keys; they go out whole, as a terminal sends them."""
        data = keys.encode()
        while data:
            select.select([], [self._master], [])
            data = data[os.write(self._master, data) :]

    @property
    def lines(self) -> list[str]:
        """Everything written so far: the scrollback, and the screen without empty rows at its end."""
        above = ["".join(row[column].data for column in sorted(row)).rstrip() for row in self._screen.history.top]
        return above + "\n".join(row.rstrip() for row in self._screen.display).rstrip().split("\n")

    @property
    def text(self) -> str:
        """The same as one string."""
        return "\n".join(self.lines)

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column of the cursor."""
        return self._screen.cursor.y, self._screen.cursor.x

    @property
    def row(self) -> str:
        """The row that the cursor is in."""
        return self._screen.display[self._screen.cursor.y].rstrip()

    @property
    def settings(self) -> list[object]:
        """The modes of the line, from termios."""
        return termios.tcgetattr(self.slave)

    @property
    def modes(self) -> set[int]:
        """The modes that are set on the screen."""
        return set(self._screen.mode)

    @property
    def brackets_pastes(self) -> bool:
        """Whether pastes are marked."""
        return self._is_on(2004)

    @property
    def shows_cursor(self) -> bool:
        """Whether the cursor is seen."""
        return not self._screen.cursor.hidden

    def _is_on(self, mode: int) -> bool:
        return self.written.rfind(b"\x1b[?%dh" % mode) > self.written.rfind(b"\x1b[?%dl" % mode)

    def _answer(self, text: str) -> None:
        self.answers += text.encode()

    def read(self) -> bool:
        """Draw new output; tell whether there was any."""
        try:
            data = os.read(self._master, 65_536)
        except (BlockingIOError, OSError):
            return False
        self.written += data
        self._stream.feed(data)
        return bool(data)

    def show(self, text: str) -> None:
        """Draw a text without a program."""
        self._stream.feed(text.encode())

    def until(self, condition: Callable[[], bool]) -> None:
        """Read until the screen is as expected; otherwise fail, with the screen.

        The terminals ``beside`` are read as well, because a program blocks if its terminal is not read.
        """
        end = time.monotonic() + DEADLINE
        while not condition():
            ready, _, _ = select.select(self.beside, [], [], max(0, end - time.monotonic()))
            assert ready, self._complaint()
            assert time.monotonic() < end, self._complaint()
            for terminal in ready:
                terminal.read()

    async def until_async(self, condition: Callable[[], bool]) -> None:
        """Do the same on an event loop, while its other tasks run."""
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(self._master, readable.set)
        try:
            async with asyncio.timeout(DEADLINE):
                while not condition():
                    await readable.wait()
                    readable.clear()
                    self.read()
        except TimeoutError:
            raise AssertionError(self._complaint()) from None
        finally:
            loop.remove_reader(self._master)

    def fileno(self) -> int:
        """Return the descriptor to read from."""
        return self._master

    def _complaint(self) -> str:
        return "\n".join(["the screen is:", *self.lines[-40:]])

    def close(self) -> None:
        """Close both ends."""
        os.close(self.slave)
        os.close(self._master)
