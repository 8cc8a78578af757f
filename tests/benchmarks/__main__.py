"""Runs the named benchmarks, or all of them, and judges the bars."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from socketchat.server.limits import SWITCH_SECONDS
from socketchat.version import interpreter

from . import abuse, connections, messages, passwords, resuming, searching, startup, tls
from .history import make_history
from .picture import draw
from .processes import CORES, NotMeasuredError, filesystem_of
from .report import Section, Verdict
from .servers import Floor, InspIrcd, NgIrcd, Original, Server, Socketchat
from .settings import Settings


def _journal(name: str, settings: Settings) -> Section:
    options = ["--directory", str(settings.directory), "--switch", str(SWITCH_SECONDS)]
    command = [sys.executable, "-m", "tests.benchmarks.journal", *options]  # alone: its threads contend for the GIL
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Section(f"{name}: commits, with the event loop idle and busy", notes=run.stdout.splitlines())


def _search(name: str, settings: Settings) -> Section:
    command = [sys.executable, "-m", "tests.benchmarks.search", "--directory", str(settings.directory)]
    run = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    lines = run.stdout.splitlines()
    bars = [line.split(": ") for line in lines if line.startswith(("met: ", "MISSED: "))]
    verdicts = [Verdict(bar, float(value), met == "met") for met, bar, value in bars]
    return Section(f"{name}: a million entries", verdicts=verdicts, notes=lines[: -len(bars) or None])


BENCHMARKS = dict.fromkeys(messages.SCENARIOS, messages.run) | {
    "entering": connections.entering,
    "memory": connections.memory,
    "cold-start": startup.run,
    "tls-fan-out": tls.fan_out,
    "tls-memory": tls.memory,
    "tls-handshakes": tls.handshakes,
    "abuse": abuse.run,
    "ready": resuming.ready,
    "resume": resuming.alone,
    "resume-all": resuming.company,
    "stalled": resuming.stalled,
    "passwords": passwords.run,
    "journal": _journal,
    "search": _search,
    "searching": searching.run,
}

ROUNDS, SECONDS = 5, 1.5
"""Medians of five; runs long enough for 150 ticks of the clock that CPU time is counted in."""

QUICK_SECONDS = 0.5


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option("--server", "only", multiple=True, help="Measure only this server; may be repeated.")
@click.option("--rounds", type=click.IntRange(1), default=ROUNDS, show_default=True)
@click.option("--seconds", type=float, default=SECONDS, show_default=True, help="Timed seconds of each run.")
@click.option("--rows", default=0, help="Messages that socketchat's store holds already, at least.")
@click.option("--load", default="", help="In `abuse`, run only the attacks whose label contains this.")
@click.option("--quick", is_flag=True, help="One short round, for development; its figures prove nothing.")
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='Measure this `socketchat` too, installed from another commit, as "before".',
)
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the rates of the messages' benchmarks into this SVG file.",
)
@click.option(
    "--directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default="/var/tmp",
    show_default=True,
    help="Where data is kept while it runs: on a real disk.",
)
def main(
    *,
    names: Sequence[str],
    only: Sequence[str],
    rounds: int,
    seconds: float,
    rows: int,
    load: str,
    quick: bool,
    against: Path | None,
    picture: Path | None,
    directory: Path,
) -> None:
    """Run the benchmarks NAMED, or all; exit with 1 if a bar is missed."""
    wanted = [name for name in BENCHMARKS if not names or _is_asked(name, names)]
    if not wanted:
        raise click.UsageError(f"the benchmarks are {', '.join(BENCHMARKS)}; the beginning of a name is enough")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # this ends the servers that it started
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))  # servers and generator inherit it
    print(f"{interpreter()}.")
    print(f"Data on {filesystem_of(directory)}; server on core {CORES[0]}, generator on core {CORES[-1]}.")
    with tempfile.TemporaryDirectory(dir=directory, prefix="benchmarks-") as place:
        history = make_history(rows, Path(place)) if rows else None
        before = [Socketchat(history, program=against)] if against else []
        servers = _servers([Socketchat(history), *before, InspIrcd(), NgIrcd(), Floor(), Original()], only)
        rounds, seconds = (1, QUICK_SECONDS) if quick else (rounds, seconds)
        settings = Settings(servers, rounds, seconds, Path(place), against, load)
        sections = [_measured(name, settings) for name in wanted]
    verdicts = [verdict for section in sections for verdict in section.verdicts]
    if picture:
        draw(sections, picture)
    if verdicts:
        print("\nBars")
        print(*(f"  {verdict}" for verdict in verdicts), sep="\n")
    sys.exit(any(verdict.missed for verdict in verdicts))


def _is_asked(name: str, names: Sequence[str]) -> bool:
    return name in names or any(name.startswith(asked) for asked in names if asked not in BENCHMARKS)


def _servers(all_servers: Sequence[Server], only: Sequence[str]) -> list[Server]:
    servers = []
    for server in all_servers:
        if only and server.name.lower() not in map(str.lower, only):
            continue
        if reason := server.missing():
            print(f"{server.name} skipped: {reason}")
        else:
            servers.append(server)
    return servers


def _measured(name: str, settings: Settings) -> Section:
    try:
        section = BENCHMARKS[name](name, settings)
    except NotMeasuredError as reason:
        section = Section(f"{name} skipped: {reason}", verdicts=[Verdict(f"{name}: {reason}", None)])
    print(f"\n{section}", flush=True)
    return section


main()
