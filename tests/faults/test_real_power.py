"""A power cut of a real file system loses no stored message."""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path

import pytest

from tests.faults.ext4 import power_disk
from tests.faults.test_commit import ENOUGH, LONG, check, told, writer

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]


def test_acknowledged_messages_survive_power_cuts_of_a_real_file_system(tmp_path: Path) -> None:
    chance = random.Random(7)
    stored: dict[int, tuple[str, int]] = {}
    last = 0
    with power_disk(tmp_path / "disk", 256) as disk:
        for _ in range(100 if LONG else 6):
            with writer(disk.directory / "data", last + 1, ENOUGH) as process:
                assert process.stdout is not None
                lines = [process.stdout.readline() for _ in range(chance.randrange(1, 4000))]
                process.send_signal(signal.SIGSTOP)
                disk.cut()
                process.kill()
                lines += process.stdout.readlines()
            disk.restore()
            stored |= told(lines)
            last = asyncio.run(check(disk.directory / "data", stored))
    assert len(stored) > 1000
