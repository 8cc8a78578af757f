"""Bytes into lines, for every dialect: bounded memory, and linear time however the stream is cut."""

from __future__ import annotations

from ..exceptions import TooLong


class LineBuffer:
    """Collects bytes and hands out lines without their end, ``\\n`` or ``\\r\\n``.

    A line has at most ``limit`` bytes before its ``\\n``. A longer one raises TooLong once, in its place among the lines;
    the rest of it is skipped. The caller decides whether that ends the connection.
    """

    __slots__ = ("_limit", "_lines", "_rest", "_skipping")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # Lines not yet taken, the next one last; None stands for one that was too long.
        self._lines: list[bytes | None] = []
        # The line that has begun. It holds no newline, so that only what arrives is ever searched.
        self._rest: bytearray | None = None
        self._skipping = False

    def receive_data(self, data: bytes) -> None:
        """Take what the peer sent; then call ``next_line`` until it returns None."""
        lines: list[bytes | None] = data.split(b"\n")  # type: ignore[assignment]  # nobody else holds this list
        begun = lines.pop()
        if lines:
            if len(data) > self._limit:
                lines = [line if line and len(line) <= self._limit else line and None for line in lines]
            if self._rest is not None:
                lines[0] = self._ended(lines[0])
            elif self._skipping:
                del lines[0]
                self._skipping = False
            lines.reverse()
            self._lines = lines + self._lines if self._lines else lines
        if begun and not self._skipping:
            self._begin(begun)

    def next_line(self) -> bytes | None:
        """Return the next complete line, or None where more data is needed; raises TooLong."""
        if not self._lines:
            return None
        line = self._lines.pop()
        if line is None:
            raise TooLong(f"A line has at most {self._limit:,} bytes.")
        return line[:-1] if line.endswith(b"\r") else line

    def _ended(self, end: bytes | None) -> bytes | None:
        """Return the line that had begun, with its end; None where it is too long."""
        begun, self._rest = self._rest, None
        if begun is None or end is None or len(begun) + len(end) > self._limit:
            return None
        begun += end
        return bytes(begun)

    def _begin(self, begun: bytes) -> None:
        """Keep the part of a line that has no end yet, unless it is too long already."""
        size = len(begun) + len(self._rest or b"")
        if size > self._limit:
            self._rest = None
            self._skipping = True
            self._lines.insert(0, None)
        elif self._rest is None:
            self._rest = bytearray(begun)
        else:
            self._rest += begun
