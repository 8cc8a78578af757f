"""SIGHUP has two meanings: the terminal is gone, or, for who has none, that files are to be read again."""

from __future__ import annotations

import os
import signal


class Hangup:
    """Tells them apart; to be made while the process starts, before it handles the signal."""

    def __init__(self) -> None:
        self._ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # as nohup has it
        self._had_terminal = has_terminal()

    @property
    def ends(self) -> bool:
        """Whether the signal says that the terminal was closed that the process was started in."""
        return self._had_terminal and not self._ignored and not has_terminal()


def has_terminal() -> bool:
    """Tell whether the process belongs to a terminal; a terminal that is closed belongs to nobody."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
