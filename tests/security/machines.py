"""Three machines with a cable between each two: network namespaces that end with the processes that hold them.

The server's address is 192.0.2.1. The man in the middle has that address too, and the client's route leads to him
once he has ``hijacked`` it.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVER, MIDDLE, CLIENT = "server", "middle", "client"
ADDRESS = "192.0.2.1"
BEHIND = "198.51.100.1"
"""The server's other address, by which only the one in the middle reaches it."""

ELSEWHERE = "192.0.2.3"
"""The client's other address, in the same network."""

CABLES = (
    (SERVER, f"{ADDRESS}/24", CLIENT, "192.0.2.2/24"),
    (SERVER, f"{BEHIND}/24", MIDDLE, "198.51.100.2/24"),
    (MIDDLE, "203.0.113.1/24", CLIENT, "203.0.113.2/24"),
)

_libc = ctypes.CDLL(None, use_errno=True)
_NEWNET = 0x40000000  # CLONE_NEWNET


class Machines:
    """Each one is a process that waits for the end of its stdin, which comes even if the tests are killed."""

    def __init__(self) -> None:
        self._holders = {
            name: subprocess.Popen(
                ["unshare", "-n", "sh", "-c", "ip link set lo up && echo up && exec cat"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for name in (SERVER, MIDDLE, CLIENT)
        }
        for holder in self._holders.values():
            assert holder.stdout.readline() == "up\n"
        for number, (one, at, other, there) in enumerate(CABLES):
            peer = ["peer", "name", f"cable{number}", "netns", str(self._holders[other].pid)]
            self.do(one, "ip", "link", "add", f"cable{number}", "type", "veth", *peer)
            for machine, address in ((one, at), (other, there)):
                self.do(machine, "ip", "addr", "add", address, "dev", f"cable{number}")
                self.do(machine, "ip", "link", "set", f"cable{number}", "up")
        self.do(MIDDLE, "ip", "addr", "add", f"{ADDRESS}/32", "dev", "lo")
        self.do(CLIENT, "ip", "addr", "add", f"{ELSEWHERE}/24", "dev", "cable0")

    def command(self, machine: str, *command: str) -> list[str]:
        """Return the command that runs another one on a machine."""
        return ["nsenter", "-n", "-t", str(self._holders[machine].pid), *command]

    def do(self, machine: str, *command: str) -> None:
        subprocess.run(self.command(machine, *command), check=True, capture_output=True, timeout=20)

    @contextmanager
    def on(self, machine: str) -> Iterator[None]:
        """Make the sockets of this thread those of a machine."""
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _enter(f"/proc/{self._holders[machine].pid}/ns/net")
            yield
        finally:
            _enter(f"/proc/self/fd/{here}")
            os.close(here)

    @contextmanager
    def hijacked(self) -> Iterator[None]:
        """Redirect the client's traffic for the server to the man in the middle."""
        route = ("ip", "route", "add", f"{ADDRESS}/32", "via", "203.0.113.1")
        self.do(CLIENT, *route)
        try:
            yield
        finally:
            self.do(CLIENT, *(word.replace("add", "del") for word in route))

    def end(self) -> None:
        for holder in self._holders.values():
            holder.communicate(timeout=20)


def can_make_machines() -> bool:
    if not all(map(shutil.which, ("unshare", "nsenter", "ip"))) or not Path("/proc/thread-self/ns/net").exists():
        return False
    cable = ["unshare", "-n", "ip", "link", "add", "cable0", "type", "veth", "peer", "name", "cable1"]
    return subprocess.run(cable, capture_output=True, check=False, timeout=20).returncode == 0


def _enter(path: str) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        if _libc.setns(file, _NEWNET):
            raise OSError(ctypes.get_errno(), "setns failed")
    finally:
        os.close(file)
