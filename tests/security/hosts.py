"""A real server on a separate machine, and clients on that machine or another one."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.security.callers import Caller
from tests.security.machines import ADDRESS, CLIENT, SERVER, Machines
from tests.terminal.seats import PROGRAM, environment

PORT = 5000


class Host:
    """A server that serves as it does with these options."""

    def __init__(self, machines: Machines, directory: Path, *options: str) -> None:
        self.machines = machines
        self.data = directory / "data"
        command = machines.command(SERVER, *PROGRAM, "serve", "--data", str(self.data), *options)
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(directory))
        while (line := self._process.stdout.readline()) and not line.startswith("Fingerprint: "):
            pass
        self.fingerprint = line.split()[1]

    def call(self, *, tls: bool = True, machine: str = CLIENT, source: str = "") -> Caller:
        """Call from a machine, and from this one of its addresses."""
        with self.machines.on(machine):
            return Caller(PORT, "127.0.0.1" if machine == SERVER else ADDRESS, tls=tls, source=source)

    def end(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)
