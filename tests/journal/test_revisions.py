"""Editing, deleting, erasing and dropping of entries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from socketchat.journal import Duplicate, Keep, Proposal, Query, Revision, Stored, Unchangeable
from socketchat.journal.sqlite import ledger
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.journal.sqlite.upkeep import retention as forgetting
from socketchat.journal.sqlite.upkeep import scheduler as upkeep
from socketchat.protocol.events import Entry
from tests.journal.backends import Backend, InSQLite
from tests.journal.desk import Desk, opened, say
from tests.journal.disk import Disk

BLANK = {"text": "", "deleted": True}
DAY = 86_400_000


def play(scene: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scene())


def edit(of: int, text: str, conversation: str = "#lobby") -> Proposal:
    body = json.dumps({"of": of, "text": text}).encode()
    return Proposal(conversation, "u1", "alice", "edit", body, of=of)


def delete(of: int, conversation: str = "#lobby", **more: tuple[int, int]) -> Proposal:
    return Proposal(conversation, "u1", "alice", "delete", b'{"of":%d}' % of, of=of, **more)


def by(author: str, text: str, conversation: str = "#lobby", kind: str = "message") -> Proposal:
    return Proposal(conversation, author, author, kind, json.dumps({"text": text}).encode())


def body(entry: Entry) -> dict[str, object]:
    return dict(json.loads(bytes(entry.body)))


async def bodies(desk: Desk, conversation: str = "#lobby") -> list[dict[str, object]]:
    return [body(entry) for entry in await desk.journal.read(conversation, limit=1000)]


async def found(desk: Desk, words: str) -> list[int]:
    return [entry.seq for entry in (await desk.journal.search(Query(words, ["#lobby"], 100))).entries]


def refer(of: int, kind: str, text: str = "yes") -> Proposal:
    return Proposal("#lobby", "u2", "bob", kind, json.dumps({"of": of, "text": text}).encode(), of=of)


@pytest.mark.parametrize("kind", ["reaction", "notice", "message"])
def test_only_edits_change_the_entry_that_they_refer_to(backend: Backend, kind: str) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            outcomes = await desk.store(say("one"), edit(1, "two"), refer(1, kind))
            assert [outcome.changed for outcome in outcomes] == [(), (), ()]
            current = await desk.journal.read("#lobby", limit=9, current=True)
            assert [body(entry).get("text") for entry in current] == ["two", "two", "yes"]
            await desk.store(delete(1))
            assert [body(entry).get("text") for entry in await desk.journal.read("#lobby", limit=9)][:3] == [
                "", "", "yes"
            ]  # fmt: skip
            assert await desk.store(gone := refer(1, kind)) == [Unchangeable(gone)]

    play(scene)


@pytest.mark.parametrize("indexed", [False, True])
def test_a_delete_blanks_an_entry_and_its_edits(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, *, indexed: bool
) -> None:
    monkeypatch.setattr(upkeep, "LEFT_FOR_SEARCHES", 0 if indexed else 99)

    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            await desk.store(say("secrte"), say("other"), edit(1, "secret word"))
            await desk.store(edit(1, "secret"), edit(2, "another"))
            before = await desk.journal.read("#lobby", limit=9)
            if indexed:
                assert await found(desk, "secret") == [4, 3]
            [stored] = await desk.store(delete(1))
            assert isinstance(stored, Stored)
            assert (stored.entry.seq, stored.changed) == (6, (1, 3, 4))
            edited = {"of": 1, **BLANK}
            assert await bodies(desk) == [
                BLANK, {"text": "other"}, edited, edited, {"of": 2, "text": "another"}, {"of": 1}
            ]  # fmt: skip
            after = await desk.journal.read("#lobby", limit=9)
            places = [(e.seq, e.ts, e.author, e.name, e.kind) for e in before]
            assert [(e.seq, e.ts, e.author, e.name, e.kind) for e in after[:5]] == places
            assert [await found(desk, word) for word in ("secret", "secrte", "another")] == [[], [], [5]]
        async with opened(backend.journal()) as desk:
            assert await desk.journal.read("#lobby", limit=9) == after

    play(scene)


def test_a_current_read_has_the_newest_text(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            await desk.store(say("one"), say("two"), say("three"), edit(1, "one a"), edit(2, "two a"))
            await desk.store(edit(1, "one b"), delete(2))

            async def now(**asked: int) -> list[dict[str, object]]:
                return [body(each) for each in await desk.journal.read("#lobby", limit=9, current=True, **asked)]

            edits = [{"of": 1, "text": "one a"}, {"of": 2, **BLANK}, {"of": 1, "text": "one b"}, {"of": 2}]
            assert await now() == [{"text": "one b", "edited": 6}, BLANK, {"text": "three"}, *edits]
            assert await now(before=3) == [{"text": "one b", "edited": 6}, BLANK]
            assert await now(after=2, upto=3) == [{"text": "three"}]
            assert await now(after=99) == []
            assert (await bodies(desk))[0] == {"text": "one"}

    play(scene)


def test_missing_entries_and_facts_cannot_be_changed(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            await desk.store(say("one"), by("u1", "topic", kind="topic"), edit(1, "two"))
            await desk.store(say("gone"))
            await desk.store(delete(4))
            wrong = [delete(of) for of in (0, -1, 2, 3, 4, 5, 99)] + [edit(of, "x") for of in (2, 3, 4, 99)]
            wrong += [delete(1, "#nowhere"), edit(1, "x", "#nowhere")]
            assert await desk.store(*wrong) == [Unchangeable(proposal) for proposal in wrong]
            twice = [delete(1), delete(1), edit(1, "late")]
            assert [type(o) for o in await desk.store(*twice)] == [Stored, Unchangeable, Unchangeable]

    play(scene)


def test_a_delete_repeated_under_its_key_is_stored_once(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            await desk.store(say("one", key=(7, 1)))
            again = delete(1, key=(7, 2))
            [stored] = await desk.store(delete(1, key=(7, 2)))
            assert isinstance(stored, Stored)
            assert await desk.store(again) == [Duplicate(again, stored.entry)]

    play(scene)


def test_erasing_a_user_blanks_every_entry_of_the_user(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "SCANNED", 7)
    monkeypatch.setattr(forgetting, "BLANKED", 2)

    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            revisions: list[Revision] = []
            desk.journal.revised = revisions.append
            for i in range(30):
                await desk.store(by(f"u{i % 3}", f"word {i}", f"#{i % 2}"))
            await desk.store(by("u1", "the topic", "#0", kind="topic"))
            assert await desk.journal.erase("u1") == 10
            blanked: dict[str, list[int]] = {}
            for revision in revisions:
                for name, seqs in revision.blanked.items():
                    blanked.setdefault(name, []).extend(seqs)
            for name in ("#0", "#1"):
                entries = await desk.journal.read(name, limit=99)
                gone = [entry.seq for entry in entries if body(entry) == BLANK]
                assert gone == sorted(blanked[name])
                assert {entry.author for entry in entries if entry.seq in gone} == {"u1"}
            assert body((await desk.journal.read("#0", limit=99))[-1]) == {"text": "the topic"}
            assert await desk.journal.erase("u1") == 0
            assert (await desk.journal.search(Query("word", ["#0"], 99, author="u1"))).entries == []

    play(scene)


def test_an_erasure_reports_its_progress(tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr(forgetting, "SCANNED", 100)

    async def scene() -> None:
        async with opened(InSQLite(tmp_path / "data", disk).journal()) as desk:
            await desk.store(*(by(f"u{n % 2}", f"word {n}") for n in range(1_000)))
            told: list[tuple[int, int]] = []
            assert await desk.journal.erase("u1", lambda done, of: told.append((done, of))) == 500
            assert told == [(100 * n, 1_000) for n in range(1, 10)]

    play(scene)


def test_a_cancelled_wait_stops_neither_the_erasure_nor_the_journal(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            await desk.store(by("u1", "a secret"))
            waits = asyncio.create_task(desk.journal.erase("u1"))
            await asyncio.sleep(0)
            waits.cancel()
            await asyncio.wait([waits])
            await desk.journal.erase("u1")  # which is done together with the other
            assert isinstance((await desk.store(by("u2", "more")))[0], Stored)
            assert [body(entry) for entry in await desk.journal.read("#lobby", limit=9)] == [BLANK, {"text": "more"}]

    play(scene)


def test_erasing_a_user_drops_the_read_markers_of_the_user(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            desk.journal.mark("u1", "#a", 3)
            desk.journal.mark("u2", "#a", 1)
            await desk.store(by("u2", "hello", "#a"))
        async with opened(backend.journal()) as desk:
            assert desk.state.marks == {"u1": {"#a": 3}, "u2": {"#a": 1}}
            desk.journal.mark("u1", "@u1:u2", 9)  # still on its way
            assert await desk.journal.erase("u1") == 0
        async with opened(backend.journal()) as desk:
            assert desk.state.marks == {"u2": {"#a": 1}}

    play(scene)


def test_an_erasure_interrupted_by_a_crash_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "BLANKED", 1)

    async def scene() -> None:
        async with opened(SQLiteJournal(str(tmp_path), asyncio.get_running_loop())) as desk:
            await desk.store(*(by("u1", str(i)) for i in range(5)))
        db = desk.journal._database.open_writer()
        forgetting.begin_erasing(db, "u1")
        forgetting.erase_some(db, "u1")
        db.close()
        async with opened(SQLiteJournal(str(tmp_path), asyncio.get_running_loop())) as desk:
            done = asyncio.Event()
            desk.journal.revised = lambda revision: done.set() if revision.blanked == {"#lobby": [5]} else None
            await asyncio.wait_for(done.wait(), 10)
            assert await bodies(desk) == [BLANK] * 5

    play(scene)


def test_entries_older_than_the_retention_are_dropped(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "BLANKED", 4)

    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            floors: dict[str, int] = {}
            dropped = asyncio.Event()

            def revised(revision: Revision) -> None:
                floors.update(revision.floors)
                if floors == {"#old": 8, "#mixed": 6, "#room": 11}:
                    dropped.set()

            desk.journal.revised = revised
            await desk.store(by("u1", "account", "*", kind="user"))
            await desk.store(*(by("u1", f"old {i}", "#old") for i in range(6)))
            await desk.store(by("u1", "a topic", "#old", kind="topic"))
            first = [say(f"mixed {i}", "#mixed", key=(5, i)) for i in range(5)]
            await desk.store(*first, *(say("kept", "#kept") for _ in range(3)), *(say("r", "#room") for _ in range(9)))
            backend.clock += 5 * DAY
            await desk.store(say("mixed 5", "#mixed"), say("r", "#room"))
            backend.clock += 6 * DAY
            await desk.store(say("mixed 6", "#mixed"))
            desk.journal.keep = Keep(10 * DAY, {"#kept": None, "#room": DAY})
            await asyncio.wait_for(dropped.wait(), 10)
            assert [e.seq for e in await desk.journal.read("#mixed", limit=9)] == [6, 7]
            assert [e.seq for e in await desk.journal.read("#mixed", before=8, limit=9)] == [6, 7]
            assert await desk.journal.read("#old", limit=9) == []
            assert len(await desk.journal.read("#kept", limit=9)) == 3
            assert await desk.store(delete(2, "#mixed")) != []
            query = Query("mixed", ["#mixed", "#old"], 9)
            assert [e.seq for e in (await desk.journal.search(query)).entries] == [7, 6]
        async with opened(backend.journal()) as desk:
            assert desk.state.floors == {"*": 1, "#old": 8, "#mixed": 6, "#kept": 1, "#room": 11}
            assert desk.state.heads == {"*": 1, "#old": 7, "#mixed": 7, "#kept": 3, "#room": 10}
            assert [body(fact)["text"] for fact in desk.state.facts] == ["account", "a topic"]
            [stored, other] = await desk.store(say("again", "#old"), delete(6, "#mixed"))
            assert isinstance(stored, Stored)
            assert stored.entry.seq == 8
            assert isinstance(other, Stored)

    play(scene)


def test_a_room_of_one_full_step_is_dropped_completely(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "BLANKED", 4)

    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            dropped = asyncio.Event()
            desk.journal.revised = lambda revision: dropped.set() if revision.floors == {"#old": 9} else None
            await desk.store(*(by("u1", f"old {i}", "#old") for i in range(8)))
            backend.clock += 2 * DAY
            desk.journal.keep = Keep(DAY)
            await asyncio.wait_for(dropped.wait(), 10)
            [stored] = await desk.store(by("u1", "new", "#old"))
            assert isinstance(stored, Stored)
            assert stored.entry.seq == 9

    play(scene)


def test_a_lookup_of_a_key_changes_nothing(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            lookup = Proposal("", "u1", "alice", "edit", b"", key=(7, 2), of=0)
            (outcome,) = await desk.store(lookup)
            assert isinstance(outcome, Unchangeable)
            await desk.store(say("first"), delete(1, key=(7, 2)))
            (outcome,) = await desk.store(lookup)
            assert isinstance(outcome, Duplicate)
            assert outcome.entry is not None
            assert outcome.entry.kind == "delete"

    play(scene)


def test_old_entries_are_dropped_under_constant_load(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "PACE_SECONDS", 0.0)
    monkeypatch.setattr(upkeep, "FORGETTING_PACE_SECONDS", 0.0)
    monkeypatch.setattr(upkeep, "SWEEP_SECONDS", 0.1)
    monkeypatch.setattr(ledger, "FEED_ENTRIES", 5)
    backend = InSQLite(tmp_path, disk)

    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            dropped = asyncio.Event()
            desk.journal.revised = lambda revision: dropped.set() if "#old" in revision.floors else None
            await desk.store(say("old", "#old"))
            backend.clock += 2 * DAY
            desk.journal.keep = Keep(DAY)
            while not dropped.is_set():
                await desk.store(say("new"))

    play(lambda: asyncio.wait_for(scene(), 20))
