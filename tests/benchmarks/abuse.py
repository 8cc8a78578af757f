"""Abuse: whether users notice floods and silent connections, with the default limits."""

from __future__ import annotations

import os
import resource
import socket
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from .report import Section
from .servers import HERE, Socketchat
from .settings import Settings
from .tls import deliveries_beside

SILENT = 1000
"""Connections that say the beginning of a name, and no more."""

FLOOD = b"".join(b"flood %d\n" % number for number in range(10_000))


class Limited(Socketchat):
    """The server as people run it."""

    def serve(self, data: Path) -> Sequence[str | Path]:
        return (sys.executable, "-m", "socketchat", "serve", *HERE, "--port", "0", "--data", data)


def run(name: str, settings: Settings) -> Section:
    """Time deliveries to users: alone, beside a flood in the room, and beside many silent connections."""
    loads = {"one who floods": _flood, f"{SILENT:,} who say nothing": _say_nothing}
    return deliveries_beside(name, settings, Limited(), loads)


def _flood(port: int) -> None:
    """Send as much as the server takes, and read its output."""
    os.nice(10)
    with socket.create_connection(("127.0.0.1", port)) as flooder:
        flooder.sendall(b"flooder\n")
        threading.Thread(target=_flood_on, args=(flooder,), daemon=True).start()
        while flooder.recv(65_536):
            pass


def _flood_on(flooder: socket.socket) -> None:
    while True:
        flooder.sendall(FLOOD)


def _say_nothing(port: int) -> None:
    """Keep connections open before their login."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(SILENT)]
    for each in silent:
        each.sendall(b"nam")
    while True:
        time.sleep(1)
