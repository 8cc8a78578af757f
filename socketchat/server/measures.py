"""What monitoring asks of a server: whether it can store messages, and numbers about it."""

from __future__ import annotations

import os
import resource
import time
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..hub import Hub
from ..hub.site import Gauge
from ..journal.sqlite.upkeep.disk_space import RESERVE_BYTES, free_bytes

if TYPE_CHECKING:
    from .connection import Connection
    from .connection_limits import ConnectionLimits


class Measures:
    """Reads the numbers of a server when asked; nothing is counted for them meanwhile.

    ``directory`` holds the store, if it is on disk.
    """

    def __init__(
        self, hub: Hub, connections: Collection[Connection], limits: ConnectionLimits, directory: Path | None
    ) -> None:
        self._hub = hub
        self._connections = connections
        self._limits = limits
        self._directory = directory
        self._started = time.time()

    def trouble(self) -> str:
        """Return why nothing can be stored, or ""."""
        if self._directory is None:
            return ""
        try:
            return "The server's disk is full." if free_bytes(self._directory) < RESERVE_BYTES else ""
        except OSError:
            return "The server cannot read its data directory."

    def gauges(self) -> list[Gauge]:
        """Return the numbers, each with its name and what it means."""
        dialects = Counter(connection.dialect for connection in self._connections)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        state = self._hub.state
        found = [
            Gauge("connections", "Open connections by dialect.", dialects, "dialect"),
            Gauge("connections_waiting", "Connections that have not logged in.", self._limits.strangers),
            Gauge("users_online", "Users who are online.", len(self._hub.online.present)),
            Gauge("accounts", "Registered accounts.", len(state.users)),
            Gauge("rooms", "Rooms.", len(state.rooms)),
            Gauge("room_entries", "Entries ever stored in rooms.", sum(room.head for room in state.rooms.values())),
            Gauge("cpu_seconds_total", "CPU time of the server.", round(usage.ru_utime + usage.ru_stime, 3)),
            Gauge("start_time_seconds", "When the server started, in seconds since 1970.", round(self._started, 3)),
        ]
        if self._directory is not None:
            found += self._on_disk(self._directory)
        return found

    @staticmethod
    def _on_disk(directory: Path) -> list[Gauge]:
        sizes: Mapping[str, int] = {}
        free = 0
        try:
            sizes = {each.name: each.stat().st_size for each in os.scandir(directory) if ".db" in each.name}
            free = free_bytes(directory)
        except OSError:
            pass
        return [
            Gauge("database_bytes", "Size of the database, with its log.", sum(sizes.values())),
            Gauge("disk_free_bytes", "Free bytes on the disk of the database.", free),
        ]
