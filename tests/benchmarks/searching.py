"""Search: whether talking users notice other users' searches in a million entries, over sockets."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import tempfile
import threading
from itertools import count
from pathlib import Path

from .report import Section
from .search import WORDS, Bench
from .servers import Socketchat
from .settings import Settings
from .tls import deliveries_beside

ROWS = 1_000_000
SEARCHERS = 2
"""As many as the journal serves concurrently; more would wait, at no further cost to others."""


def run(name: str, settings: Settings) -> Section:
    """Time deliveries to users: alone, and beside users who only search."""
    rows = ROWS if settings.rounds > 1 else ROWS // 10
    with tempfile.TemporaryDirectory(dir=settings.directory) as place:
        asyncio.run(_fill(Path(place), rows))
        return deliveries_beside(name, settings, Socketchat(Path(place)), {f"{SEARCHERS} who search": _search})


async def _fill(data: Path, rows: int) -> None:
    bench = Bench(data, ["#lobby"])
    await bench.journal.open()
    await bench.fill(rows)
    await bench.caught_up()
    await bench.journal.close()


def _search(port: int) -> None:
    """Search again and again, over a few connections."""
    os.nice(10)
    others = [threading.Thread(target=_search_on, args=(port, f"searcher{n}")) for n in range(SEARCHERS)]
    for each in others:
        each.start()


def _search_on(port: int, name: str) -> None:
    """Search for common and rare words, each after the answer to the previous search."""
    with socket.create_connection(("127.0.0.1", port)) as searcher, searcher.makefile("rwb") as lines:
        lines.write(json.dumps({"type": "hello", "name": name, "listen": "none"}).encode() + b"\n")
        for number in count(1):
            words = " ".join(random.choices(WORDS[: random.choice((30, 300, len(WORDS)))], k=random.choice((1, 2))))
            lines.write(json.dumps({"type": "search", "id": number, "words": words}).encode() + b"\n")
            lines.flush()
            answer: dict[str, object] = {}
            while answer.get("type") != "ok":
                answer = json.loads(lines.readline())
                assert answer["type"] != "error", answer
