"""Messages: fan-out to many users, pairs, and the latency of a single message."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from .load import Load, Sent, clients
from .processes import NOISE, Running, wait_until_quiet
from .report import Section, Verdict, at_least, median_and_range, ratio
from .settings import Settings, interleaved

REPEATS = 2
"""Repetitions of a noisy run; a machine that is never quiet is reported, not waited for."""

SATURATED = 0.95
"""Share of its core above which the generator may be the bottleneck."""


@dataclass(frozen=True)
class Scenario:
    """A load, and the least that socketchat's rate must be in relation to others."""

    title: str
    load: Load
    bars: Sequence[tuple[str, float]] = ()


SCENARIOS = {
    "fan-out-1": Scenario("100 clients, 1 sender, 1 in flight", Load(100)),
    "fan-out-32": Scenario(
        "100 clients, 1 sender, 32 in flight", Load(100, in_flight=32), [("InspIRCd", 0.8), ("ngIRCd", 1.4)]
    ),
    "fan-out-100": Scenario(
        "100 clients, 10 senders, 100 in flight",
        Load(100, senders=10, in_flight=100),
        [("InspIRCd", 0.8), ("ngIRCd", 1.4)],
    ),
    "fan-out-1000": Scenario("1,000 clients, 1 sender, 32 in flight", Load(1000, in_flight=32)),
    "pairs-100": Scenario("100 rooms of two, 100 in flight", Load(200, rooms=100, in_flight=100), [("InspIRCd", 0.3)]),
    "pairs-2000": Scenario("100 rooms of two, 2,000 in flight", Load(200, rooms=100, in_flight=2000)),
    "latency": Scenario("2 clients, 1 sender that rests 2 ms after each message", Load(2, pause=0.002)),
}


_COLUMNS = ("µs", "server", "generator", "others", "p50 ms", "p99 ms", "")


def run(name: str, settings: Settings) -> Section:
    """Measure one scenario with every server."""
    scenario = SCENARIOS[name]
    runs = interleaved(name, settings, lambda running: _quiet(running, scenario.load, settings.seconds))
    repeated = sum(len(tries) - 1 for of_server in runs.values() for tries in of_server)
    figures = {server: [tries[-1] for tries in of_server] for server, of_server in runs.items()}
    rates = {server: [sent.deliveries / sent.seconds for sent in of_server] for server, of_server in figures.items()}
    others = [server for server in figures if server != "socketchat"]
    rows = [
        [
            server,
            median_and_range(rates[server]),
            *(f"{ratio(rates[server], rates[other]):.2f}" for other in others),
            *_cells(of_server),
        ]
        for server, of_server in figures.items()
    ]
    return Section(
        f"{name}: {scenario.title}",
        ["", "deliveries/s", *(f"× {other}" for other in others), *_COLUMNS],
        rows,
        [_verdict(name, other, least, rates) for other, least in scenario.bars],
        [f"runs repeated because others were busy: {repeated}"] if repeated else [],
    )


def _quiet(running: Running, load: Load, seconds: float) -> list[Sent]:
    tries: list[Sent] = []
    while not tries or (tries[-1].others > NOISE and len(tries) <= REPEATS):
        wait_until_quiet()
        with clients(running, load, seconds=seconds) as entered:
            tries.append(entered.talk())
    return tries


def _cells(figures: Sequence[Sent]) -> list[str]:
    server = statistics.median(sent.server_cpu / sent.seconds for sent in figures)
    generator = statistics.median(sent.generator_cpu / sent.seconds for sent in figures)
    return [
        f"{statistics.median(sent.server_cpu / sent.deliveries for sent in figures) * 1e6:.2f}",
        f"{server:.0%}",
        f"{generator:.0%}",
        f"{statistics.median(sent.others for sent in figures):.0%}",
        f"{statistics.median(sent.p50 for sent in figures) * 1000:.3f}",
        f"{statistics.median(sent.p99 for sent in figures) * 1000:.3f}",
        "limited by the generator" if generator > SATURATED > server else "",
    ]


def _verdict(name: str, other: str, least: float, rates: dict[str, list[float]]) -> Verdict:
    known = "socketchat" in rates and other in rates
    value = ratio(rates["socketchat"], rates[other]) if known else None
    return at_least(f"{name}: deliveries/s at least {least} × {other}", value, least)
