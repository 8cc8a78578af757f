import json
from pathlib import Path

import pytest

from socketchat.protocol import operator
from tests.server.house import Caller, House, run
from tests.server.http.browser import ask
from tests.server.http.test_posting import bearer, bot, play
from tests.server.test_admin import asked


async def said(house: House, count: int) -> Caller:
    """Let a user say this many lines in the lobby."""
    alice = await house.native("alice")
    for n in range(1, count + 1):
        await alice.send(f"line {n}")
    await alice.barrier()
    return alice


def unchunked(body: bytes) -> bytes:
    """Return a chunked body that is complete."""
    data = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        if not int(size, 16):
            assert body == b"\r\n"
            return data
        data += body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]


async def read(house: House, token: str, query: str = "") -> list[dict]:
    got = await ask(house, "GET", f"/rooms/lobby{query}", **bearer(token))
    assert (got.status, got.headers["content-type"]) == (200, "application/jsonl")
    return [json.loads(line) for line in unchunked(got.body).splitlines()]


async def reader_bot(tmp_path: Path, **options) -> str:
    return await bot(tmp_path, "reader", read=True, write=False, **options)


def test_a_room_is_read_as_json_lines(tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        await said(house, 3)
        lines = await read(house, await reader_bot(tmp_path))
        assert [line["body"]["text"] for line in lines] == ["line 1", "line 2", "line 3"]
        assert lines[2] | {"ts": 0, "author": ""} == {
            "v": 1,
            "place": "#lobby/3",
            "conversation": "#lobby",
            "seq": 3,
            "ts": 0,
            "author": "",
            "name": "alice",
            "kind": "message",
            "body": {"text": "line 3"},
        }

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("since", "seqs"),
    [
        ("0", range(1, 501)),
        ("498", [499, 500]),
        ("%23lobby/499", [500]),
        ("500", []),
        ("9999", []),
        ("1h", range(1, 501)),
    ],
)
def test_reading_begins_after_a_place_or_at_a_time(tmp_path: Path, since: str, seqs: object) -> None:
    async def scene(house: House) -> None:
        await said(house, 500)
        lines = await read(house, await reader_bot(tmp_path), f"?since={since}")
        assert [line["seq"] for line in lines] == list(seqs)

    play(tmp_path, scene)


@pytest.mark.parametrize("since", ["", "x", "10y", "%23lobby/x", "-1", "9" * 40])
def test_a_wrong_start_is_refused(tmp_path: Path, since: str) -> None:
    async def scene(house: House) -> None:
        got = await ask(house, "GET", f"/rooms/lobby?since={since}", **bearer(await reader_bot(tmp_path)))
        assert got.status == (200 if since == "" else 400)

    play(tmp_path, scene)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_following_goes_from_the_past_to_the_present_without_hole_or_repeat(tmp_path: Path, loop: str) -> None:
    async def scene(house: House) -> None:
        alice = await said(house, 300)
        token = await reader_bot(tmp_path)
        caller = await house.call()
        await caller.write(
            f"GET /rooms/lobby?since=10&follow=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        head = await caller.reader.readuntil(b"\r\n\r\n")
        assert b"200" in head.splitlines()[0]
        seqs: list[int] = []
        for n in range(301, 401):
            await alice.send(f"line {n}")
        while not seqs or seqs[-1] < 400:
            size = int(await caller.reader.readuntil(b"\r\n"), 16)
            data = await caller.reader.readexactly(size + 2)
            seqs += [json.loads(line)["seq"] for line in data[:-2].splitlines()]
        assert seqs == list(range(11, 401))
        await asked(tmp_path, operator.RevokeBot(id=1, name="reader"))
        assert (await caller.end()).endswith(b"0\r\n\r\n")

    run(loop, scene, directory=tmp_path)


def test_server_sent_events_come_back_by_their_last_id(tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        await said(house, 5)
        token = await reader_bot(tmp_path)
        caller = await house.call()
        await caller.write(
            "GET /rooms/lobby HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nLast-Event-ID: 3\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        head = await caller.reader.readuntil(b"\r\n\r\n")
        assert b"content-type: text/event-stream" in head.lower()
        told = await caller.reader.readuntil(b"id: 5\ndata: ")
        assert told.count(b"id: 4\ndata: {") == 1
        assert b"id: 3\n" not in told

    play(tmp_path, scene)


def test_a_bot_that_only_writes_cannot_read(tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        got = await ask(house, "GET", "/rooms/lobby", **bearer(await bot(tmp_path)))
        assert (got.status, got.json["code"]) == (403, "refused")
        assert (await ask(house, "GET", "/rooms/lobby")).status == 401

    play(tmp_path, scene)
