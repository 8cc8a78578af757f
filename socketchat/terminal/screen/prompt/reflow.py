"""Finds the prompt after the terminal became narrower: modern terminals rewrap the lines on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prompt_toolkit.renderer import Renderer


def reflows(environ: Mapping[str, str]) -> bool:
    """Tell whether a terminal rewraps lines when it becomes narrower; some cut them off."""
    if "TMUX" in environ:
        return True
    return not ("XTERM_VERSION" in environ or "STY" in environ or environ.get("TERM", "").startswith("linux"))


def rows_added(renderer: Renderer, columns: int) -> int:
    """Return the number of rows by which the cursor moved down when the prompt was rewrapped at ``columns``."""
    screen: Any = renderer._last_screen  # noqa: SLF001  the library has no public access to the drawn screen
    cursor = renderer._cursor_pos  # noqa: SLF001
    if screen is None or columns < 1:
        return 0
    above = sum((_length(screen, row) - 1) // columns for row in range(cursor.y) if _length(screen, row))
    return above + cursor.x // columns


def _length(screen: Any, row: int) -> int:
    """Return the columns of a row up to its last character."""
    cells = screen.data_buffer[row]
    used = [column + cell.width for column, cell in cells.items() if cell.char.strip() or "reverse" in cell.style]
    return max(used, default=0)
