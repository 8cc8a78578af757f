"""A real ``socketchat serve`` in a separate process."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PROGRAM = ("-m", "socketchat")


class Served:
    """A server that can be killed and restarted on the same port, over the same data."""

    def __init__(
        self,
        directory: Path,
        *options: str,
        environment: Callable[[], dict[str, str]] | None = None,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self._directory = directory
        self._program = program
        self._options = options
        self._environment = environment
        self.port = 0
        self.begin()

    def begin(self, *, data: str = "data", same_key: bool = False) -> None:
        """Start, and return when it accepts; over other data, perhaps with the key of the first."""
        if same_key:
            (self._directory / data).mkdir(0o700)
            shutil.copy(self._directory / "data" / "tls.pem", self._directory / data)
        command = [sys.executable, *self._program, "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--data", str(self._directory / data), *self._options]
        environment = self._environment() if self._environment else None
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        line = self.process.stdout.readline()
        found = re.fullmatch(r"Server listening on 127\.0\.0\.1:(\d+)\n", line)
        assert found, line
        self.port = int(found[1])

    def stop(self) -> None:
        """Stop the server until ``go_on``."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop, and return when it is gone."""
        self.process.send_signal(number)
        self.go_on()
        self.process.wait(20)
        self.process.stdout.close()


@contextmanager
def serving(
    directory: Path,
    *options: str,
    environment: Callable[[], dict[str, str]] | None = None,
    program: Sequence[str] = PROGRAM,
) -> Iterator[Served]:
    server = Served(directory, *options, environment=environment, program=program)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end(signal.SIGKILL)
