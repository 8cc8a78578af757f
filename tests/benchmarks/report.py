"""Tables in plain text, and whether the bars are met."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Verdict:
    """A bar and the measured value, None if it could not be measured."""

    bar: str
    value: float | None
    met: bool = False

    @property
    def missed(self) -> bool:
        return self.value is not None and not self.met

    def __str__(self) -> str:
        if self.value is None:
            return f"not measured  {self.bar}"
        return f"{'met' if self.met else 'MISSED':<12}  {self.bar}: {self.value:.3g}"


@dataclass(frozen=True)
class Section:
    """The results of one benchmark."""

    title: str
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    verdicts: Sequence[Verdict] = ()
    notes: Sequence[str] = ()
    rates: Mapping[str, float] = field(default_factory=dict)
    """Deliveries a second of each server, for the picture."""

    def __str__(self) -> str:
        table = _aligned([self.heads, *self.rows]) if self.rows else []
        return "\n".join([self.title, *table, *(f"  {note}" for note in self.notes)])


def at_least(bar: str, value: float | None, least: float) -> Verdict:
    """Judge a figure of which more is better."""
    return Verdict(bar, value, value is not None and value >= least)


def at_most(bar: str, value: float | None, most: float) -> Verdict:
    """Judge a figure of which less is better."""
    return Verdict(bar, value, value is not None and value <= most)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios within each round."""
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))


def median_and_range(figures: Sequence[float], unit: str = "") -> str:
    """Return the median, with the least and the most beside it."""
    if len(figures) == 1:
        return f"{_short(figures[0])}{unit}"
    return f"{_short(statistics.median(figures))}{unit} ({_short(min(figures))}–{_short(max(figures))})"


def _short(figure: float) -> str:
    if figure >= 10_000:
        return f"{figure / 1000:,.0f}k"
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.3g}"


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = [[line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])] for line in lines]
    return ["  " + "  ".join(cells).rstrip() for cells in padded]
