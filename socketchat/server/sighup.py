"""SIGHUP has two meanings: the terminal was closed or, for a daemon, the files should be reloaded."""

from __future__ import annotations

import os
import signal


class Hangup:
    """Distinguishes the two; create it at process start, before the signal is handled."""

    def __init__(self) -> None:
        self._ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # set by nohup
        self._had_terminal = has_terminal()

    @property
    def ends(self) -> bool:
        """Whether the signal means that the terminal of the process was closed."""
        return self._had_terminal and not self._ignored and not has_terminal()


def has_terminal() -> bool:
    """Tell whether the process has a controlling terminal; a closed terminal does not count."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
