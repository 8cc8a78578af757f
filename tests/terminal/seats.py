"""Real programs: a server, and people who join it in terminals of their own."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from functools import partial

from .screens import DEADLINE, Terminal

PROGRAM = (sys.executable, "-m", "socketchat")


class Server:
    """A server on a free port, which keeps what it stores when it is started again on that port."""

    def __init__(self, directory):
        self._directory = directory
        self.port = 0
        self.start()

    def start(self):
        """Start it and wait until it accepts."""
        self._process = subprocess.Popen(
            [*PROGRAM, "serve", "--port", str(self.port), "--data", self._directory], stdout=subprocess.PIPE, text=True
        )
        self.port = int(re.search(r":(\d+)$", self._process.stdout.readline())[1])

    def freeze(self):
        """Stop it where it is: connections stay, and nothing is answered."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self):
        """Kill it, as a crash does."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def stop(self):
        """Stop it as its owner does."""
        self._process.terminate()
        assert self._process.wait(DEADLINE) == 0
        self._process.stdout.close()


class Seat(Terminal):
    """Somebody who sits at a terminal and has typed ``socketchat join`` and ``arguments``."""

    def __init__(self, port, home, *arguments, columns=80, rows=24, **environ):
        super().__init__(columns, rows)
        self.before = self.settings
        self._process = subprocess.Popen(
            [*PROGRAM, "join", "--port", str(port), *arguments],
            env=environment(home) | environ,
            preexec_fn=partial(os.login_tty, self.slave),  # noqa: PLW1509  makes the terminal the controlling one
        )

    def shows(self, text):
        """Wait until the screen has this."""
        self.until(lambda: text in self.text)

    def lacks(self, text):
        """Wait until the screen does not have this."""
        self.until(lambda: text not in self.text)

    def says(self, *lines):
        """Type lines, each with Enter."""
        self.type("".join(f"{line}\r" for line in lines))

    def signal(self, number):
        """Send the program a signal."""
        self._process.send_signal(number)

    def ends(self):
        """Wait for the end of the program; return its exit code, with the terminal as it was before."""
        code = self._end()
        assert code is not None
        assert self.settings == self.before
        assert not self.brackets_pastes
        assert self.shows_cursor
        return code

    def _end(self):
        """Read until the program has ended; return its exit code, None where it does not end."""
        end = time.monotonic() + DEADLINE
        while self._process.poll() is None and time.monotonic() < end:
            select.select([self], [], [], 0.01)
            self.read()
        while self.read():
            pass
        return self._process.poll()

    def leaves(self):
        """Press Ctrl+D; return the exit code."""
        self.type("\x04")
        return self.ends()

    def close(self):
        """End the program, however that is done."""
        self._process.terminate()
        if self._end() is None:
            self._process.kill()
            self._process.wait()
        super().close()


def environment(home):
    """Return an environment in which nothing of the machine's shows."""
    return {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TERM": "xterm-256color",
        "TZ": "UTC",
    }
