"""Load on a running server: compile the generator, pass its plan, and read its results."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from . import compiler
from .processes import CORES, NotMeasuredError, Running, busy_seconds, cpu_seconds, pinned

WARMUP_SECONDS = 0.3
"""Untimed seconds at first: memory is allocated, and the windows are filled."""


@dataclass(frozen=True)
class Load:
    """Clients and their messages; a single room for all is the lobby."""

    clients: int
    rooms: int = 1
    senders: int = 1
    """The number of senders in each room."""
    in_flight: int = 1
    """Of all senders together."""
    pause: float = 0.0
    """Seconds of rest before a sender's next message."""
    interval: float = 0.0
    """Seconds from one message of a sender to the next by a timetable; 0 if the next one follows when it may."""


@dataclass(frozen=True)
class Sent:
    """The counts of the timed seconds."""

    seconds: float
    deliveries: float
    server_cpu: float
    generator_cpu: float
    p50: float
    """Seconds from sending a message until all have it, median."""
    p99: float
    others: float
    """CPU used by other processes, in cores."""


class Clients:
    """Logged-in clients: each has the server's answer, and all have received a message of the first."""

    def __init__(self, generator: subprocess.Popen[str], running: Running) -> None:
        self._generator, self._running = generator, running
        self.entered_seconds, self.heard_seconds = self._findings("in")

    def talk(self) -> Sent:
        """Send for the seconds of the plan, and wait until all messages are received."""
        pids = (self._running.pid, self._generator.pid)
        start, busy, used = time.monotonic(), busy_seconds(), sum(map(cpu_seconds, pids))
        print("go", file=self._generator.stdin, flush=True)
        seconds, deliveries, server_cpu, generator_cpu, p50, p99 = self._findings("sent")
        others = (busy_seconds() - busy) - (sum(map(cpu_seconds, pids)) - used)
        others = max(0.0, others / (time.monotonic() - start))
        return Sent(seconds, deliveries, server_cpu, generator_cpu, p50, p99, others)

    def _findings(self, word: str) -> list[float]:
        assert self._generator.stdout
        assert self._generator.stderr
        words = self._generator.stdout.readline().split()
        if words[:1] != [word]:
            reason = self._generator.stderr.read().strip() or "the generator was ended"
            raise NotMeasuredError(f"{self._running.server.name}: {reason}")
        return list(map(float, words[1:]))


@contextmanager
def clients(running: Running, load: Load, *, seconds: float = 0.0) -> Iterator[Clients]:
    """Log in the clients of a load, to talk for this many timed seconds; they leave at the end."""
    window = max(1, load.in_flight // (load.senders * load.rooms))
    answers = running.server.answers(rooms=load.rooms > 1)
    plan = [running.port, running.pid, load.clients, load.rooms, load.senders, window, load.pause]
    plan += [load.interval, WARMUP_SECONDS, seconds, running.server.logins, len(answers)]
    if compiler.is_missing():
        raise NotMeasuredError(f"the load generator: {compiler.MISSING}")
    program = [str(compiler.compiled("generator.c", running.directory)), *map(str, plan)]
    pipe = subprocess.PIPE
    with pinned(CORES[-1]):
        generator = subprocess.Popen(program, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    with generator:
        try:
            assert generator.stdin
            generator.stdin.write(_strings(running, load, answers))
            generator.stdin.flush()
            yield Clients(generator, running)
        finally:
            generator.kill()


def _strings(running: Running, load: Load, answers: list[bytes]) -> str:
    server, size = running.server, load.clients // load.rooms
    strings = [server.line_end, *answers]
    for client in range(load.clients):
        name, room = f"u{client:04}", f"r{client // size:04}" if load.rooms > 1 else None
        strings += [*server.login(name, room), server.say(room), server.heard(name, room)]
    return b"".join(string + b"\0" for string in strings).decode()
