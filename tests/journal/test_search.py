"""Search: the matches, their order, and hostile input."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from socketchat.exceptions import BadText, StorageProblem
from socketchat.journal import Found, Keep, Proposal, Query, Stored
from socketchat.journal.bodies import MOST_BYTES, MOST_TERMS
from socketchat.journal.folding import PIECE, folded
from socketchat.journal.sqlite.indexes import search_index as words
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.journal.sqlite.upkeep import scheduler as upkeep
from socketchat.protocol.events import Entry
from tests.journal.backends import Backend
from tests.journal.desk import Desk, opened, say

ROOMS = ["#a", "#b"]


def play(scene: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scene())


def said(text: str, conversation: str = "#a", author: str = "u1", kind: str = "message") -> Proposal:
    return Proposal(conversation, author, author, kind, json.dumps({"text": text}).encode())


async def places(desk: Desk, text: str, **more: object) -> list[str]:
    found = await desk.journal.search(Query(text, **{"conversations": ROOMS, "limit": 10, **more}))
    assert found.complete
    return [f"{entry.conversation}/{entry.seq}" for entry in found.entries]


@pytest.mark.parametrize("fed", [False, True])
def test_a_search_finds_new_entries_newest_first(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, *, fed: bool
) -> None:
    monkeypatch.setattr(upkeep, "LEFT_FOR_SEARCHES", 0 if fed else 99)

    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            for i in range(25):
                backend.clock += 1
                await desk.store(said(f"build {i} is Green", ROOMS[i % 2]))
                if i == 20:
                    await places(desk, "build")  # some are in the index then, and some are not yet
            assert await places(desk, "build GREEN") == [f"{ROOMS[i % 2]}/{i // 2 + 1}" for i in range(24, 14, -1)]
            assert await places(desk, "build green", limit=2) == ["#a/13", "#b/12"]
            assert await places(desk, "24") == ["#a/13"]
            assert await places(desk, "build red") == []
            assert await places(desk, "gree") == []

    play(scene)


def test_filters_narrow_a_search(backend: Backend) -> None:
    async def scene() -> None:
        start = backend.clock
        async with opened(backend.journal()) as desk:
            for i in range(12):
                backend.clock = start + i
                await desk.store(said("word", f"#{i % 3}", f"u{i % 2}"))
            everywhere = [f"#{i}" for i in range(3)]
            assert await places(desk, "word", conversations=["#1"]) == ["#1/4", "#1/3", "#1/2", "#1/1"]
            assert await places(desk, "word", conversations=["#1", "#none"], author="u0") == ["#1/4", "#1/2"]
            assert await places(desk, "word", conversations=everywhere, since=start + 10) == ["#2/4", "#1/4"]
            assert await places(desk, "word", conversations=everywhere, before=start + 2) == ["#1/1", "#0/1"]
            many = everywhere + [f"#none{i}" for i in range(words.NARROWED)]
            assert len(await places(desk, "word", conversations=many, limit=99)) == 12
            assert await places(desk, "word", conversations=[]) == []

    play(scene)


@pytest.mark.parametrize("fed", [False, True])
def test_entries_below_the_floor_of_a_query_are_not_found(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, *, fed: bool
) -> None:
    monkeypatch.setattr(upkeep, "LEFT_FOR_SEARCHES", 0 if fed else 99)

    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            for i in range(8):
                backend.clock += 1
                await desk.store(said("word", ROOMS[i % 2]))
            await places(desk, "word")
            assert await places(desk, "word", floors={"#a": 3}) == ["#b/4", "#a/4", "#b/3", "#a/3", "#b/2", "#b/1"]
            assert await places(desk, "word", floors={"#a": 3, "#b": 9}, limit=1) == ["#a/4"]

    play(scene)


def test_a_search_finds_only_messages(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            kinds = ["message", "action", "topic", "user"]
            await desk.store(*(said("word", kind=kind) for kind in kinds))
            body = b'{"of":1,"text":"a new word"}'
            await desk.store(Proposal("#a", "u1", "alice", "edit", body, of=1))
            assert sorted(await places(desk, "word")) == ["#a/1", "#a/2", "#a/5"]

    play(scene)


@pytest.mark.parametrize("fed", [False, True])
@pytest.mark.parametrize(
    ("text", "looked_for"),
    [
        ("明日東京タワーで会いましょう", "東京タワー"),
        ("新しいiPhoneが発売された", "iphone"),
        ("我们明天去北京开会", "北京"),
        ("我们明天去北京开会", "会"),
        ("서버를 다시 시작했습니다", "서버"),
        ("วันนี้อากาศดีมากครับ", "อากาศ"),
        ("ສະບາຍດີຕອນເຊົ້າ", "ຕອນເຊົ້າ"),
        ("ယနေ့ ရန်ကုန်မြို့ မှာ", "ရန်ကုန်"),
        ("ថ្ងៃនេះអាកាសធាតុល្អ", "អាកាសធាតុ"),
        ("Straße gesperrt", "STRASSE"),
        ("HAUPTSTRASSE", "hauptstraße"),
        ("cafe\u0301 is open", "caf\u00e9"),
        ("caf\u00e9 is open", "cafe\u0301"),
        ("ＳＥＲＶＥＲ　ｄｏｗｎ", "server down"),
        ("server down", "ｓｅｒｖｅｒ"),
        ("ﾊﾟｽﾜｰﾄﾞを変更", "パスワード"),
        ("ΟΔΟΣ", "οδος"),
        ("\u1112\u1161\u11ab글 문서", "한글"),
        ("ligature ﬁle", "file"),
    ],
)
def test_words_are_found_in_any_composition_and_inside_sentences(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, text: str, looked_for: str, *, fed: bool
) -> None:
    monkeypatch.setattr(upkeep, "LEFT_FOR_SEARCHES", 0 if fed else 99)

    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            await desk.store(said("something else, 東 and 京 apart"), said(text))
            assert await places(desk, looked_for) == ["#a/2"]
            assert await places(desk, f'"{looked_for}"') == ["#a/2"]
            assert await places(desk, f"{looked_for}*") == ["#a/2"]

    play(scene)


@pytest.mark.parametrize("fed", [False, True])
def test_in_unspaced_scripts_letters_must_be_adjacent(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, *, fed: bool
) -> None:
    monkeypatch.setattr(upkeep, "LEFT_FOR_SEARCHES", 0 if fed else 99)

    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            await desk.store(said("京東に行く"), said("東に京がある"))
            assert await places(desk, "東京") == []
            assert await places(desk, "京東") == ["#a/1"]

    play(scene)


def test_folding_a_text_takes_a_bounded_time_without_letting_others_run() -> None:
    assert max(len(folded(text)) for text in ("\ufdfa" * PIECE, "東" * PIECE)) <= 18 * PIECE
    text = "\ufdfa 東e\u0301" * 2_000
    assert folded(text) == "".join(folded(text[at : at + PIECE]) for at in range(0, len(text), PIECE))


def test_entries_folded_by_another_unicode_version_are_reindexed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def say_it() -> None:
        async with opened(SQLiteJournal(str(tmp_path), asyncio.get_running_loop())) as desk:
            await desk.store(said("明日東京"))
            await places(desk, "nothing")

    with monkeypatch.context() as old:
        old.setattr(words, "VERSION", "9.0.0")
        old.setattr(upkeep, "VERSION", "9.0.0")
        old.setattr(words, "folded", str)
        old.setattr(words, "folded_bytes", lambda text: text and text.decode())
        play(say_it)

    async def look() -> None:
        async with opened(SQLiteJournal(str(tmp_path), asyncio.get_running_loop())) as desk:
            monkeypatch.setattr(upkeep, "LEFT_FOR_SEARCHES", 0)
            assert await places(desk, "東京") == ["#a/1"]

    play(look)


def test_query_syntax_in_a_search_is_plain_words(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            await desk.store(said("don't say NEAR or AND"), said('a"b (c) text:x'), said("a b"), said("c d t x"))
            assert await places(desk, "don't") == ["#a/1"]
            assert await places(desk, "NEAR(") == ["#a/1"]
            assert await places(desk, "OR") == ["#a/1"]
            assert sorted(await places(desk, 'a"b')) == ["#a/2", "#a/3"]
            assert await places(desk, "text:x") == ["#a/2"]
            assert await places(desk, "*") == []
            assert await places(desk, "* say ^") == ["#a/1"]
            assert await places(desk, 'text:" NEAR') == []
            assert await places(desk, '"" ""*') == []

    play(scene)


def test_a_star_matches_a_prefix_and_quotes_a_phrase(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            await desk.store(said("the Deploy is down"), said("deployed, down there"), said("down the deploying"))
            assert await places(desk, "deploy") == ["#a/1"]
            assert sorted(await places(desk, "DEPLOY* down")) == ["#a/1", "#a/2", "#a/3"]
            assert await places(desk, '"deploy is"') == ["#a/1"]
            assert await places(desk, '"down the"') == ["#a/3"]
            assert sorted(await places(desk, '"down the"*')) == ["#a/2", "#a/3"]
            assert await places(desk, '"down the" is') == []
            assert await places(desk, '"the deploy') == ["#a/1"]  # never closed
            assert await places(desk, "d*") == []  # too short to stand for more

    play(scene)


def test_a_search_without_words_finds_the_newest_entries(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            for i in range(6):
                backend.clock += 1
                await desk.store(said(f"text {i}", ROOMS[i % 2], f"u{i % 3}"), said("topic", kind="topic"))
            many = ROOMS + [f"#none{i}" for i in range(words.NARROWED)]
            for conversations in (ROOMS, many):
                assert await places(desk, "", author="u1", conversations=conversations) == ["#a/7", "#b/1"]
                assert await places(desk, " ", limit=2, conversations=conversations) == ["#b/3", "#a/7"]

    play(scene)


@pytest.mark.parametrize("text", ["x" * (MOST_BYTES + 1), "x " * (MOST_TERMS + 1)])
def test_a_search_for_too_much_is_refused(backend: Backend, text: str) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            await desk.store(said("x"))
            with pytest.raises(BadText, match="8 words"):
                await places(desk, text)
            assert await places(desk, "x " * MOST_TERMS) == ["#a/1"]

    play(scene)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("ab\"'*^-+(){}:,.\\\0 éß\u0301\U0001f388\ud800") | st.characters(), max_size=40))
@example('"')
@example("hello AND")
@example('a"b')
@example("*")
@example("NEAR(")
@example("^")
@example("-x")
@example("{a b}:c")
@example("a\0b")
def test_no_input_breaks_a_search(searched: apsw.Connection, text: str) -> None:
    try:
        found = words.search(searched, Query(text, ["#a"], 5))
    except BadText:
        return
    assert found.complete


@pytest.fixture
def searched(tmp_path: Path) -> apsw.Connection:
    async def fill() -> SQLiteJournal:
        async with opened(SQLiteJournal(str(tmp_path), asyncio.get_running_loop())) as desk:
            await desk.store(*(said(text) for text in ("a b", 'a "b', "é", "say")))
            await places(desk, "a")
        return desk.journal

    return asyncio.run(fill())._database.open_reader()


def test_a_search_that_times_out_reports_more(searched: apsw.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    assert words.search(searched, Query("say", ["#a"], 5)).complete
    monkeypatch.setattr(words, "SEARCH_SECONDS", -1.0)
    monkeypatch.setattr(words, "_STEPS", 1)
    assert words.search(searched, Query("say", ["#a"], 5)) == Found([], complete=False)
    monkeypatch.undo()
    assert words.search(searched, Query("say", ["#a"], 5)).complete


def test_searches_are_not_delayed_by_a_flood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socketchat.journal.sqlite.journal.CATCH_UP_SECONDS", 0.0)

    async def scene() -> None:
        async with opened(SQLiteJournal(str(tmp_path), asyncio.get_running_loop())) as desk:
            await desk.store(*(said(f"word {i}") for i in range(5 * words.SLICE)))
            assert not (await desk.journal.search(Query("word", ["#a"], 5))).complete

    play(scene)


@pytest.mark.parametrize("how", ["delete", "erase", "search"])
def test_a_damaged_search_index_is_rebuilt(tmp_path: Path, how: str) -> None:
    async def scene() -> None:
        async with opened(SQLiteJournal(str(tmp_path), asyncio.get_running_loop())) as desk:
            await desk.store(*(said(f"word{i} word", "#a", f"u{i % 2}") for i in range(300)))
            assert len(await places(desk, "word", limit=999)) == 300
        db = apsw.Connection(str(tmp_path / "socketchat.db"))
        db.execute("UPDATE words_data SET block = zeroblob(length(block)) WHERE id > 10")
        db.close()
        async with opened(SQLiteJournal(str(tmp_path), asyncio.get_running_loop())) as desk:
            if how == "delete":
                [gone] = await desk.store(Proposal("#a", "u0", "u0", "delete", b'{"of":1}', of=1))
                assert isinstance(gone, Stored)
            elif how == "erase":
                assert await desk.journal.erase("u0") == 150
            await desk.store(*(said("more", "#b") for _ in range(2 * words.SLICE)))
            left = {"delete": 299, "erase": 150, "search": 300}[how]
            found: list[Entry] = []
            while len(found) != left:
                with suppress(StorageProblem):  # as long as it is damaged
                    found = (await desk.journal.search(Query("word", ["#a"], 999))).entries

    play(lambda: asyncio.wait_for(scene(), 30))


@pytest.mark.parametrize("how", ["delete", "erase", "keep"])
def test_deleted_words_are_in_no_index_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """With a constant reader, and with texts longer than a page."""
    monkeypatch.setattr("socketchat.journal.sqlite.upkeep.secure_delete.SCRUB_SECONDS", 0.0)
    monkeypatch.setattr("socketchat.journal.sqlite.writer.IDLE_SECONDS", 0.01)
    monkeypatch.setattr(upkeep, "LEFT_FOR_SEARCHES", 0)
    now = 1_000_000

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        async with opened(SQLiteJournal(str(tmp_path), loop, clock=lambda: now, passed=lambda: now)) as desk:
            texts = [f"hideous{i} " * (1 + i % 5 * 200) for i in range(40)]
            for i, text in enumerate(texts):
                await desk.store(say(f"innocent{i} " * (1 + i % 7)), said(text, "#lobby", "u2"))
            await desk.store(Proposal("#lobby", "u2", "bob", "edit", b'{"of":2,"text":"hideous again"}', of=2))
            busy = loop.create_task(read_all_the_time(desk))
            assert len((await desk.journal.search(Query("hideous7", ["#lobby"], 9))).entries) == 1
            await make_gone(desk)
            # In a process of its own: to close a file of the database here would let go of SQLite's locks.
            while await asyncio.to_thread(subprocess.call, ["grep", "-qr", "hideous", str(tmp_path)]) == 0:
                assert not busy.done()
            busy.cancel()

    async def make_gone(desk: Desk) -> None:
        nonlocal now
        if how == "erase":
            await desk.journal.erase("u2")
        elif how == "delete":
            for seq in range(2, 81, 2):
                await desk.store(Proposal("#lobby", "u2", "bob", "delete", b'{"of":%d}' % seq, of=seq))
        else:
            now += 1000
            desk.journal.keep = Keep(10)

    async def read_all_the_time(desk: Desk) -> None:
        while True:
            await desk.journal.read("#lobby", limit=1000)
            await desk.journal.search(Query("innocent3", ["#lobby"], 9))

    play(lambda: asyncio.wait_for(scene(), 60))
