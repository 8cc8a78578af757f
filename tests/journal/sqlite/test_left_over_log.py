"""A flipped bit in a write-ahead log that a kill left behind ends the history there, and clients are told."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from socketchat.client.session.client_events import Reset
from socketchat.client.session.positions import Positions
from socketchat.journal import Stored
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.protocol.events import Conversation, Entry, Welcome
from tests.journal.desk import opened, say

BATCHES = 40
FRAME = 24 + 4096
"""Bytes of a frame: its header, which has a checksum over all before it, and a page."""


@pytest.fixture
def killed(tmp_path: Path) -> tuple[Path, list[Entry]]:
    """A store as a kill leaves it, with many commits in its log, and what was acknowledged."""

    async def scene() -> list[Entry]:
        async with opened(SQLiteJournal(str(tmp_path / "data"), asyncio.get_running_loop())) as desk:
            outcomes = [(await desk.store(say(f"text {n}")))[0] for n in range(BATCHES)]
            shutil.copytree(tmp_path / "data", tmp_path / "killed")
            return [outcome.entry for outcome in outcomes if isinstance(outcome, Stored)]

    entries = asyncio.run(scene())
    (tmp_path / "killed" / "socketchat.db-shm").unlink()
    return tmp_path / "killed", entries


def flip(log: Path, frame: int, byte: int) -> None:
    data = bytearray(log.read_bytes())
    data[32 + frame * FRAME + byte] ^= 1
    log.write_bytes(data)


def welcome(epoch: str, head: int) -> Welcome:
    told = [Conversation(conversation="#lobby", head=head)]
    return Welcome(epoch=epoch, user="u1", name="ann", token="", version="", limits={}, conversations=told)


@pytest.mark.parametrize("byte", [0, 5, 9, 17, 24, 2_000])
@pytest.mark.parametrize("place", [0.0, 0.5, 0.9])
def test_a_damaged_log_leaves_no_hole_and_resets_clients_that_have_more(
    killed: tuple[Path, list[Entry]], place: float, byte: int
) -> None:
    directory, entries = killed
    log = directory / "socketchat.db-wal"
    flip(log, int(place * ((log.stat().st_size - 32) // FRAME)), byte)

    async def scene() -> None:
        async with opened(SQLiteJournal(str(directory), asyncio.get_running_loop())) as desk:
            head = desk.state.heads.get("#lobby", 0)
            assert head < BATCHES
            assert await desk.journal.read("#lobby", limit=999) == entries[:head]
            (stored,) = await desk.store(say("something else"))
            assert isinstance(stored, Stored)
            assert stored.entry.seq == head + 1
            client = Positions(desk.state.epoch, {"#lobby": BATCHES})
            told, missed, _ = client.login(welcome(desk.state.epoch, head))
            assert [type(each) for each in told] == [Reset]
            assert (client.seqs, missed) == ({"#lobby": head}, 0)
            assert client.take(stored.entry) == (stored.entry,)

    asyncio.run(scene())


def test_an_undamaged_log_loses_nothing(killed: tuple[Path, list[Entry]]) -> None:
    directory, entries = killed

    async def scene() -> None:
        async with opened(SQLiteJournal(str(directory), asyncio.get_running_loop())) as desk:
            assert await desk.journal.read("#lobby", limit=999) == entries
            client = Positions(desk.state.epoch, {"#lobby": BATCHES})
            assert client.login(welcome(desk.state.epoch, desk.state.heads["#lobby"])) == ([], 0, 0)

    asyncio.run(scene())
