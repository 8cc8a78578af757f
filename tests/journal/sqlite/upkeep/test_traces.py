"""Deleted, erased and dropped text is in no file, wherever SQLite had put or moved it."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import apsw
import pytest

from socketchat.journal import Keep, Proposal, Query, Revision, Stored
from socketchat.journal.sqlite.journal import SQLiteJournal
from tests.journal.desk import Desk, opened, say

LONG = bool(os.environ.get("SOCKETCHAT_LONG"))
ROOMS = ("#a", "#b", "#c", "#d")
AUTHORS = ("u1", "u2", "u3", "u4")
SIZES = (1, 3, 10, 40, 150, 400, 1000, 1900, 3900, 4100, 9000, 20_000)
DAY = 86_400_000


Place = tuple[str, int]


class Said(NamedTuple):
    author: str
    ts: int
    word: str
    of: Place | None


class Talk:
    """Says, edits, deletes, erases and lets expire at random, and knows which words have to be gone then."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.now = 1_000 * DAY
        self._desk = desk
        self._chance = random.Random(seed)
        self._said: dict[Place, Said] = {}
        self._floors: dict[str, int] = {}
        self._rose = asyncio.Event()
        desk.journal.revised = self._revised

    def words(self) -> set[str]:
        """Return the words that may be found."""
        return {said.word for said in self._said.values()}

    async def say(self, count: int) -> None:
        await self._store([(self._chance.choice(ROOMS), self._chance.choice(AUTHORS), None) for _ in range(count)])

    async def edit(self, count: int) -> None:
        await self._store([(place[0], self._said[place].author, place) for place in self._some(count)])

    async def delete(self, count: int) -> None:
        for place in self._some(count):
            (room, seq), author = place, self._said[place].author
            [outcome] = await self._desk.store(Proposal(room, author, author, "delete", b'{"of":%d}' % seq, of=seq))
            assert isinstance(outcome, Stored)
            self._forget(lambda where, said, place=place: place in {where, said.of})

    async def erase(self) -> None:
        author = self._chance.choice(AUTHORS)
        await self._desk.journal.erase(author)
        self._forget(lambda _, said: said.author == author)

    async def expire(self) -> None:
        room, kept_for = self._chance.choice(ROOMS), self._chance.randrange(3) * DAY
        oldest = self.now - kept_for
        goes = [seq for (where, seq), said in self._said.items() if where == room and said.ts < oldest]
        self._desk.journal.keep = Keep(None, {room: kept_for})
        while goes and self._floors.get(room, 1) <= max(goes):
            self._rose.clear()
            await self._rose.wait()
        self._desk.journal.keep = Keep()
        self._forget(lambda where, said: where[0] == room and said.ts < oldest)

    async def _store(self, what: list[tuple[str, str, Place | None]]) -> None:
        proposals, words = [], []
        for room, author, of in what:
            words.append(self._chance.randbytes(8).hex())
            text = f"{words[-1]} " * (1 + self._chance.choice(SIZES) // 17)
            body = {"text": text} if of is None else {"of": of[1], "text": text}
            kind, seq = ("message", None) if of is None else ("edit", of[1])
            proposals.append(Proposal(room, author, author, kind, json.dumps(body).encode(), of=seq))
        for outcome, word, (room, author, of) in zip(await self._desk.store(*proposals), words, what, strict=True):
            assert isinstance(outcome, Stored)
            self._said[room, outcome.entry.seq] = Said(author, outcome.entry.ts, word, of)

    def _some(self, count: int) -> list[Place]:
        changeable = sorted(place for place, said in self._said.items() if said.of is None)
        return self._chance.sample(changeable, min(count, len(changeable)))

    def _forget(self, goes: Callable[[Place, Said], bool]) -> None:
        self._said = {place: said for place, said in self._said.items() if not goes(place, said)}

    def _revised(self, revision: Revision) -> None:
        self._floors.update(revision.floors)
        self._rose.set()


def left_in_files(directory: Path, words: Iterable[str]) -> set[str]:
    """Return which of the words are in any file.

    The index stores of a word only the part that differs from the word before. This runs in a separate process, as
    closing a file of the database here would release SQLite's locks.
    """
    ends = "\n".join(word[5:] for word in words)
    command = ["grep", "-rahoF", "-f", "-", directory]
    found = subprocess.run(command, input=ends, stdout=subprocess.PIPE, text=True, check=False)
    return set(found.stdout.split())


async def talk_and_look(directory: Path, seed: int, rounds: int) -> None:
    chance = random.Random(seed)
    clock = lambda: talk.now  # noqa: E731
    async with opened(SQLiteJournal(str(directory), asyncio.get_running_loop(), clock=clock, passed=clock)) as desk:
        talk = Talk(desk, seed)
        looker = desk.journal._database.open_reader()
        gone: set[str] = set()
        await talk.say(200)
        for _ in range(rounds):
            gone |= talk.words()
            await talk.say(chance.randrange(100))
            await desk.journal.search(Query("x", ROOMS, 1))
            await talk.edit(chance.randrange(20))
            for _ in range(chance.randrange(3)):
                talk.now += DAY
                await talk.say(chance.randrange(40))
            way = chance.randrange(4)
            if way == 0:
                await talk.erase()
            elif way == 1:
                await talk.expire()
            else:
                await talk.delete(chance.choice([1, 5, 60]))
            while next(looker.execute("SELECT deleted FROM meta")) != (0,):
                await desk.store(say("and others talk on", "#other"))
                await desk.journal.read(chance.choice(ROOMS), limit=1000)
            gone -= talk.words()
            assert left_in_files(directory, gone) == set()
            assert left_in_files(directory, talk.words()) == {word[5:] for word in talk.words()}
        looker.close()
    db = apsw.Connection(str(directory / "socketchat.db"))
    assert db.pragma("integrity_check") == "ok"
    assert db.execute("SELECT count(*) FROM words WHERE words MATCH 'text : x OR tags : c1'").get is not None
    db.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socketchat.journal.sqlite.upkeep.secure_delete.SCRUB_SECONDS", 0.0)
    monkeypatch.setattr("socketchat.journal.sqlite.upkeep.scheduler.SWEEP_SECONDS", 0.0)
    monkeypatch.setattr("socketchat.journal.sqlite.upkeep.scheduler.FORGETTING_PACE_SECONDS", 0.005)
    monkeypatch.setattr("socketchat.journal.sqlite.writer.IDLE_SECONDS", 0.01)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("seed", range(2))
def test_deleted_text_is_in_no_file(tmp_path: Path, seed: int) -> None:
    asyncio.run(asyncio.wait_for(talk_and_look(tmp_path, seed, 6), 60))


@pytest.mark.faults
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("seed", range(100, 400 if LONG else 104))
def test_deleted_text_is_in_no_file_after_many_entries(tmp_path: Path, seed: int) -> None:
    asyncio.run(asyncio.wait_for(talk_and_look(tmp_path, seed, 30), 300))
