"""Connections: the time for a thousand logins, and the memory of an idle one."""

from __future__ import annotations

import statistics

from .load import Load, clients
from .processes import Running, memory_bytes, wait_until_quiet
from .report import Section, at_most, median_and_range
from .settings import Settings, interleaved

ENTERING = Load(1000)
ENTERING_SECONDS = 5.0
"""The time that users wait after a restart of their server."""

IDLE = Load(2000)
IDLE_KIB = 4.0
"""The memory limit of an idle plain connection."""


def entering(name: str, settings: Settings) -> Section:
    """Time simultaneous logins, until each has its answer and all have a later message."""

    def measure(running: Running) -> tuple[float, float]:
        wait_until_quiet()
        with clients(running, ENTERING) as entered:
            return entered.entered_seconds, entered.heard_seconds

    figures = interleaved(name, settings, measure)
    rows = [
        [server, *(median_and_range(column, " s") for column in zip(*of_server, strict=True))]
        for server, of_server in figures.items()
    ]
    ours = [heard for _, heard in figures.get("socketchat", ())]
    bar = f"{name}: seconds until {ENTERING.clients:,} clients are in and hear, at most {ENTERING_SECONDS:.0f}"
    return Section(
        f"{name}: {ENTERING.clients:,} clients enter the lobby at once",
        ["", "all have their answer", "all hear a message"],
        rows,
        [at_most(bar, statistics.median(ours) if ours else None, ENTERING_SECONDS)],
    )


def memory(name: str, settings: Settings) -> Section:
    """Measure the growth of the server's memory per idle connection in the lobby."""

    def measure(running: Running) -> float:
        wait_until_quiet()
        before = memory_bytes(running.pid)
        with clients(running, IDLE):
            wait_until_quiet()
            return (memory_bytes(running.pid) - before) / IDLE.clients / 1024

    figures = interleaved(name, settings, measure)
    ours = figures.get("socketchat")
    bar = f"{name}: KiB per idle plain connection, at most {IDLE_KIB:.0f}"
    return Section(
        f"{name}: {IDLE.clients:,} idle clients in the lobby",
        ["", "KiB per client (Pss)"],
        [[server, median_and_range(of_server)] for server, of_server in figures.items()],
        [at_most(bar, statistics.median(ours) if ours else None, IDLE_KIB)],
    )
