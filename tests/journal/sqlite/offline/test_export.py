"""The output of an export."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from socketchat.exceptions import BadFile, NoSuchRoom
from socketchat.journal import Proposal
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.journal.sqlite.offline import export
from socketchat.journal.sqlite.offline.reading import reading
from socketchat.protocol.codec import decode_event
from tests.hostile import CORPUS, dangerous
from tests.journal.data import FIRST
from tests.journal.desk import opened, say


def by(name: str, text: str, conversation: str = "#lobby", kind: str = "message", of: int | None = None) -> Proposal:
    body = {"text": text} if of is None else {"of": of, "text": text}
    return Proposal(conversation, "u1", name, kind, json.dumps(body).encode(), of=of)


async def fill(directory: Path, *proposals: Proposal) -> None:
    noon = 1_700_000_000_000
    async with opened(SQLiteJournal(str(directory), asyncio.get_running_loop(), clock=lambda: noon)) as desk:
        await desk.store(*proposals)


def texts(directory: Path, room: str | None = None) -> list[str]:
    with reading(directory) as db:
        names = export.names(db)
        return [line for entry in export.entries(db, room) if (line := export.as_text(entry, names))]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    proposals = [
        Proposal("*", "u1", "alice", "user", b'{"id":"u1","name":"alice","key":"YQ"}'),
        by("alice", "one\ntwo"),
        by("alice", "waves", kind="action"),
        by("alice", "psst", "@g2:u1"),
        by("alice", "the topic", kind="topic"),
        by("alice", "secret"),
        by("alice", "alice muted eve.", kind="notice"),
        by("alice", "won", kind="edit", of=1),
        by("alice", "yes", kind="reply", of=2),
        by("alice", "+1", kind="react", of=2),
        by("alice", "+1", kind="unreact", of=2),
    ]
    asyncio.run(fill(tmp_path, *proposals))
    asyncio.run(fill(tmp_path, Proposal("#lobby", "u1", "alice", "delete", b'{"of":4}', of=4)))
    return tmp_path


def test_a_text_export_looks_like_the_chat(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CHUNK", 2)
    when = "2023-11-14 22:13:20"
    lobby = [
        f"{when} #lobby/1 alice: one\n{when} #lobby/1 alice: two",
        f"{when} #lobby/2 * alice waves",
        f"{when} #lobby/3 alice set the topic: the topic",
        f"{when} #lobby/4 alice: (deleted)",
        f"{when} #lobby/5 [notice] alice muted eve.",
        f"{when} #lobby/6 alice edited 1: won",
        f"{when} #lobby/7 alice (re 2): yes",
        f"{when} #lobby/8 alice reacted to 2: +1",
        f"{when} #lobby/9 alice took back a reaction to 2: +1",
        f"{when} #lobby/10 alice deleted 4",
    ]
    assert texts(directory, "#lobby") == lobby
    assert texts(directory) == [*lobby[:2], f"{when} @g2:alice/1 alice: psst", *lobby[2:]]


def test_a_json_export_is_the_native_protocol(directory: Path) -> None:
    with reading(directory) as db:
        lines = [export.as_json(entry) for entry in export.entries(db)]
    events = [decode_event(line.encode()) for line in lines]
    assert [event.seq for event in events] == [1, 1, 2, 1, 3, 4, 5, 6, 7, 8, 9, 10]  # type: ignore[union-attr]
    assert json.loads(lines[0])["kind"] == "user"


def test_an_export_contains_nothing_that_drives_a_terminal(tmp_path: Path) -> None:
    asyncio.run(fill(tmp_path, *(by(text, text, "#lobby") for text in CORPUS.values())))
    assert not dangerous("\n".join(texts(tmp_path)))


def test_an_export_reports_damaged_entries(directory: Path) -> None:
    db = apsw.Connection(str(directory / "socketchat.db"))
    with closing(db):
        db.execute("UPDATE entry SET body = CAST(replace(body, 'waves', 'raves') AS BLOB) WHERE id = 3")
    assert texts(directory)[1].endswith("#lobby/2 (damaged)")
    assert sorted(path.name for path in directory.iterdir()) == ["lock", "socketchat.db"]


def test_an_export_of_an_unknown_room_is_an_error(directory: Path) -> None:
    with pytest.raises(NoSuchRoom):
        texts(directory, "#none")


def test_an_export_of_an_earlier_version_asks_for_a_migration(tmp_path: Path) -> None:
    (tmp_path / "socketchat.db").write_bytes(FIRST.read_bytes())
    with pytest.raises(BadFile, match="Start the server once"):
        texts(tmp_path)


def test_an_export_includes_entries_stored_meanwhile(tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(SQLiteJournal(str(tmp_path), asyncio.get_running_loop())) as desk:
            await desk.store(say("one"))
            with reading(tmp_path) as db:
                lines = export.entries(db)
                assert next(lines).seq == 1
                await desk.store(say("two"))
                assert next(lines).seq == 2

    asyncio.run(scene())
