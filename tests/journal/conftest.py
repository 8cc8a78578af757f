"""Fixtures of the journal's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journal.backends import Backend, InMemory, InSQLite
from tests.journal.disk import Disk, inserted


@pytest.fixture
def disk() -> Iterator[Disk]:
    with inserted() as disk:
        yield disk


@pytest.fixture(params=["memory", "sqlite"])
def backend(request: pytest.FixtureRequest, tmp_path: Path, disk: Disk) -> Backend:
    return InMemory() if request.param == "memory" else InSQLite(tmp_path / "data", disk)
