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

PAUSE = 0.01
"""Seconds between two messages of a crowd that talks in turn: each user stays far below the rate limit."""


class Limited(Socketchat):
    """The server as people run it."""

    def serve(self, data: Path) -> Sequence[str | Path]:
        return (sys.executable, "-m", "socketchat", "serve", *HERE, "--port", "0", "--data", data)


def run(name: str, settings: Settings) -> Section:
    """Time deliveries to users: alone, and beside each of the attacks, or those whose labels contain the word given."""
    loads = {label: partial(attack, label) for label in ATTACKS if settings.load in label}
    return deliveries_beside(name, settings, Limited(), loads, pause=PAUSE)
