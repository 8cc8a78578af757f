"""A flipped bit, in a page of any kind, hides nothing that is intact, gives no seq twice and locks nobody out."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
from pathlib import Path
from typing import NamedTuple

import apsw
import pytest

from socketchat.exceptions import BadFile
from socketchat.journal import Duplicate, Proposal, Query, Stored
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.protocol.events import Entry
from socketchat.protocol.kinds import DAMAGED
from tests.journal.desk import Desk, opened, say

PAGE = 4096
ROOMS = ["*", "#a", "#b"]
LINES = 1_200
OUTBOX = 7
FLIPS = 60 if os.environ.get("SOCKETCHAT_LONG") else 3
"""Bits that are flipped in each kind of page, one store each: in its header, among its pointers, and in its cells."""

KINDS = [
    ("entry", "leaf"),
    ("entry", "internal"),
    ("entry", "overflow"),
    ("place", "leaf"),
    ("place", "internal"),
    ("sent", "leaf"),
    ("sent", "internal"),
    ("edit", "leaf"),
    ("edit", "internal"),
    ("fact", "leaf"),
    ("fact", "internal"),
    ("conversation", "leaf"),
    ("sqlite_autoindex_conversation_1", "leaf"),
    ("mark", "leaf"),
    ("meta", "leaf"),
    ("words_data", "leaf"),
    ("words_data", "internal"),
    ("words_idx", "leaf"),
    ("words_docsize", "leaf"),
    ("words_docsize", "internal"),
]
NEEDED = {"entry", "conversation", "meta"}
"""Tables that hold what nothing else knows: if one cannot be read, or an account is lost, the start says so."""


class Whole(NamedTuple):
    """A store, what is in it, and where its pages of each kind are."""

    directory: Path
    entries: dict[str, list[Entry]]
    current: dict[str, list[Entry]]
    facts: list[Entry]
    pages: dict[tuple[str, str], list[int]]


def lines() -> list[Proposal]:
    proposals = []
    for n in range(1, LINES + 1):
        text = "long " * 1_500 if n % 400 == 0 else f"word{n} " + "x" * (n % 90)
        proposals += [
            say(f"user{n}", "*", fact=True, claims=(f"name:{n}",)),
            say(text, "#a", key=(OUTBOX, n)),
            say(f"b{n}", "#b", fact=n % 3 == 0),
        ]
    for n in range(1, LINES, 2):
        body = json.dumps({"of": n, "text": f"edited {n}"}).encode()
        proposals.append(Proposal("#a", "u1", "alice", "edit", body, of=n, key=(OUTBOX, LINES + n)))
    return proposals


async def read_all(desk: Desk, *, current: bool = False) -> dict[str, list[Entry]]:
    entries: dict[str, list[Entry]] = {}
    for room in ROOMS:
        head = desk.state.heads[room]
        entries[room] = []
        for after in range(0, head, 64):
            entries[room] += await desk.journal.read(room, after=after, upto=head, limit=64, current=current)
        newest = await desk.journal.read(room, before=head + 1, upto=head, limit=50, current=current)
        assert newest == entries[room][-50:]
    return entries


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    directory = tmp_path_factory.mktemp("flips") / "data"

    async def fill() -> Whole:
        async with opened(SQLiteJournal(str(directory), asyncio.get_running_loop())) as desk:
            for proposal in (batch := lines()):
                desk.journal.submit(proposal)
                if len(batch) > 1 and proposal.body.endswith(b'0"}'):
                    await asyncio.sleep(0)
            await desk.outcome(batch[-1])
            for n in range(300):
                desk.journal.mark(f"u{n}", "#a", n)
            await desk.journal.search(Query("word1", ["#a"], 1))
        async with opened(SQLiteJournal(str(directory), asyncio.get_running_loop())) as desk:
            now = await read_all(desk, current=True)
            return Whole(directory, await read_all(desk), now, desk.state.facts, {})

    store = asyncio.run(fill())
    db = apsw.Connection(str(directory / "socketchat.db"))
    for name, kind, number in db.execute("SELECT name, pagetype, pageno FROM dbstat"):
        store.pages.setdefault((name, kind), []).append(number)
    db.close()
    return store


def flip(page: bytearray, chance: random.Random, nth: int) -> None:
    """Flip a bit of a page: in turn in its header, among the pointers to its cells, and in its cells."""
    header = 12 if page[0] in {2, 5} else 8
    if page[0] not in {2, 5, 10, 13}:
        begin, end = 0, PAGE
    elif nth % 3 == 0:
        begin, end = 0, header
    elif nth % 3 == 1:
        begin, end = header, header + 2 * int.from_bytes(page[3:5], "big")
    else:
        begin, end = int.from_bytes(page[5:7], "big") or PAGE - 1, PAGE
    page[chance.randrange(begin, max(end, begin + 1))] ^= 1 << chance.randrange(8)


@pytest.mark.parametrize("nth", range(FLIPS))
@pytest.mark.parametrize("kind", KINDS, ids="-".join)
def test_a_flipped_bit_hides_nothing_that_is_intact(
    whole: Whole, tmp_path: Path, kind: tuple[str, str], nth: int
) -> None:
    chance = random.Random(f"{kind} {nth}")
    number = chance.choice(whole.pages[kind])
    data = tmp_path / "data"
    shutil.copytree(whole.directory, data)
    with (data / "socketchat.db").open("r+b") as file:
        file.seek((number - 1) * PAGE)
        page = bytearray(file.read(PAGE))
        flip(page, chance, nth)
        file.seek((number - 1) * PAGE)
        file.write(page)
    try:
        asyncio.run(check(whole, data, may_lose=kind[0] == "entry"))
    except BadFile:
        assert kind[0] in NEEDED


async def check(whole: Whole, data: Path, *, may_lose: bool) -> None:
    async with opened(SQLiteJournal(str(data), asyncio.get_running_loop())) as desk:
        assert desk.state.heads == {room: len(entries) for room, entries in whole.entries.items()}
        assert desk.state.facts == whole.facts
        lost = compare(await read_all(desk), whole.entries)
        assert may_lose or not lost
        await asyncio.wrap_future(desk.journal._audit)
        stored, *again = await desk.store(
            say("new"), *(say("again", "#a", key=(OUTBOX, n)) for n in range(1, LINES, 37))
        )
        assert isinstance(stored, Stored)
        for n, outcome in zip(range(1, LINES, 37), again, strict=True):
            assert isinstance(outcome, Duplicate)
            assert outcome.entry == whole.entries["#a"][n - 1] or ("#a", n) in lost
        (new,) = await desk.store(say("new", "#a"))
        assert isinstance(new, Stored)
        assert new.entry.seq == len(whole.entries["#a"]) + 1
        whole_now = {**whole.current, "#a": [as_left(whole, entry, lost) for entry in whole.current["#a"]]}
        compare(await read_all(desk, current=True), whole_now)
        found = await desk.journal.search(Query("word700", ["#a"], 5))
        assert found.entries == [] or found.entries[0] in whole.entries["#a"]


def as_left(whole: Whole, entry: Entry, lost: set[tuple[str, int]]) -> Entry:
    """Return an entry as it reads if its edit, where it has one, may be lost."""
    edited = json.loads(bytes(entry.body)).get("edited", 0)
    return whole.entries["#a"][entry.seq - 1] if ("#a", edited) in lost else entry


def compare(read: dict[str, list[Entry]], expected: dict[str, list[Entry]]) -> set[tuple[str, int]]:
    """Return the places that are damaged; all others hold what was stored."""
    lost = set()
    for room, entries in expected.items():
        assert [entry.seq for entry in read[room]] == [entry.seq for entry in entries]
        for got, stored in zip(read[room], entries, strict=True):
            if got.kind == DAMAGED:
                lost.add((room, got.seq))
            else:
                assert got == stored
    assert len(lost) < 200, "more than a page holds"
    return lost


def test_an_intact_store_is_found_intact(whole: Whole, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    shutil.copytree(whole.directory, tmp_path / "data")
    asyncio.run(check(whole, tmp_path / "data", may_lose=False))
    assert caplog.text == ""


def test_every_kind_of_page_is_tried(whole: Whole) -> None:
    assert set(KINDS) <= set(whole.pages)
    assert {name for name, _ in whole.pages} - {name for name, _ in KINDS} <= {
        "sqlite_schema", "claim", "erasure", "words_config", "words_content"
    }  # fmt: skip
