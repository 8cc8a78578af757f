"""The settings of a benchmark run, and the rounds that all benchmarks share."""

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
    """The directory for all files, on a real disk."""
    against: Path | None = None
    """The installed command of another version, for benchmarks that start commands themselves."""
    load: str = ""
    """A part of the labels of the loads to measure, for benchmarks that have several."""


def interleaved(name: str, settings: Settings, measure: Callable[[Running], Figure]) -> dict[str, list[Figure]]:
    """Measure each server once per round, in turns, each time after a fresh start; return the figures by server."""
    figures: dict[str, list[Figure]] = {server.name: [] for server in settings.servers}
    for number in range(1, settings.rounds + 1):
        for server in settings.servers:
            with running(server, settings.directory) as started:
                print(f"{name}, round {number}: {server.name}, process {started.pid}", file=sys.stderr)
                figures[server.name].append(measure(started))
    return figures
