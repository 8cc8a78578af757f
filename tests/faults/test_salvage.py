"""A recovery of a store with any damage reports it, and keeps all intact entries."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
from pathlib import Path

import apsw
import pytest

from socketchat.exceptions import BadFile
from socketchat.journal import Proposal
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.journal.sqlite.offline.recovery import Report, recover
from socketchat.protocol.events import Entry
from socketchat.protocol.kinds import DAMAGED
from tests.journal.desk import opened, say

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1200)]

LONG = bool(os.environ.get("SOCKETCHAT_LONG"))
TRIALS = 500 if LONG else 25
PAGE = 4096
ROOMS = ("#a", "#b", "#c")
SIZES = (1, 10, 100, 700, 3000, 9000, 20_000)

Entries = dict[tuple[str, int], Entry]


def journal_in(directory: Path) -> SQLiteJournal:
    return SQLiteJournal(str(directory), asyncio.get_running_loop())


async def fill(directory: Path, crashed: Path) -> None:
    """Create a store; the second time, a part of it is in the write-ahead log, as after a crash."""
    chance = random.Random(1)
    async with opened(journal_in(directory)) as desk:
        await desk.store(say("alice", "*", fact=True, claims=("name:alice",)))
        for number in range(300):
            text = f"said {number:05} " * (1 + chance.choice(SIZES) // 11)
            await desk.store(say(text, chance.choice(ROOMS), key=(chance.randrange(3), number)))
        for of in range(1, 30):
            body = json.dumps({"of": of, "text": f"said anew {of:05}"}).encode()
            await desk.store(Proposal("#a", "u1", "alice", "edit", body, of=of))
    async with opened(journal_in(directory)) as desk:
        await desk.store(*(say(f"said later {number:05}", chance.choice(ROOMS)) for number in range(50)))
        await asyncio.to_thread(shutil.copytree, directory, crashed)


async def entries_of(directory: Path) -> Entries:
    async with opened(journal_in(directory)) as desk:
        found = [await desk.journal.read(room, limit=9999) for room in desk.state.heads]
    return {(entry.conversation, entry.seq): entry for entries in found for entry in entries}


def vital(database: Path) -> set[int]:
    """Return the pages that are needed to find or identify other pages."""
    db = apsw.Connection(str(database))
    rows = db.execute(
        "SELECT pageno FROM dbstat WHERE pagetype = 'internal' AND name = 'entry' OR name IN ('conversation', 'meta')"
        " UNION SELECT rootpage FROM sqlite_schema WHERE name = 'entry'"
    )
    found = {1} | {int(str(page)) for (page,) in rows}
    db.close()
    return found


def pages_of(entry: Entry, content: bytes) -> set[int]:
    """Return the pages of an entry, found by its text; for a short text, this is one page."""
    text = json.loads(bytes(entry.body))["text"].encode()
    needle, found, at = text[: len(b"said 00000 ")], set(), -1
    while (at := content.find(needle, at + 1)) >= 0:
        found |= {at // PAGE + 1, (at + len(needle)) // PAGE + 1}
    return found


def damage(content: bytearray, chance: random.Random) -> set[int]:
    """Damage a file in one of several ways; return the changed pages."""
    pages = len(content) // PAGE
    spoilt = set(chance.sample(range(1, pages + 1), chance.choice([1, 1, 2, 5, 20])))
    way = chance.randrange(4)
    for page in spoilt:
        begin = (page - 1) * PAGE
        if way == 0:
            content[begin : begin + PAGE] = chance.randbytes(PAGE)
        elif way == 1:
            content[begin : begin + PAGE] = bytes(PAGE)
        elif way == 2:
            content[begin + chance.randrange(PAGE)] ^= 1 << chance.randrange(8)
    if way == 3:
        first = chance.randrange(1, pages)
        spoilt = set(range(first + 1, pages + 1))
        del content[first * PAGE + chance.randrange(PAGE) :]
        spoilt.add(first + 1)
    return spoilt


def try_to_recover(directory: Path) -> Report | None:
    try:
        return recover(directory)
    except BadFile:  # which says what to do
        return None


@pytest.mark.parametrize("crashed", [False, True], ids=["closed", "crashed"])
def test_a_recovery_keeps_intact_entries_for_any_damage(tmp_path: Path, *, crashed: bool) -> None:
    asyncio.run(fill(tmp_path / "closed", tmp_path / "crashed"))
    whole = asyncio.run(entries_of(shutil.copytree(tmp_path / "closed", tmp_path / "looked at")))
    original = tmp_path / ("crashed" if crashed else "closed")
    content = (original / "socketchat.db").read_bytes()
    is_vital = vital(tmp_path / "closed" / "socketchat.db")
    places = {place: pages_of(entry, content) for place, entry in whole.items()}
    recovered = 0
    for seed in range(TRIALS):
        trial = Path(shutil.copytree(original, tmp_path / "trial"))
        spoilt = bytearray(content)
        pages = damage(spoilt, random.Random(seed))
        (trial / "socketchat.db").write_bytes(spoilt)
        report = try_to_recover(trial)
        if report is None:
            assert (trial / "socketchat.db").read_bytes() == spoilt
            assert pages & is_vital or all(pages & those for those in places.values()), seed
        else:
            recovered += 1
            assert (trial / "socketchat.db.damaged").read_bytes() == spoilt
            found = asyncio.run(entries_of(trial))
            lost = {place for place, entry in whole.items() if found.get(place) != entry}
            assert all(place not in found or found[place].kind == DAMAGED for place in lost), seed
            assert report.lost >= sum(entry.kind == DAMAGED for entry in found.values())
            assert report.kept + report.lost >= len(found)
            if not crashed and not pages & is_vital:
                assert not {place for place in lost if not places[place] & pages}, seed
        shutil.rmtree(trial)
    assert recovered > TRIALS / 2
