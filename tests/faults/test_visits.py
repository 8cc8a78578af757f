"""A ``join`` that is killed or stopped at any moment: its messages are stored once, and missed ones shown once."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from socketchat import Client, Entry, connect, text_of
from socketchat.client.identity.profiles import Profiles
from socketchat.client.outbox_file import count_kept
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.protocol.text.rows import CONTINUED
from socketchat.server.limits import STALL_SECONDS
from tests.client.serving import serving
from tests.faults.load import EVERYTHING
from tests.server.house import House, opened

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]

LONG = bool(os.environ.get("SOCKETCHAT_LONG"))
KILLS = 200 if LONG else 8
STOPS = 15 if LONG else 3
LINES = 600
"""Lines that are typed together: far more than are sent concurrently."""

LONG_TEXT = "x" * 12_000
"""Fewer than 1,000 of these fill the buffers of a connection, so that no entries are skipped."""


@contextmanager
def join(port: int, **pipes: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "socketchat", "join", "ann", "--port", str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0, **pipes) as visit:
        try:
            yield visit
        finally:
            visit.kill()


def type_lines(visit: subprocess.Popen[bytes], lines: list[str]) -> None:
    """Write lines to a visit, as far as it reads them."""
    with suppress(BrokenPipeError):
        visit.stdin.write("".join(f"{line}\n" for line in lines).encode())


async def hear(client: Client, wanted: Callable[[Entry], bool]) -> Entry:
    async for event in client:
        if isinstance(event, Entry) and event.kind == "message" and wanted(event):
            return event
    raise AssertionError


async def said_by(ann: str, directory: Path) -> list[str]:
    """Return all stored messages of a user, in order."""
    journal = SQLiteJournal(str(directory), asyncio.get_running_loop())
    await journal.open()
    entries = await journal.read("#lobby", limit=EVERYTHING)
    await journal.close()
    return [text_of(entry) for entry in entries if entry.kind == "message" and entry.name == ann]


async def kill_visits(directory: Path) -> None:
    loop = asyncio.get_running_loop()
    chance = random.Random(7)
    typed = [[f"{round_} {number}" for number in range(LINES)] for round_ in range(KILLS)]
    kept: list[int] = []
    with serving(directory, "--no-limits") as server:
        outbox = Profiles().server("127.0.0.1", server.port).outbox("ann")
        async with connect("127.0.0.1", server.port, name="bob", profile=None) as bob:
            for lines in typed:
                with join(server.port) as visit:
                    feeding = loop.run_in_executor(None, type_lines, visit, lines)
                    # The first lines may be left from the run before: this one is killed while it adopts them.
                    for _ in range(chance.choice([1, 1, chance.randrange(1, LINES)])):
                        heard = await hear(bob, lambda entry: entry.name == "ann")
                        if text_of(heard) == lines[-1]:
                            break
                    visit.kill()
                    await feeding
                kept.append(count_kept(outbox))
            with join(server.port) as visit:
                visit.stdin.close()
                assert await loop.run_in_executor(None, visit.wait, 60) == 0
        await loop.run_in_executor(None, server.end)
    assert any(kept)
    assert count_kept(outbox) == 0
    stored = await said_by("ann", directory / "data")
    for lines in typed:
        of_round = stored[: sum(text.split()[0] == lines[0].split()[0] for text in stored)]
        assert of_round == lines[: len(of_round)]
        stored = stored[len(of_round) :]
    assert stored == []


def test_messages_of_killed_clients_are_stored_once_and_in_order(tmp_path: Path) -> None:
    asyncio.run(kill_visits(tmp_path))


async def stop_visits(directory: Path) -> None:
    """Stop a visit in the middle of its lines, mostly until the server has closed its connection."""
    loop = asyncio.get_running_loop()
    chance = random.Random(8)
    typed: list[str] = []
    spoken: list[str] = []
    async with (
        opened(f"sqlite:{directory / 'data'}", tls=True) as house,
        connect("127.0.0.1", house.port, name="bob", profile=None) as bob,
    ):
        with join(house.port, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as visit:
            shown = loop.run_in_executor(None, read_from_bob, visit)
            for round_ in range(STOPS):
                lines = [f"{round_} {number}" for number in range(LINES)]
                typed += lines
                feeding = loop.run_in_executor(None, type_lines, visit, lines)
                last = lines[chance.randrange(LINES // 2)]
                await hear(bob, lambda entry, last=last: text_of(entry) == last)
                visit.send_signal(signal.SIGSTOP)
                await speak_to_the_stopped(house, bob, spoken, closes=round_ % 3 != 2)
                visit.send_signal(signal.SIGCONT)
                await hear(bob, lambda entry, last=lines[-1]: text_of(entry) == last)
                await feeding
            spoken.append("end")
            await bob.send("#lobby", "end")
            assert await shown == spoken
            visit.stdin.close()
            assert await loop.run_in_executor(None, visit.wait, 60) == 0
            complaints = visit.stderr.read().decode()
    assert complaints.count("Connection lost") == sum(round_ % 3 != 2 for round_ in range(STOPS)), complaints
    assert await said_by("ann", directory / "data") == typed


async def speak_to_the_stopped(house: House, bob: Client, spoken: list[str], *, closes: bool) -> None:
    """Send so much that the client falls behind, or just a little; with ``closes``, it then stalls for too long."""
    (stopped,) = (each for each in house.server.connections if each.session.user.name == "ann")
    while not stopped._pressure.full_since if closes else len(spoken) % 5 != 4:
        spoken.append(f"{len(spoken)} {LONG_TEXT}")
        await bob.send("#lobby", spoken[-1])
    spoken.append(f"{len(spoken)} and more")
    await bob.send("#lobby", spoken[-1])
    while closes and stopped in house.server.connections:
        house.clock.now += STALL_SECONDS + 1
        house.server._sweep()
        await bob.send("#lobby", f"at {house.clock.now}")
        spoken.append(f"at {house.clock.now}")


def read_from_bob(visit: subprocess.Popen[bytes]) -> list[str]:
    """Return the messages of bob that a client shows, up to the last one."""
    shown: list[str] = []
    while not shown or shown[-1] != "end":
        line = visit.stdout.readline()
        assert line, shown[-1:]
        row = line.decode().rstrip("\n")
        name, _, text = row.partition(": ")
        if row.startswith(CONTINUED) and shown:
            shown[-1] += row.removeprefix(CONTINUED)
        elif name == "bob":
            shown.append(text)
    return shown


def test_a_stopped_client_resumes_where_it_was(tmp_path: Path) -> None:
    asyncio.run(stop_visits(tmp_path))
