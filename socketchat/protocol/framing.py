"""Cuts bytes into lines for every dialect, in bounded memory and in linear time for any chunks."""

from __future__ import annotations

from ..exceptions import TooLong

LINES_AT_ONCE = 1000
"""Lines cut off at a time: as a Python object, a short line takes fifteen times its bytes."""

_TOO_LONG = b"\n"
"""Marks a line that was too long; no line holds a newline."""


class LineBuffer:
    r"""Collects bytes and hands out lines without their end, ``\n`` or ``\r\n``.

    A line has at most ``limit`` bytes before its ``\n``. A longer line raises TooLong once, in its place among the
    lines, and is skipped. The caller decides whether that ends the connection. ``lines`` are the complete lines that
    were not taken yet, in reverse order, with any carriage return; ``uncut`` is the data behind them.
    """

    __slots__ = ("_limit", "_rest", "_skipping", "lines", "uncut")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.lines: list[bytes] = []
        # The incomplete line. It holds no newline, so that only new data is searched.
        self._rest: bytearray | None = None
        self._skipping = False
        self.uncut = b""

    def receive_data(self, data: bytes) -> None:
        """Take data from the peer; then call ``next_line`` until it returns None."""
        if self.uncut:
            self.uncut += data
            return
        lines = data.split(b"\n", LINES_AT_ONCE)
        begun = lines.pop()
        if len(lines) == LINES_AT_ONCE:
            self.uncut, begun = begun, b""
        if lines:
            if len(data) > self._limit:
                lines = [line if len(line) <= self._limit else _TOO_LONG for line in lines]
            if self._rest is not None:
                lines[0] = self._joined(self._rest, lines[0])
                self._rest = None
            elif self._skipping:
                del lines[0]
                self._skipping = False
            lines.reverse()
            self.lines = lines + self.lines if self.lines else lines
        if begun and not self._skipping:
            self._begin(begun)

    def next_line(self) -> bytes | None:
        """Return the next complete line, or None if it needs more data; raises TooLong."""
        if not self.lines:
            if not self.uncut:
                return None
            data, self.uncut = self.uncut, b""
            self.receive_data(data)
            return self.next_line()
        line = self.lines.pop()
        if line == _TOO_LONG:
            raise TooLong(f"The line is too long; the limit is {self._limit:,} bytes.")
        return line[:-1] if line.endswith(b"\r") else line

    def _joined(self, begun: bytearray, end: bytes) -> bytes:
        if end == _TOO_LONG or len(begun) + len(end) > self._limit:
            return _TOO_LONG
        return b"".join((begun, end))

    def _begin(self, begun: bytes) -> None:
        """Keep the beginning of a line, unless it is too long already."""
        if len(begun) + len(self._rest or b"") > self._limit:
            self._rest = None
            self._skipping = True
            self.lines.insert(0, _TOO_LONG)
        elif self._rest is None:
            self._rest = bytearray(begun)
        else:
            self._rest += begun
