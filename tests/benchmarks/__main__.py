"""Runs the benchmarks that are named, or all of them, and judges the bars."""

from __future__ import annotations

import resource
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from . import connections, messages, startup
from .processes import CORES, NotMeasuredError, filesystem_of
from .report import Verdict
from .servers import SERVERS, Server
from .settings import Settings

BENCHMARKS = dict.fromkeys(messages.SCENARIOS, messages.run) | {
    "entering": connections.entering,
    "memory": connections.memory,
    "cold-start": startup.run,
}

ROUNDS, SECONDS = 5, 1.5
"""Medians of five; runs long enough for 150 ticks of the clock that CPU time is counted in."""

QUICK_SECONDS = 0.5


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option("--server", "only", multiple=True, help="Measure only this server; may be repeated.")
@click.option("--rounds", type=click.IntRange(1), default=ROUNDS, show_default=True)
@click.option("--seconds", type=float, default=SECONDS, show_default=True, help="Timed seconds of each run.")
@click.option("--quick", is_flag=True, help="One short round, for development; its figures prove nothing.")
@click.option(
    "--directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default="/var/tmp",
    show_default=True,
    help="Where data is kept while it runs: on a real disk.",
)
def main(
    *, names: Sequence[str], only: Sequence[str], rounds: int, seconds: float, quick: bool, directory: Path
) -> None:
    """Run the benchmarks NAMED, or all; exit with 1 if a bar is missed."""
    wanted = [name for name in BENCHMARKS if not names or any(name.startswith(asked) for asked in names)]
    if not wanted:
        raise click.UsageError(f"the benchmarks are {', '.join(BENCHMARKS)}; the beginning of a name is enough")
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))  # servers and generator inherit it
    print(f"Data on {filesystem_of(directory)}; server on core {CORES[0]}, generator on core {CORES[-1]}.")
    with tempfile.TemporaryDirectory(dir=directory, prefix="benchmarks-") as place:
        servers = _servers(only)
        settings = Settings(servers, 1 if quick else rounds, QUICK_SECONDS if quick else seconds, Path(place))
        verdicts = [verdict for name in wanted for verdict in _measured(name, settings)]
    if verdicts:
        print("\nBars")
        print(*(f"  {verdict}" for verdict in verdicts), sep="\n")
    sys.exit(any(verdict.missed for verdict in verdicts))


def _servers(only: Sequence[str]) -> list[Server]:
    servers = []
    for server in SERVERS:
        if only and server.name.lower() not in map(str.lower, only):
            continue
        if reason := server.missing():
            print(f"{server.name} skipped: {reason}")
        else:
            servers.append(server)
    return servers


def _measured(name: str, settings: Settings) -> Sequence[Verdict]:
    try:
        section = BENCHMARKS[name](name, settings)
    except NotMeasuredError as reason:
        print(f"\n{name} skipped: {reason}", flush=True)
        return [Verdict(f"{name}: {reason}", None)]
    print(f"\n{section}", flush=True)
    return section.verdicts


main()
