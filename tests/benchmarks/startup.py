"""Cold start: ``socketchat send`` as a whole process, compared with the import of click alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence

from .processes import CORES, Running, pinned, running, wait_until_quiet
from .report import Section, at_most, median_and_range, ratio
from .servers import Socketchat
from .settings import Settings

RATIO = 2.0
"""The limit for a command line tool: the user must not notice that it is written in Python."""

RUNS = 10
"""Pairs of runs per round; single processes vary much."""


def run(name: str, settings: Settings) -> Section:
    """Time both commands in turns, with a running server."""
    with running(Socketchat(), settings.directory) as started:
        commands = {
            'python -c "import click"': [sys.executable, "-c", "import click"],
            "socketchat send": _send([sys.executable, "-m", "socketchat"], started),
        }
        if settings.against:
            commands["before: socketchat send"] = _send([str(settings.against)], started)
        environment = _environment(settings)
        for command in commands.values():
            _seconds(command, environment)  # compiles the imported modules to bytecode
        figures: dict[str, list[float]] = {label: [] for label in commands}
        wait_until_quiet()
        for _ in range(RUNS * settings.rounds):
            for label, command in commands.items():
                figures[label].append(_seconds(command, environment) * 1000)
    click, send, *_ = figures.values()
    value = ratio(send, click)
    return Section(
        f"{name}: whole processes, bytecode cached",
        ["", "ms"],
        [[label, median_and_range(of_command)] for label, of_command in figures.items()],
        [at_most(f"{name}: socketchat send in relation to import click, at most {RATIO}", value, RATIO)],
    )


def _send(program: list[str], started: Running) -> list[str]:
    return [*program, "send", "--port", str(started.port), "--as", "bench", "good morning"]


def _environment(settings: Settings) -> dict[str, str]:
    home = settings.directory / "home"
    bytecode = settings.directory / "bytecode"
    own = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_STATE_HOME": str(home)}
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return kept | own | {"PYTHONPYCACHEPREFIX": str(bytecode)}


def _seconds(command: Sequence[str], environment: dict[str, str]) -> float:
    with pinned(CORES[-1]):
        start = time.perf_counter()
        subprocess.run(command, check=True, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start
