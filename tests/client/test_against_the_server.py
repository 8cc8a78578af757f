"""The client and the server as they are, over real sockets, with cuts in between."""

import asyncio
import signal

import pytest

from socketchat import connect, decode_text
from socketchat.client.asyncio.client import Client
from socketchat.client.identity.profiles import Profiles
from socketchat.client.session.client_events import LinkBack, LinkLost, Reset
from socketchat.client.timeouts import Timeouts
from socketchat.exceptions import NameTaken, NoSuchUser
from socketchat.protocol import commands, events
from tests.client.serving import Served, serving
from tests.keys import key_of

TIMEOUTS = Timeouts(first_delay=0.05, longest_delay=0.2)


@pytest.fixture
def server(tmp_path):
    with serving(tmp_path) as started:
        yield started


def ann(server: Served, **options) -> Client:
    return connect("127.0.0.1", server.port, **({"name": "ann", "key": key_of("a"), "timeouts": TIMEOUTS} | options))


def bob(server: Served, **options) -> Client:
    return ann(server, **({"name": "bob", "key": key_of("b")} | options))


async def until(client: Client, kind: type) -> tuple[list[str], object]:
    """Return the texts before the first event of a kind, and that event."""
    texts = []
    async for happening in client:
        if isinstance(happening, kind):
            return texts, happening
        if isinstance(happening, events.Entry):
            texts.append(decode_text(happening).text)
    raise AssertionError(f"no {kind.__name__} came")


async def texts_until(client: Client, last: str) -> list[str]:
    texts = []
    async for happening in client:
        if isinstance(happening, events.Entry):
            texts.append(decode_text(happening).text)
            if texts[-1] == last:
                break
    return texts


def test_the_client_runs_under_uvloop_too(server: Served) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def test() -> None:
        async with ann(server) as client:
            assert (await client.send("#lobby", "before")).seq == 1
            server.end(signal.SIGKILL)
            await until(client, LinkLost)
            server.begin()
            await until(client, LinkBack)
            assert (await client.send("#lobby", "after")).seq == 2

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test())


def test_two_users_talk_in_rooms_and_alone(server: Served) -> None:
    async def test() -> None:
        async with ann(server) as one, bob(server) as other:
            assert (await one.send("#lobby", "hello")).seq == 1
            assert await texts_until(other, "hello") == ["hello"]
            await other.send("@ann", "psst")
            assert await texts_until(one, "psst") == ["hello", "psst"]
            users = (await one.request(commands.Users())).events
            assert [each.users for each in users] == [["ann", "bob"]]
            with pytest.raises(NoSuchUser):
                await one.send("@carol", "hi")
            past = (await other.request(commands.History(conversation="#lobby"))).events
            assert [decode_text(each).text for each in past] == ["hello"]

    asyncio.run(test())


def test_a_name_belongs_to_its_key(server: Served) -> None:
    async def test() -> None:
        async with ann(server):
            pass
        with pytest.raises(NameTaken):
            await ann(server, key=key_of("x")).__aenter__()

    asyncio.run(test())


def test_after_a_killed_server_every_message_is_delivered_once(server: Served) -> None:
    count = 300

    async def say(client: Client, who: str) -> None:
        for number in range(count):
            await client.send("#lobby", f"{who} {number}")

    async def test() -> None:
        loop = asyncio.get_running_loop()
        async with ann(server) as one, bob(server) as other:
            saying = [asyncio.create_task(say(one, "ann")), asyncio.create_task(say(other, "bob"))]
            for _ in range(2):
                heard = [happening async for happening, _ in _first(one, 100)]
                assert heard
                await loop.run_in_executor(None, server.end, signal.SIGKILL)
                await loop.run_in_executor(None, server.begin)
                assert isinstance((await until(one, LinkBack))[1], LinkBack)
            await asyncio.gather(*saying)
            await one.send("#lobby", "end")
            seen = await texts_until(other, "end")
            expected = {f"{who} {number}" for who in ("ann", "bob") for number in range(count)} | {"end"}
            assert len(seen) == len(expected)
            assert set(seen) == expected
            for who in ("ann", "bob"):
                own = [text for text in seen if text.startswith(who)]
                assert own == [f"{who} {number}" for number in range(count)]

    asyncio.run(asyncio.wait_for(test(), 50))


async def _first(client: Client, count: int):
    for number in range(count):
        yield await anext(client), number


def test_messages_can_be_sent_while_the_server_is_stopped(server: Served) -> None:
    async def test() -> None:
        timeouts = Timeouts(idle=0.3, answer=0.3, first_delay=0.05, longest_delay=0.1, login=1.0)
        async with ann(server, timeouts=timeouts) as client:
            server.stop()
            sending = [asyncio.create_task(client.send("#lobby", text)) for text in ("one", "two")]
            _, lost = await until(client, LinkLost)
            assert lost.reason == "The server stopped answering."
            sending.append(asyncio.create_task(client.send("#lobby", "three")))
            server.go_on()
            assert [ok.seq for ok in await asyncio.gather(*sending)] == [1, 2, 3]
            assert await texts_until(client, "three") == ["one", "two", "three"]

    asyncio.run(asyncio.wait_for(test(), 50))


def test_a_new_store_on_the_old_port_is_a_reset(server: Served) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        async with ann(server) as client:
            await client.send("#lobby", "old")
            await texts_until(client, "old")
            await loop.run_in_executor(None, server.end)
            await loop.run_in_executor(None, lambda: server.begin(data="other", same_key=True))
            await until(client, Reset)
            assert (await client.send("#lobby", "new")).seq == 1
            assert await texts_until(client, "new") == ["new"]

    asyncio.run(asyncio.wait_for(test(), 50))


def test_direct_messages_wait_and_are_delivered_once(server: Served, tmp_path) -> None:
    profiles = Profiles(str(tmp_path / "client"))

    async def stay(other: Client, last: str) -> list[str]:
        """Return the events up to a last direct message."""
        profile = profiles.server("127.0.0.1", server.port)
        async with ann(server, profile=profile) as client:
            await other.send("@ann", last)
            return await texts_until(client, last)

    async def test() -> None:
        async with ann(server, profile=profiles.server("127.0.0.1", server.port)):
            pass
        async with bob(server) as other:
            await other.send("@ann", "one")
            await other.send("@ann", "two")
            assert await stay(other, "three") == ["one", "two", "three"]
            await other.send("@ann", "four")
            assert await stay(other, "five") == ["four", "five"]
            assert await stay(other, "six") == ["six"]

    asyncio.run(asyncio.wait_for(test(), 50))


def test_a_change_is_made_once_however_often_the_connection_breaks(server: Served) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        async with ann(server) as one:
            for text in ("teh", "and more"):
                await one.send("#lobby", text)
            await loop.run_in_executor(None, server.end, signal.SIGKILL)
            await until(one, LinkLost)
            changes: list[commands.Edit | commands.Delete] = [
                commands.Edit(conversation="#lobby", text="the", seq=1),
                commands.Edit(conversation="#lobby", text="and less"),
                commands.Delete(conversation="#lobby"),
            ]
            changing = [asyncio.create_task(one.change(change)) for change in changes]
            await asyncio.sleep(0)
            assert one.waiting == 3
            await loop.run_in_executor(None, server.begin)
            assert [ok.seq for ok in await asyncio.gather(*changing)] == [3, 4, 5]
            past = (await one.request(commands.History(conversation="#lobby"))).events
            assert [decode_text(each).text for each in past if each.kind == "message"] == ["the", ""]

    asyncio.run(asyncio.wait_for(test(), 50))
