"""Shows log messages above the prompt during a visit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class _LogAbove(logging.Handler):
    """Shows warnings above the prompt; on stderr they would damage the screen."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        self._tell(self.format(record))


@contextmanager
def log_above(tell: Callable[[str], None]) -> Iterator[None]:
    """Show all warnings until the end of the block."""
    log = _LogAbove(tell)
    logging.getLogger().addHandler(log)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(log)
