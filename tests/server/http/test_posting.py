import asyncio
import json
from pathlib import Path

import pytest

from socketchat.protocol import events, operator
from socketchat.protocol.codec import decode_text
from socketchat.protocol.limits import TEXT_BYTES
from tests.server.house import House, run
from tests.server.http.browser import Response, ask, exchange
from tests.server.test_admin import asked


def play(tmp_path: Path, scene, **options) -> None:
    run("asyncio", scene, directory=tmp_path, **options)


async def bot(tmp_path: Path, name: str = "deploy", **options) -> str:
    """Create a bot as the operator does, and return its token."""
    given = {"rooms": ["#lobby"], "write": not options.get("hook"), "id": 1, "name": name} | options
    (token,) = await asked(tmp_path, operator.CreateBot(**given))
    return token


def bearer(token: str, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **headers}


async def heard(caller, text: str) -> events.Entry:
    while decode_text(entry := await caller.hears(events.Entry)).text != text:
        pass
    return entry


def test_a_post_is_answered_with_its_place_when_it_is_stored(tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        alice = await house.native("alice")
        token = await bot(tmp_path)
        got = await ask(house, "POST", "/rooms/lobby", b"backup done\n", **bearer(token))
        assert got.status == 201
        entry = await heard(alice, "backup done")
        assert entry.name == "deploy"
        assert got.json == {"place": f"#lobby/{entry.seq}", "conversation": "#lobby", "seq": entry.seq}

    play(tmp_path, scene)


def test_a_repetition_under_its_key_stores_nothing(tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        token, other = await bot(tmp_path), await bot(tmp_path, "other")
        given = bearer(token, Idempotency_Key='"build 42"')
        first = await ask(house, "POST", "/rooms/lobby", b"done", **given)
        again = await ask(house, "POST", "/rooms/lobby", b"done", **given)
        assert (first.status, again.status) == (201, 200)
        assert again.json == {**first.json, "duplicate": True}
        changed = await ask(house, "POST", "/rooms/lobby", b"not done", **given)
        assert (changed.status, changed.json["code"]) == (409, "key_reused")
        of_other = await ask(house, "POST", "/rooms/lobby", b"done", **bearer(other, Idempotency_Key="build 42"))
        assert of_other.json["seq"] == first.json["seq"] + 1
        long = await ask(house, "POST", "/rooms/lobby", b"done", **bearer(token, Idempotency_Key="x" * 256))
        assert long.status == 400

    play(tmp_path, scene)


def test_a_hook_needs_its_path_alone_and_only_writes_to_its_room(tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        hook, other = await bot(tmp_path, "hook", hook=True), await bot(tmp_path)
        got = await ask(house, "POST", f"/hooks/{hook}", b'{"text": "hi"}', Content_Type="application/json")
        assert got.status == 201
        assert (await ask(house, "POST", "/rooms/lobby", b"hi", **bearer(hook))).status == 401
        assert (await ask(house, "POST", f"/hooks/{other}", b"hi")).status == 401
        assert (await ask(house, "GET", f"/hooks/{hook}")).status == 405

    play(tmp_path, scene)


@pytest.mark.parametrize("shown", [{}, {"Authorization": "Basic x"}, {"Authorization": "Bearer " + "A" * 22}])
def test_without_a_valid_token_nothing_is_stored(tmp_path: Path, shown: dict[str, str]) -> None:
    async def scene(house: House) -> None:
        got = await ask(house, "POST", "/rooms/lobby", b"hi", **shown)
        assert (got.status, got.json["code"]) == (401, "not_logged_in")
        assert got.headers["www-authenticate"] == "Bearer"
        assert house.server.hub.directory.lobby.head == 0

    play(tmp_path, scene)


def test_a_token_is_limited_to_its_rooms_and_does_not_tell_which_others_exist(tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        token = await bot(tmp_path)
        alice = await house.native("alice")
        await alice.write(b'{"type":"join","room":"#ops","id":7}\n')
        await alice.barrier()
        told = [await ask(house, "POST", f"/rooms/{room}", b"hi", **bearer(token)) for room in ("ops", "none")]
        assert [each.status for each in told] == [403, 403]
        assert told[0].json["detail"].replace("ops", "none") == told[1].json["detail"]
        reader = await bot(tmp_path, "reader", read=True, write=False)
        assert (await ask(house, "POST", "/rooms/lobby", b"hi", **bearer(reader))).status == 403

    play(tmp_path, scene)


def test_a_revoked_or_expired_token_is_refused(tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        token = await bot(tmp_path)
        assert await asked(tmp_path, operator.RevokeBot(id=1, name="deploy")) == ["Revoked the token of deploy."]
        assert (await ask(house, "POST", "/rooms/lobby", b"hi", **bearer(token))).status == 401
        assert await asked(tmp_path, operator.ListBots(id=1)) == ["deploy of operator: write in #lobby (revoked)"]
        again = await bot(tmp_path)
        assert (await ask(house, "POST", "/rooms/lobby", b"hi", **bearer(again))).status == 201
        assert (await ask(house, "POST", "/rooms/lobby", b"hi", **bearer(token))).status == 401

    play(tmp_path, scene)


def test_a_banned_or_muted_bot_is_refused(tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        token = await bot(tmp_path)
        await asked(tmp_path, operator.BanUser(id=1, name="deploy"))
        got = await ask(house, "POST", "/rooms/lobby", b"hi", **bearer(token))
        assert (got.status, got.json["code"]) == (403, "banned")

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"x" * (TEXT_BYTES + 1), {}, 413, "too_long"),
        (b"x" * 300_000, {}, 413, "too_long"),
        (b"", {}, 400, "bad_text"),
        (b"\xff", {}, 400, "bad_text"),
        (b"{", {"Content_Type": "application/json"}, 400, "usage"),
        (b"[]", {"Content_Type": "application/json"}, 400, "usage"),
        (b'{"a": 1}', {"Content_Type": "application/json"}, 400, "usage"),
        (b"[" * 100_000, {"Content_Type": "application/json"}, 400, "usage"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_body_that_is_no_message_is_refused(
    tmp_path: Path, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    async def scene(house: House) -> None:
        got = await ask(house, "POST", "/rooms/lobby", body, **bearer(await bot(tmp_path), **headers))
        assert (got.status, got.json["code"]) == (status, code)
        assert got.headers["content-type"] == "application/problem+json"

    play(tmp_path, scene)


def test_a_bot_that_is_too_fast_is_told_when_to_try_again(tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        token = await bot(tmp_path)
        head = f"POST /rooms/lobby HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 2\r\n\r\nhi"
        caller = await house.call()
        refused = b""
        for _ in range(2000):
            await caller.write(head.encode())
            told = await caller.reader.readuntil(b"\r\n\r\n")
            refused = Response(told)
            await caller.reader.readexactly(int(refused.headers["content-length"]))
            if refused.status != 201:
                break
        assert refused.status == 429
        assert 0 < int(refused.headers["retry-after"]) <= 60

    play(tmp_path, scene, limited=True)


def test_each_request_of_a_connection_proves_itself(tmp_path: Path) -> None:
    """A proxy may send the requests of several clients over one connection."""

    async def scene(house: House) -> None:
        token = await bot(tmp_path)
        post = "POST /rooms/lobby HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        data = f"{post}Authorization: Bearer {token}\r\n\r\nhi{post}Connection: close\r\n\r\nho"
        told = await exchange(house, data.encode())
        assert told.count(b"HTTP/1.1 201 ") == told.count(b"HTTP/1.1 401 ") == 1

    play(tmp_path, scene)


def test_the_store_and_the_log_of_the_server_hold_no_token(tmp_path: Path, caplog) -> None:
    caplog.set_level(1)

    hooks = []

    async def scene(house: House) -> None:
        hook = await bot(tmp_path, "hook", hook=True)
        hooks.append(hook.encode())
        await ask(house, "POST", f"/hooks/{hook}", b"hi")
        await ask(house, "POST", f"/hooks/{hook}", b"{", Content_Type="application/json")
        assert hook not in repr(house.server.hub.state.snapshot())
        assert hook not in caplog.text

    play(tmp_path, scene, journal=f"sqlite:{tmp_path}")
    stored = [path.read_bytes() for path in tmp_path.glob("*.db*")]
    assert stored
    assert not any(hooks[0] in each for each in stored)


def test_what_a_bot_writes_cannot_drive_a_terminal(tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        alice = await house.native("alice")
        await ask(house, "POST", "/rooms/lobby", b"a\x1b[2Jb", **bearer(await bot(tmp_path)))
        await heard(alice, "a^[[2Jb")

    play(tmp_path, scene)


def test_a_bot_that_was_idle_for_a_minute_is_disconnected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from socketchat.server import server as life

    monkeypatch.setattr(life, "SWEEP_SECONDS", 0.005)

    async def scene(house: House) -> None:
        token = await bot(tmp_path)
        caller = await house.call()
        head = f"POST /rooms/lobby HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 2\r\n\r\nhi"
        await caller.write(head.encode())
        told = Response(await caller.reader.readuntil(b"\r\n\r\n"))
        assert json.loads(await caller.reader.readexactly(int(told.headers["content-length"])))["seq"] == 1
        house.clock.now += 61
        async with asyncio.timeout(5):
            assert await caller.end() == b""

    play(tmp_path, scene)
