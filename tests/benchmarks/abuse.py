"""Abuse: whether users notice attacks, with the default limits."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from .attacks import ATTACKS, attack
from .report import Section
from .servers import HERE, Socketchat
from .settings import Settings
from .tls import deliveries_beside

PAUSE = 0.03
"""Seconds between two messages: slower than the rate limit, or its pauses would be measured."""


class Limited(Socketchat):
    """The server as people run it."""

    def serve(self, data: Path) -> Sequence[str | Path]:
        return (sys.executable, "-m", "socketchat", "serve", *HERE, "--port", "0", "--data", data)


def run(name: str, settings: Settings) -> Section:
    """Time deliveries to users: alone, and beside each of the attacks."""
    loads = {label: partial(attack, label) for label in ATTACKS}
    return deliveries_beside(name, settings, Limited(), loads, pause=PAUSE)
