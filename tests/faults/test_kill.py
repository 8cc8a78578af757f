"""Acknowledged messages survive kill -9 of the server: once, in one order, without a hole."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.faults.kills import rounds

LONG = bool(os.environ.get("SOCKETCHAT_LONG"))


def test_a_few_kills_under_load_lose_nothing(tmp_path: Path) -> None:
    assert asyncio.run(asyncio.wait_for(rounds(3, tmp_path, seed=5), 50)) > 100


@pytest.mark.faults
@pytest.mark.timeout(7200)
def test_many_kills_under_load_lose_nothing(tmp_path: Path) -> None:
    if LONG:
        assert asyncio.run(rounds(300, tmp_path, seed=20, most=8000)) > 1_000_000
    else:
        assert asyncio.run(rounds(30, tmp_path, seed=20)) > 1000
