"""Messages: fan-out to many users, pairs, and the time until a message has been heard."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .load import Load, Sent, clients
from .processes import NOISE, Running, wait_until_quiet
from .report import Section, Verdict, at_least, at_most, median_and_range, ratio
from .settings import Settings, interleaved

REPEATS = 2
"""Repetitions of a noisy run; a machine that is never quiet is reported, not waited for."""

SATURATED = 0.95
"""Share of its core above which the generator may be the bottleneck."""

SUSTAINED_SECONDS = 30.0
"""Long enough for what runs behind the log to need its share, instead of being put off until the run is over."""

LONE_US = 80.0
"""The most that a lone message may take beyond the floor, in microseconds: the interpreter's share."""

TAIL_RATIO = 1.25
"""The most that the 99th percentile may be, in relation to the floor."""

NOT_SLOWER = 0.97
"""The least rate in relation to the version before: medians of runs differ by so much without any change."""

Figures = Mapping[str, Sequence[Sent]]
"""The runs of each server by its name."""

Bar = Callable[[str, Figures], Verdict]
"""Judges the figures of one benchmark, given its name."""


def _rate(other: str, least: float) -> Bar:
    """Require a rate in relation to another server's."""

    def judge(name: str, figures: Figures) -> Verdict:
        rates = _rates(figures)
        known = "socketchat" in rates and other in rates
        value = ratio(rates["socketchat"], rates[other]) if known else None
        return at_least(f"{name}: deliveries/s at least {least} × {other}", value, least)

    return judge


def _near_the_floor(name: str, figures: Figures) -> Verdict:
    """Require a median time near the floor's."""
    value = None
    if "socketchat" in figures and "floor" in figures:
        pairs = zip(figures["socketchat"], figures["floor"], strict=True)
        value = statistics.median(ours.p50 - floor.p50 for ours, floor in pairs) * 1e6
    return at_most(f"{name}: µs of the median time beyond the floor, at most {LONE_US:.0f}", value, LONE_US)


def _tail(name: str, figures: Figures) -> Verdict:
    """Require a 99th percentile near the floor's."""
    value = None
    if "socketchat" in figures and "floor" in figures:
        value = ratio([run.p99 for run in figures["socketchat"]], [run.p99 for run in figures["floor"]])
    return at_most(f"{name}: p99 at most {TAIL_RATIO} × floor", value, TAIL_RATIO)


@dataclass(frozen=True)
class Scenario:
    """A load, and the bars that socketchat has to meet."""

    title: str
    load: Load
    bars: Sequence[Bar] = ()
    seconds: float | None = None
    """Timed seconds of each run, if not those of the settings."""


_PAIRS_100 = Load(200, rooms=100, in_flight=100)
_PAIRS_2000 = Load(200, rooms=100, in_flight=2000)

SCENARIOS = {
    "fan-out-1": Scenario("100 clients, 1 sender, 1 in flight", Load(100)),
    "fan-out-32": Scenario("100 clients, 1 sender, 32 in flight", Load(100, in_flight=32), [_rate("InspIRCd", 0.9)]),
    "fan-out-100": Scenario(
        "100 clients, 10 senders, 100 in flight", Load(100, senders=10, in_flight=100), [_rate("InspIRCd", 1.0)]
    ),
    "fan-out-1000": Scenario(
        "1,000 clients, 1 sender, 32 in flight", Load(1000, in_flight=32), [_rate("InspIRCd", 1.0)]
    ),
    "pairs-100": Scenario("100 rooms of two, 100 in flight", _PAIRS_100, [_rate("InspIRCd", 0.42)]),
    "pairs-2000": Scenario("100 rooms of two, 2,000 in flight", _PAIRS_2000, [_rate("InspIRCd", 0.55)]),
    "sustained-100": Scenario(
        "100 rooms of two, 100 in flight, for long", _PAIRS_100, [_rate("InspIRCd", 0.33)], SUSTAINED_SECONDS
    ),
    "sustained-2000": Scenario(
        "100 rooms of two, 2,000 in flight, for long", _PAIRS_2000, [_rate("InspIRCd", 0.40)], SUSTAINED_SECONDS
    ),
    "latency": Scenario("2 clients, 1 sender that rests 2 ms after each message", Load(2, pause=0.002)),
    "lone": Scenario("2 clients, a message as soon as the one before was heard", Load(2), [_near_the_floor]),
    "latency-200": Scenario(
        "200 clients, 1 sender, 500 messages a second", Load(200, in_flight=512, interval=0.002), [_tail]
    ),
}


_COLUMNS = ("µs", "server", "generator", "others", "p50 ms", "p99 ms", "")


def run(name: str, settings: Settings) -> Section:
    """Measure one scenario with every server that can take part."""
    scenario = SCENARIOS[name]
    able = [server for server in settings.servers if server.has_rooms or scenario.load.rooms == 1]
    settings = dataclasses.replace(settings, servers=able, seconds=scenario.seconds or settings.seconds)
    runs = interleaved(name, settings, lambda running: _quiet(running, scenario.load, settings.seconds))
    repeated = sum(len(tries) - 1 for of_server in runs.values() for tries in of_server)
    figures = {server: [tries[-1] for tries in of_server] for server, of_server in runs.items()}
    rates = _rates(figures)
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
    bars = [*scenario.bars, *([_rate("before", NOT_SLOWER)] if settings.against else [])]
    return Section(
        f"{name}: {scenario.title}",
        ["", "deliveries/s", *(f"× {other}" for other in others), *_COLUMNS],
        rows,
        [bar(name, figures) for bar in bars],
        [f"runs repeated because others were busy: {repeated}"] if repeated else [],
        {server: statistics.median(of_server) for server, of_server in rates.items()},
    )


def _quiet(running: Running, load: Load, seconds: float) -> list[Sent]:
    tries: list[Sent] = []
    while not tries or (tries[-1].others > NOISE and len(tries) <= REPEATS):
        wait_until_quiet()
        with clients(running, load, seconds=seconds) as entered:
            tries.append(entered.talk())
    return tries


def _rates(figures: Figures) -> dict[str, list[float]]:
    return {server: [sent.deliveries / sent.seconds for sent in of_server] for server, of_server in figures.items()}


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
