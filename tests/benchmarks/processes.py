"""Timed processes: start them on a separate core, stop them by id, and measure their use."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .servers import Server

START_SECONDS = 20
"""Seconds after which a server that does not listen has failed."""

STOP_SECONDS = 10
"""Twice the promise of socketchat for SIGTERM."""

QUIET_SECONDS = 15
"""Seconds after which a busy machine will not become quiet."""

MOMENT = 0.25
"""Seconds; ticks of the clock are 1/100."""

NOISE = 0.2
"""Cores used by others from which on a run is repeated: a fifth already moves medians."""

_TICKS = os.sysconf("SC_CLK_TCK")

CORES = sorted(os.sched_getaffinity(0))
"""Servers get the first core, load generators the last; with one core, these are the same, and figures say little."""


class NotMeasuredError(Exception):
    """A measured run did not finish; the text is the reason."""


@dataclass(frozen=True)
class Running:
    """A server that accepts connections."""

    server: Server
    pid: int
    port: int
    directory: Path
    """A directory for more files."""


@contextmanager
def running(server: Server, directory: Path) -> Iterator[Running]:
    """Serve from a fresh directory inside the given one, which is removed afterwards."""
    with tempfile.TemporaryDirectory(dir=directory, prefix=f"{server.name}-") as home:
        command, log = server.command(Path(home)), Path(home) / "output"
        with log.open("wb") as output, pinned(CORES[0]):
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield Running(server, process.pid, _port_of(server, process, log), directory)
        finally:
            _stop(process)


def _port_of(server: Server, process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        port = server.port(log.read_text(errors="replace"))
        if port is not None:
            return port
        time.sleep(0.01)
    raise NotMeasuredError(f"{server.name} did not start: {log.read_text(errors='replace')[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Run the processes that are started meanwhile on one core, with all their threads."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of all threads of the process, in user space and in the kernel."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / _TICKS


def busy_seconds() -> float:
    """Return the CPU time of all processes of the machine, and the stolen time; without interrupts."""
    user, nice, system, _, _, _, _, stolen = map(int, Path("/proc/stat").read_text().split(maxsplit=9)[1:9])
    return (user + nice + system + stolen) / _TICKS


def wait_until_quiet() -> None:
    """Wait, for a bounded time, until the whole machine is nearly idle."""
    deadline = time.monotonic() + QUIET_SECONDS
    before = busy_seconds()
    while time.monotonic() < deadline:
        time.sleep(MOMENT)
        now = busy_seconds()
        if now - before < NOISE * MOMENT:
            return
        before = now


def memory_bytes(pid: int) -> int:
    """Return the memory of the process, shared pages counted in proportion (Pss)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise NotMeasuredError(f"process {pid} has no Pss")


def filesystem_of(directory: Path) -> str:
    """Name the type of the file system and its device, as in ``ext4 on /dev/sda1``."""
    command: Sequence[str | Path] = ("findmnt", "--noheadings", "--output", "FSTYPE,SOURCE", "--target", directory)
    kind, source = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[:2]
    return f"{kind} on {source}"
