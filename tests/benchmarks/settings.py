"""How a run of the benchmarks is to be done, and the rounds that all of them share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .processes import Running, running
from .servers import Server

Figure = TypeVar("Figure")


@dataclass(frozen=True)
class Settings:
    """The settings from the command line."""

    servers: Sequence[Server]
    rounds: int
    seconds: float
    """Timed seconds of each run."""
    directory: Path
    """On a real disk; everything is made below it."""
    against: Path | None = None
    """The installed command of another version, for benchmarks that start commands themselves."""


def interleaved(name: str, settings: Settings, measure: Callable[[Running], Figure]) -> dict[str, list[Figure]]:
    """Measure each server once per round, in turns, every time freshly started; return the figures by server."""
    figures: dict[str, list[Figure]] = {server.name: [] for server in settings.servers}
    for number in range(1, settings.rounds + 1):
        for server in settings.servers:
            with running(server, settings.directory) as started:
                print(f"{name}, round {number}: {server.name}, process {started.pid}", file=sys.stderr)
                figures[server.name].append(measure(started))
    return figures
