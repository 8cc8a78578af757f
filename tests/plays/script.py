"""Plays: plain text in which each line is a step; an actor without a dialect is played in every one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path

DIALECTS = ("native", "plain")
"""The dialects of all casts; besides, there is one cast of browsers, which speak the native one in a WebSocket."""

FREE = re.compile(r"(\w+) comes")


@dataclass(frozen=True)
class Play:
    """A file of steps, each with the number of its line."""

    name: str
    steps: tuple[tuple[int, str], ...]

    @classmethod
    def read(cls, path: Path) -> Play:
        """Read a file, without comments and empty lines."""
        lines = enumerate(path.read_text().splitlines(), 1)
        return cls(path.stem, tuple((number, line) for number, line in lines if line and not line.startswith("#")))

    def casts(self) -> list[dict[str, str]]:
        """Return every assignment of dialects to actors without one."""
        found = (FREE.fullmatch(step) for _, step in self.steps)
        free = list(dict.fromkeys(match[1] for match in found if match))
        casts = [dict(zip(free, dialects, strict=True)) for dialects in product(DIALECTS, repeat=len(free))]
        return [*casts, dict.fromkeys(free, "web")] if free else casts


PLAYS = [Play.read(path) for path in sorted(Path(__file__).parent.glob("*.play"))]
