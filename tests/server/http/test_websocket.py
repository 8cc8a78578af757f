import asyncio
import json

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from socketchat.protocol import commands, events
from socketchat.protocol.codec import decode_text
from socketchat.protocol.limits import LINE_BYTES
from tests.server.house import LOOPS, House, run
from tests.server.http.browser import browsing, origin_of

LOOP = pytest.mark.parametrize("loop", LOOPS)
TLS = pytest.mark.parametrize("tls", [False, True], ids=["plaintext", "TLS"])


@LOOP
@TLS
def test_a_browser_talks_with_native_and_plain_clients(loop: str, tls: bool) -> None:  # noqa: FBT001 - a parameter
    async def scene(house: House) -> None:
        native, plain = await house.native("nat"), await house.plain("plain")
        async with browsing(house) as page:
            welcome = await page.login("web")
            assert isinstance(welcome, events.Welcome)
            assert welcome.name == "web"
            await page.say(commands.Send(id=3, to="#lobby", text="from the page"))
            assert (await page.hears(events.Ok)).id == 3
            assert decode_text(await native.hears(events.Entry)).text == "from the page"
            await plain.reads("web: from the page")
            await native.send("from native")
            assert (await until(page, "from native")).name == "nat"
            await plain.write(b"from plain\n")
            await until(page, "from plain")

    run(loop, scene, tls=tls)


async def until_none(house: House) -> None:
    """Wait until the server has forgotten every connection."""
    while house.server.connections:  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0)


async def until(page, text: str) -> events.Entry:
    while True:
        entry = await page.hears(events.Entry)
        if entry.kind == "message" and decode_text(entry).text == text:
            return entry


def test_a_batch_is_one_frame_and_a_frame_may_hold_many_lines() -> None:
    async def scene(house: House) -> None:
        async with browsing(house) as page, browsing(house) as other:
            await page.login("web")
            await other.login("other")
            texts = [f"line {n}" for n in range(50)]
            await page.say(*(commands.Send(to="#lobby", text=text) for text in texts))
            await until(other, texts[-1])
            assert sum(frame.count('"kind":"message"') or frame.count('"text":"line') for frame in other.frames) == 50
            assert len([frame for frame in other.frames if '"line ' in frame]) == 1

    run("asyncio", scene)


def test_a_proof_for_another_origin_is_worthless() -> None:
    async def scene(house: House) -> None:
        async with browsing(house) as page:
            answer = await page.login("web", origin="https://evil.example")
            assert answer.code == "bad_proof"

    run("asyncio", scene)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1", "http://localhost:1"])
def test_a_page_of_another_site_gets_no_websocket(origin: str) -> None:
    async def scene(house: House) -> None:
        with pytest.raises(InvalidStatus) as caught:
            async with browsing(house, origin):
                pass
        assert caught.value.response.status_code == 403
        assert json.loads(caught.value.response.body)["code"] == "refused"

    run("asyncio", scene)


def test_without_the_subprotocol_there_is_no_websocket() -> None:
    async def scene(house: House) -> None:
        with pytest.raises(InvalidStatus) as caught:
            async with browsing(house, subprotocols=["chat"]):
                pass
        assert caught.value.response.status_code == 400

    run("asyncio", scene)


def test_a_program_without_an_origin_logs_in_as_natives_do() -> None:
    async def scene(house: House) -> None:
        async with browsing(house, None) as page:
            await page.say(commands.Hello(name="bot", id=1))
            assert (await page.hears(events.Welcome)).name == "bot"

    run("asyncio", scene)


def test_nothing_is_compressed() -> None:
    async def scene(house: House) -> None:
        async with browsing(house) as page:
            assert page.socket.protocol.extensions == []

    run("asyncio", scene)


@LOOP
def test_a_ping_is_answered_and_a_close_ends_the_connection(loop: str) -> None:
    async def scene(house: House) -> None:
        async with browsing(house) as page:
            await page.login("web")
            await (await page.socket.ping())
            await page.socket.close()
            assert page.socket.close_code == 1000
        await until_none(house)

    run(loop, scene)


def test_a_message_over_the_limit_closes_with_a_reason() -> None:
    async def scene(house: House) -> None:
        async with browsing(house) as page:
            await page.login("web")
            await page.socket.send("x" * (LINE_BYTES + 1))
            with pytest.raises(ConnectionClosed) as caught:
                await page.hears(events.Bye)
            assert caught.value.rcvd.code == 1009

    run("asyncio", scene)


def test_bytes_that_are_no_text_close_with_a_reason() -> None:
    async def scene(house: House) -> None:
        async with browsing(house) as page:
            await page.socket.send(b"\x00\x01")
            with pytest.raises(ConnectionClosed) as caught:
                await page.event()
            assert caught.value.rcvd.code == 1003

    run("asyncio", scene)


@LOOP
def test_a_stopping_server_says_goodbye_in_a_frame(loop: str) -> None:
    async def scene(house: House) -> None:
        async with browsing(house) as page:
            await page.login("web")
            await house.server.stop()
            assert (await page.hears(events.Bye)).reconnect
            with pytest.raises(ConnectionClosed) as caught:
                await page.event()
            assert caught.value.rcvd.code == 1000

    run(loop, scene)


def test_a_page_behind_a_self_signed_certificate_elsewhere_is_told_not_to_ask_for_secrets() -> None:
    async def scene(house: House) -> None:
        async with browsing(house) as page:
            (connection,) = house.server.connections
            assert not connection.session.channel.unsafe
            connection.session.channel = connection.session.channel._replace(unsafe=True)
            answer = await page.login("web", code="some-words")
            assert page.challenge.unsafe
            assert "self-signed" in answer.text
            assert answer.code == "code_needed"
            await page.say(commands.Login(name="web", password="secret words", id=9))
            assert "self-signed" in (await page.hears(events.Error)).text

    run("asyncio", scene, tls=True)


def test_the_origin_is_the_address_that_the_browser_shows() -> None:
    async def scene(house: House) -> None:
        async with browsing(house) as page:
            await page.login("web")
            channels = [connection.session.channel for connection in house.server.connections]
            assert [channel.origin for channel in channels] == [origin_of(house)]

    run("asyncio", scene, tls=True)
