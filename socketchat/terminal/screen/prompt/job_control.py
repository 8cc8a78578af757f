"""Sets the terminal right when the program continues after Ctrl+Z, ``bg``, ``fg`` or ``kill -STOP``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prompt_toolkit.application import Application


class JobControl:
    """Sets the terminal of a running application right after each stop."""

    def __init__(self, app: Application[Any]) -> None:
        self._app = app

    def watch(self) -> None:
        """Set the terminal right each time the program continues, until the event loop ends."""
        if sys.platform != "win32":
            asyncio.get_running_loop().add_signal_handler(signal.SIGCONT, self._continued)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Do the same until the end of the block."""
        self.watch()
        try:
            yield
        finally:
            if sys.platform != "win32":
                asyncio.get_running_loop().remove_signal_handler(signal.SIGCONT)

    def suspend(self) -> None:
        """Stop the program, as Ctrl+Z usually does, with the terminal as the shell expects it."""
        if sys.platform == "win32":
            return
        self._app.renderer.erase()
        with self._app.input.cooked_mode():
            os.kill(0, signal.SIGTSTP)
        self._continued()

    def set_raw(self) -> None:
        """Set raw mode without echo, whatever another program has set meanwhile."""
        self._app.input.raw_mode().__enter__()  # the application's own raw mode restores it at the end

    def _continued(self) -> None:
        """Set the terminal right in the foreground; in the background, stop again until ``fg``."""
        if sys.platform == "win32" or not self._app.is_running:
            return
        if not _is_in_foreground(self._app.input.fileno()):
            # Stop as if it had read: the kernel stops background readers. A prompt there would disturb the shell.
            os.kill(0, signal.SIGTTIN)
            return  # the next SIGCONT comes here again
        self.set_raw()
        self._app.renderer.reset()
        self._app.invalidate()


def _is_in_foreground(descriptor: int) -> bool:
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:  # not the controlling terminal, so no shell shares it
        return True
