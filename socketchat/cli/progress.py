"""The progress of long work: a percentage on stderr, if stderr is a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

REDRAW_SECONDS = 0.1
"""Time between two percentages; faster ones could not be read."""


@contextmanager
def shown(doing: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that draws "``doing``: 42 %" in one row of the terminal, and clear that row at the end.

    If stderr is no terminal, or with ``quiet``, it draws nothing.
    """
    is_drawn = not quiet and sys.stderr is not None and sys.stderr.isatty()
    last = 0.0

    def draw(done: int, of: int) -> None:
        nonlocal last
        now = time.monotonic()
        if is_drawn and of > 0 and now - last >= REDRAW_SECONDS:
            last = now
            click.echo(f"\r{doing}: {100 * done // of} %", nl=False, err=True)

    try:
        yield draw
    finally:
        if last:
            click.echo("\r\x1b[K", nl=False, err=True)
