"""Real programs: a server, and users who join it in their own terminals."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from multiprocessing import get_context

from socketchat.cli import run

from .screens import DEADLINE, Terminal

PROGRAM = (sys.executable, "-m", "socketchat")

FORKSERVER = get_context("forkserver")
FORKSERVER.set_forkserver_preload(["socketchat.cli.join", "socketchat.terminal.visit", "tests.terminal.seats"])


class Server:
    """A server on a free port, which keeps its data when it is restarted on that port."""

    def __init__(self, directory, *options, stderr=None):
        self._directory = directory
        self._options = options
        self._stderr = stderr
        self.port = 0
        self.start()

    def start(self, directory=None):
        """Start it and wait until it accepts; with another directory it is another server at the same address."""
        self._directory = directory or self._directory
        self._process = subprocess.Popen(
            [
                *PROGRAM,
                "serve",
                "--host",
                "127.0.0.1",
                "--port",
                str(self.port),
                "--data",
                self._directory,
                *self._options,
            ],
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
        )
        self.process_id = self._process.pid
        self.port = int(re.search(r":(\d+)$", self._process.stdout.readline())[1])

    def freeze(self):
        """Stop the process: connections stay, and nothing is answered."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        """Continue the process."""
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
    """A user at a terminal who has typed ``socketchat join`` and ``arguments``.

    The program runs in a process that has imported everything before, which saves most of the start.
    """

    def __init__(self, home, *arguments, columns=80, rows=24, stdin=None, **environ):
        super().__init__(columns, rows)
        self.before = self.settings
        self._process = FORKSERVER.Process(
            target=join, args=(os.ttyname(self.slave), ["join", *arguments], environment(home) | environ, stdin)
        )
        self._process.start()

    def shows(self, text):
        """Wait until the screen has this."""
        self.until(lambda: text in self.text)

    def lacks(self, text):
        """Wait until the screen does not have this."""
        self.until(lambda: text not in self.text)

    def says(self, *lines):
        """Type lines, each with Enter.

        The program treats several lines that arrive together as a paste, and asks before it runs commands in one.
        So each line is pasted separately.
        """
        if len(lines) > 1:
            lines = [f"\x1b[200~{line}\x1b[201~" for line in lines]
        self.type("".join(f"{line}\r" for line in lines))

    def signal(self, number):
        """Send the program a signal."""
        os.kill(self._process.pid, number)

    def ends(self):
        """Wait for the end of the program; return its exit code, with the terminal as it was before."""
        code = self._end()
        assert code is not None
        assert self.settings == self.before
        assert not self.brackets_pastes
        assert self.shows_cursor
        return code

    def _end(self):
        """Read until the program has ended; return its exit code, or None if it does not end."""
        end = time.monotonic() + DEADLINE
        while self._process.exitcode is None and time.monotonic() < end:
            select.select([self, self._process.sentinel], [], [], end - time.monotonic())
            self.read()
        while self.read():
            pass
        return self._process.exitcode

    def leaves(self):
        """Press Ctrl+D; return the exit code."""
        self.type("\x04")
        return self.ends()

    def close(self):
        """End the program by any means."""
        self._process.terminate()
        if self._end() is None:
            self._process.kill()
            self._process.join()
        self._process.close()
        super().close()


def join(terminal, arguments, environ, stdin):
    """Become the program in a new terminal, as a shell would start it, perhaps with a file as stdin."""
    os.login_tty(os.open(terminal, os.O_RDWR))
    if stdin is not None:
        os.dup2(os.open(stdin, os.O_RDONLY), 0)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115  as long as the process
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    sys.exit(run(arguments))


def environment(home):
    """Return an environment without settings of this machine."""
    return {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TERM": "xterm-256color",
        "TZ": "UTC",
    }
