"""Tests when the writer thread does what is not part of a commit."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from socketchat.journal.sqlite import writer
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.journal.sqlite.upkeep.scheduler import Scheduler
from tests.journal.desk import opened, say

DEADLINE = 5.0


def test_a_busy_writer_lets_messages_be_delivered_before_its_upkeep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered, done = threading.Event(), threading.Event()
    rests: list[float] = []
    steps: list[bool] = []  # whether the message was delivered when each began
    step = Scheduler.step

    def rest(seconds: float) -> None:
        rests.append(seconds)
        assert delivered.wait(DEADLINE)

    def is_due(_scheduler: Scheduler, *, idle: bool) -> bool:
        return not idle

    def watched(self: Scheduler, *arguments: Any) -> None:
        steps.append(delivered.is_set())
        step(self, *arguments)
        done.set()

    async def check() -> None:
        async with opened(SQLiteJournal(str(tmp_path), asyncio.get_running_loop())) as desk:
            desk.on_report = lambda _: delivered.set()
            desk.journal.submit(say())
            assert await asyncio.to_thread(done.wait, DEADLINE)

    monkeypatch.setattr(writer.time, "sleep", rest)
    monkeypatch.setattr(Scheduler, "is_due", is_due)
    monkeypatch.setattr(Scheduler, "step", watched)
    asyncio.run(check())
    assert (rests, steps) == ([writer.DELIVERY_SECONDS], [True])
