"""Connections: how long a thousand clients take to enter, and what an idle one costs in memory."""

from __future__ import annotations

import statistics

from .load import Load, clients
from .processes import Running, memory_bytes, wait_until_quiet
from .report import Section, at_most, median_and_range
from .settings import Settings, interleaved

ENTERING = Load(1000)
ENTERING_SECONDS = 5.0
"""What people wait after a restart of their server."""

IDLE = Load(2000)
IDLE_KIB = 8.0
"""What an idle plain connection may cost."""


def entering(name: str, settings: Settings) -> Section:
    """Time clients that all enter at once, until each has its answer and all have heard a message behind it."""

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
    """Measure what the server's memory grows by for each connection that is in the lobby and idle."""

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
