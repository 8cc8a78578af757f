"""A jumping clock changes neither the order of messages nor any right."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from socketchat.journal import Keep, Stored
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.protocol import commands
from socketchat.protocol.codec import decode_text
from socketchat.protocol.events import Bye, Entry, Error, Ok
from tests.journal.desk import opened, say, text_of
from tests.server.house import Caller, House, run

pytestmark = pytest.mark.faults

LONG = bool(os.environ.get("SOCKETCHAT_LONG"))
HOUR = 3_600_000
YEAR = 365 * 24 * HOUR
JUMPS = (-10 * YEAR, -HOUR, -1, 0, 1, HOUR, 10 * YEAR)
ROOMS = ("#a", "#b", "#c")


class JumpingClock:
    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._now = 20 * YEAR

    def __call__(self) -> int:
        self._now = max(0, self._now + self._chance.choice(JUMPS))
        return self._now


async def jump(directory: Path, seed: int) -> None:
    chance = random.Random(seed)
    said: dict[str, list[str]] = {room: [] for room in ROOMS}
    before: dict[str, int] = {}
    for opening in range(5):
        clock = JumpingClock(seed + opening)
        async with opened(SQLiteJournal(str(directory), asyncio.get_running_loop(), clock=clock)) as desk:
            for number in range(40):
                proposals = [
                    say(f"{opening} {number} {n}", chance.choice(ROOMS)) for n in range(chance.randrange(1, 5))
                ]
                for outcome in await desk.store(*proposals):
                    assert isinstance(outcome, Stored)
                    said[outcome.entry.conversation].append(text_of(outcome.entry))
                    assert outcome.entry.seq == len(said[outcome.entry.conversation])
            for room, texts in said.items():
                entries = await desk.journal.read(room, limit=10_000)
                assert [text_of(entry) for entry in entries] == texts
                times = [entry.ts for entry in entries[before.get(room, 0) :]]
                assert times == sorted(times)  # a start may find that the clock was wrong until then
                before[room] = len(entries)


@pytest.mark.parametrize("seed", range(100 if LONG else 5))
def test_clock_changes_do_not_change_the_order(tmp_path: Path, seed: int) -> None:
    asyncio.run(jump(tmp_path, seed))


class Wall:
    """A clock that is set by hand, while the other clocks go on."""

    def __init__(self) -> None:
        self.now = 40 * YEAR

    def __call__(self) -> int:
        return self.now


async def five(bob: Caller) -> list[Entry]:
    """Return the next five things that alice said, as bob hears them."""
    heard: list[Entry] = []
    while len(heard) < 5:
        event = await bob.event()
        assert not isinstance(event, Error | Bye), event
        if isinstance(event, Entry) and (event.kind, event.name) == ("message", "alice"):
            heard.append(event)
    return heard


async def said_by(alice: Caller, bob: Caller, number: int) -> list[Entry]:
    """Let alice say five things, and return them as bob hears them."""
    for n in range(5):
        await alice.say(commands.Send(id=n, to="#lobby", text=f"{number} {n}"))
    heard = await five(bob)
    assert not [event for event in await alice.barrier() if isinstance(event, Error | Bye)]
    return heard


async def answer(caller: Caller, command: commands.Command) -> type:
    """Return whether a command is answered by an ok or an error."""
    await caller.say(command)
    while not isinstance(event := await caller.event(), Ok | Error):
        pass
    return type(event)


async def live_through(house: House, wall: Wall) -> None:
    """Jump forward and back while users talk, reconnect and are banned, and old entries could be dropped."""
    hub = house.server.hub
    hub.journal.keep = Keep(90 * 24 * HOUR)
    alice, bob, eve = await house.native("alice"), await house.native("bob"), await house.native("eve")
    await answer(alice, commands.Join(id=1, room="#club"))
    await answer(eve, commands.Join(id=1, room="#club"))
    assert await answer(alice, commands.Ban(id=2, room="#club", name="eve", seconds=7200)) is Ok
    heard: list[Entry] = []
    for number, jump in enumerate((HOUR, -HOUR, 10 * YEAR, -10 * YEAR)):
        for now in (wall.now + jump, wall.now):
            wall.now = now
            house.clock.now += 60
            heard += await said_by(alice, bob, number)
            let_in = await answer(eve, commands.Join(id=3, room="#club"))
            assert let_in is Error  # bans end by the time that entries get, which does not follow a jump
            newcomer = await house.plain(f"new{number}")
            await newcomer.write(b"hello\n/quit\n")
            assert b"hello" not in await newcomer.end()
            bob.hang_up()
            bob = await house.native("bob", epoch=hub.logins.epoch, positions={"#lobby": heard[-5].seq - 1})
            assert await five(bob) == heard[-5:]
    assert [e.seq for e in heard] == sorted({e.seq for e in heard})
    assert [e.ts for e in heard] == sorted(e.ts for e in heard)
    assert [decode_text(e).text for e in heard] == [f"{n} {k}" for n in range(4) for _ in range(2) for k in range(5)]
    assert hub.directory.conversations["#lobby"].floor == 1
    assert hub.online.names() == ["alice", "bob", "eve"]


@pytest.mark.parametrize(("loop", "tls"), [("asyncio", False), ("uvloop", True)])
def test_a_server_survives_clock_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loop: str, *, tls: bool
) -> None:
    monkeypatch.setattr("socketchat.journal.sqlite.upkeep.scheduler.SWEEP_SECONDS", 0.0)
    wall = Wall()
    run(
        loop,
        lambda house: live_through(house, wall),
        journal=lambda on: SQLiteJournal(str(tmp_path), on, clock=wall),
        limited=True,
        tls=tls,
    )
