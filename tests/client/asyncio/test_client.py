import asyncio
import shutil
import socket
from collections.abc import Coroutine
from contextlib import suppress

import pytest

from socketchat.client.asyncio import backlog
from socketchat.client.asyncio.client import Client
from socketchat.client.asyncio.connect import connect
from socketchat.client.identity.profiles import Profiles
from socketchat.client.session.client_events import Gap, LinkBack, LinkLost, NotStored, Reset, StoredAgain
from socketchat.client.timeouts import Timeouts
from socketchat.exceptions import (
    BadFile,
    BadText,
    NameTaken,
    NoSuchRoom,
    NoSuchUser,
    ProtocolError,
    Replaced,
    Unconfirmed,
    Unreachable,
)
from socketchat.protocol import commands, events
from tests.client.scripted import Peer, Scripted, conversation, entry, error, lines, ok, scripted, welcome
from tests.keys import key_of

TIMEOUTS = Timeouts(first_delay=0.01, longest_delay=0.02, quit=0.01)
"""Reconnects immediately."""


def run(test: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 30), debug=True)


def client_of(script: Scripted, **options) -> Client:
    ann = {"name": "ann", "profile": None, "timeouts": TIMEOUTS, "random": lambda: 0.5}
    return connect("127.0.0.1", script.port, **(ann | options))


class Stay:
    """A client that has logged in to a script, and the server's end of its connection."""

    def __init__(self, script: Scripted, *conversations: dict, **options) -> None:
        self.script = script
        self._conversations = conversations
        self.client = client_of(script, **options)

    async def __aenter__(self):
        entering = asyncio.create_task(self.client.__aenter__())
        peer = await self.script.accept()
        self.hello = await peer.log_in(*self._conversations)
        await entering
        return self.client, peer

    async def __aexit__(self, *_: object) -> None:
        await self.client.quit()


async def back(script: Scripted, *conversations: dict, **more) -> tuple[Peer, dict]:
    """Let a client log in again after it lost its link."""
    peer = await script.accept()
    return peer, await peer.log_in(*conversations, **more)


async def take(client: Client, count: int) -> list:
    return [await anext(client) for _ in range(count)]


# Entering


def test_the_client_knows_the_data_of_the_welcome() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script, conversation("#lobby", 3, topic="tea")) as (client, _):
            assert (client.name, client.user, client.epoch) == ("ann", "u1", "e" * 16)
            assert client.online
            assert client.conversations["#lobby"].topic == "tea"
            assert client.positions == {"#lobby": 3}

    run(test())


@pytest.mark.parametrize(("code", "kind"), [("name_taken", NameTaken), ("unsupported", ProtocolError)])
def test_connect_raises_the_error_of_a_refused_login(code: str, kind: type) -> None:
    async def test() -> None:
        async with scripted() as script:
            entering = asyncio.create_task(client_of(script).__aenter__())
            peer = await script.accept()
            peer.write(error((await peer.read())["id"], code, "No entry."))
            with pytest.raises(kind, match="No entry"):
                await entering
            assert await peer.read() == {}

    run(test())


def test_connect_waits_for_a_long_welcome_while_it_arrives() -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        time, past = loop.time, 0.0
        loop.time = lambda: time() + past  # type: ignore[method-assign]
        async with scripted() as script:
            client = client_of(script, timeouts=Timeouts(login=8.0))
            entering = asyncio.create_task(client.__aenter__())
            peer = await script.accept()
            hello = await peer.read()
            for part in (welcome(hello=hello["id"]) | {"following": 2}, conversation("#a"), conversation("#b")):
                before, past = loop.time(), past + 5.0
                peer.write(part)
                while not entering.done() and client._connector.connection.heard < before:  # noqa: ASYNC110  there is no event for it
                    await asyncio.sleep(0)
            await entering
            assert list(client.conversations) == ["#lobby", "#a", "#b"]
            await client.quit()

    run(test())


def test_connect_raises_an_error_if_no_server_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    async def test(host: str, words: str) -> None:
        with pytest.raises(Unreachable, match=words):
            async with connect(host, port, name="ann", profile=None):
                pass

    run(test("127.0.0.1", rf"^Cannot connect to 127.0.0.1:{port}: connection refused. Is `socketchat serve` running"))
    run(test("localhost", "connection refused"))
    run(test("no-such-host.invalid", "unknown host"))


def test_connect_raises_an_error_if_the_server_does_not_answer() -> None:
    async def test() -> None:
        async with scripted() as script:
            with pytest.raises(Unreachable, match="did not answer the login in time"):
                await client_of(script, timeouts=Timeouts(login=0.01)).__aenter__()
            peer = await script.accept()
            await peer.read()
            with suppress(ConnectionResetError):
                assert await peer.read() == {}

    run(test())


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (b"SSH-2.0-OpenSSH_9.7\r\n", ProtocolError, "is not a socketchat server"),
        (b"x" * 300_000, ProtocolError, "is not a socketchat server"),
        (lines({"type": "bye", "code": "refused", "text": "Full.", "reconnect": True}), Exception, "Full."),
        (b"", Unreachable, "closed the connection"),
    ],
)
def test_connect_raises_an_error_if_another_service_answers(said: bytes, kind: type, words: str) -> None:
    async def test() -> None:
        async with scripted() as script:
            entering = asyncio.create_task(client_of(script).__aenter__())
            peer = await script.accept()
            await peer.read()
            peer.write_bytes(said)
            peer.close()
            with pytest.raises(kind, match=words):
                await entering

    run(test())


def test_a_cancelled_connect_closes_its_connection() -> None:
    async def test() -> None:
        async with scripted() as script:
            entering = asyncio.create_task(client_of(script).__aenter__())
            peer = await script.accept()
            await peer.read()
            entering.cancel()
            with suppress(asyncio.CancelledError):
                await entering
            with suppress(ConnectionResetError):
                assert await peer.read() == {}

    run(test())


def test_a_client_outside_its_context_raises_an_error() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        _ = connect("127.0.0.1", 1, name="ann", profile=None).name


# Talking


def test_send_returns_when_stored_and_requests_return_their_answer() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script) as (client, peer):
            sending = asyncio.create_task(client.send("#lobby", "hi"))
            sent = await peer.read()
            assert client.waiting == 1
            peer.write(ok(sent["id"], conversation="#lobby", seq=1))
            assert (await sending).seq == 1
            assert client.waiting == 0
            asking = asyncio.create_task(client.request(commands.Users()))
            number = (await peer.read())["id"]
            peer.write({"type": "users", "users": ["ann"], "id": number}, ok(number))
            answer = await asking
            assert [each.users for each in answer.events] == [["ann"]]
            assert answer.ok.id == number

    run(test())


def test_a_refused_call_raises_its_error() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script) as (client, peer):
            sending = asyncio.create_task(client.send("@bob", "hi"))
            peer.write(error((await peer.read())["id"], "no_such_user", "Who?"))
            with pytest.raises(NoSuchUser, match=r"Who\?"):
                await sending
            asking = asyncio.create_task(client.request(commands.Leave(room="#x")))
            peer.write(error((await peer.read())["id"], "no_such_room"))
            with pytest.raises(NoSuchRoom):
                await asking
            with pytest.raises(BadText):
                await client.send("#lobby", "")

    run(test())


def test_messages_keep_the_order_of_the_calls_beyond_the_outbox_limit() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script) as (client, peer):
            sendings = [asyncio.create_task(client.send("#lobby", str(number))) for number in range(1200)]
            texts = []
            for expected in range(1, 1201):
                command = await peer.read()
                assert command["n"] == expected
                assert client.waiting <= 1024
                texts.append(command["text"])
                peer.write(ok(command["id"], seq=expected))
            assert texts == [str(number) for number in range(1200)]
            assert [(await sending).seq for sending in sendings] == list(range(1, 1201))

    run(test())


def test_all_events_are_yielded_in_order() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script) as (client, peer):
            told = [
                entry(1),
                {"type": "presence", "appeared": [{"user": "u2", "name": "bob", "why": "online"}]},
                conversation("#ops"),
                entry(1, to="#ops"),
                entry(3),
            ]
            peer.write(*told, {"type": "left", "conversation": "#ops"}, error(None, "bad_line"))
            kinds = [type(each) for each in await take(client, 8)]
            assert kinds == [
                events.Entry,
                events.Presence,
                events.Conversation,
                events.Entry,
                Gap,
                events.Entry,
                events.Left,
                events.Error,
            ]
            assert client.positions == {"#lobby": 3}

    run(test())


# Links


def test_a_reconnect_delivers_missed_entries_and_sends_waiting_messages() -> None:
    async def test() -> None:
        async with scripted() as script:
            stay = Stay(script, conversation("#lobby", 5), key=key_of("s"))
            async with stay as (client, peer):
                sending = asyncio.create_task(client.send("#lobby", "hi"))
                first = await peer.read()
                peer.write(entry(6))
                assert (await anext(client)).seq == 6
                peer.cut()
                lost = await anext(client)
                assert isinstance(lost, LinkLost)
                assert (lost.attempt, lost.delay) == (1, 0.005)
                assert not client.online
                again, hello = await back(script, conversation("#lobby", 8))
                assert (hello["token"], hello["positions"]) == ("token", {"#lobby": 6})
                assert await anext(client) == LinkBack(2, 1)
                assert await again.read() == first
                again.write(entry(7), entry(8), ok(first["id"], seq=8, duplicate=True))
                assert [each.seq for each in await take(client, 2)] == [7, 8]
                assert (await sending).duplicate
                assert client.online

    run(test())


def test_without_a_connection_messages_wait_and_requests_fail() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script, timeouts=Timeouts(first_delay=1000)) as (client, peer):
            asking = asyncio.create_task(client.request(commands.Users()))
            await peer.read()
            peer.cut()
            with pytest.raises(Unreachable, match="broke before the answer"):
                await asking
            with pytest.raises(Unreachable, match="Not connected"):
                await client.request(commands.Users())
            sending = asyncio.create_task(client.send("#lobby", "hi"))
            await asyncio.wait({sending}, timeout=0.01)
            assert client.waiting == 1
            await client.quit()
            with pytest.raises(Unreachable, match="closed"):  # never on the wire, so certainly not stored
                await sending

    run(test())


def test_reconnect_attempts_are_counted_and_spread_out() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script, random=lambda: 1.0) as (client, peer):
            peer.cut()
            assert await anext(client) == LinkLost("The connection broke.", 0.01, 1)
            for attempt, delay in ((2, 0.02), (3, 0.02)):
                again = await script.accept()
                await again.read()
                again.close()
                assert await anext(client) == LinkLost("The server closed the connection.", delay, attempt)
            await back(script)
            assert await anext(client) == LinkBack(0, 0)

    run(test())


def test_only_a_steady_connection_resets_the_reconnect_delays() -> None:
    async def attempts(steady: float) -> list[int]:
        timeouts = Timeouts(first_delay=0.001, longest_delay=0.002, steady=steady)
        found = []
        async with scripted() as script, Stay(script, timeouts=timeouts) as (client, first):
            newest = first
            for _ in range(3):
                newest.cut()
                found.append((await anext(client)).attempt)
                newest, _ = await back(script)
                await anext(client)
        return found

    assert asyncio.run(attempts(0.0)) == [1, 1, 1]
    assert asyncio.run(attempts(1000.0)) == [1, 2, 3]


def test_a_bye_with_reconnect_makes_the_client_reconnect() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script) as (client, peer):
            peer.write({"type": "bye", "code": "shutting_down", "text": "The server restarts.", "reconnect": True})
            lost = await anext(client)
            assert lost.reason == "The server restarts."
            await back(script)
            assert isinstance(await anext(client), LinkBack)

    run(test())


def test_a_bye_without_reconnect_ends_the_iteration() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script) as (client, peer):
            sending = asyncio.create_task(client.send("#lobby", "hi"))
            await peer.read()
            peer.write(entry(1), {"type": "bye", "code": "replaced", "text": "Elsewhere."})
            with pytest.raises(Unconfirmed, match="Elsewhere"):
                await sending
            assert (await anext(client)).seq == 1
            for _ in range(2):
                with pytest.raises(Replaced, match="Elsewhere"):
                    await anext(client)
            with pytest.raises(Replaced):
                await client.send("#lobby", "more")

    run(test())


def test_a_refused_login_while_reconnecting_ends_the_iteration() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script) as (client, peer):
            peer.cut()
            again = await script.accept()
            again.write(error((await again.read())["id"], "usage"))
            again.write(error((await again.read())["id"], "name_taken", "Somebody has it."))
            assert isinstance(await anext(client), LinkLost)
            with pytest.raises(NameTaken, match="Somebody has it"):
                await anext(client)

    run(test())


def test_a_retryable_login_is_tried_again() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script) as (client, peer):
            peer.cut()
            again = await script.accept()
            again.write(error((await again.read())["id"], "storage", "Disk full.", retry=True))
            assert [each.reason for each in await take(client, 2)] == ["The connection broke.", "Disk full."]
            await back(script)
            assert isinstance(await anext(client), LinkBack)

    run(test())


def test_another_epoch_is_reported_after_the_reconnect() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script, conversation("#lobby", 5)) as (client, peer):
            peer.cut()
            assert isinstance(await anext(client), LinkLost)
            again, _ = await back(script, conversation("#lobby", 1), epoch="new")
            again.write(entry(2))
            out = await take(client, 3)
            assert out[:2] == [LinkBack(0, 0), Reset("new")]
            assert out[2].seq == 2
            assert client.epoch == "new"

    run(test())


def test_garbage_from_the_server_makes_the_client_reconnect() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script) as (client, peer):
            peer.write(entry(1))
            peer.write_bytes(b"garbage\n")
            assert (await anext(client)).seq == 1
            assert "not JSON" in (await anext(client)).reason
            _, hello = await back(script, conversation("#lobby", 1))
            assert hello["positions"] == {"#lobby": 1}

    run(test())


def test_a_message_that_cannot_be_stored_is_sent_again_later() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script) as (client, peer):
            sendings = [asyncio.create_task(client.send("#lobby", text)) for text in "ab"]
            first, second = await peer.read(), await peer.read()
            peer.write(error(first["id"], "storage", retry=True), error(second["id"], "storage", retry=True))
            assert [await peer.read(), await peer.read()] == [first, second]
            peer.write(ok(first["id"], seq=1), ok(second["id"], seq=2))
            assert [(await sending).seq for sending in sendings] == [1, 2]

    run(test())


def test_a_lasting_storage_problem_is_reported_once_and_so_is_its_end() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script) as (client, peer):
            sending = asyncio.create_task(client.send("#lobby", "hi"))
            for _ in range(6):
                number = (await peer.read())["id"]
                peer.write(error(number, "storage", "The disk is full; try again later.", retry=True))
            await peer.read()
            asking = asyncio.create_task(client.request(commands.Users()))
            peer.write(ok((await peer.read())["id"]), entry(1))  # only stored messages count here
            await asking
            told, said = await take(client, 2)
            assert isinstance(told, NotStored)
            assert said.seq == 1
            assert told.sentence == "The disk is full; what you send waits until the server stores it."
            peer.write(ok(number, seq=2), entry(2))
            assert (await sending).seq == 2
            assert [type(each) for each in await take(client, 2)] == [StoredAgain, events.Entry]

    run(test())


def test_a_short_storage_problem_is_not_reported() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script) as (client, peer):
            for seq in (1, 2, 3):
                sending = asyncio.create_task(client.send("#lobby", "hi"))
                for _ in range(2):
                    peer.write(error((await peer.read())["id"], "storage", retry=True))
                peer.write(ok((await peer.read())["id"], seq=seq), entry(seq))
                await sending
            assert [each.seq for each in await take(client, 3)] == [1, 2, 3]

    run(test())


# Slow consumers


def test_a_slow_consumer_stops_the_reading_and_loses_nothing(monkeypatch) -> None:
    monkeypatch.setattr(backlog, "SLOW_BYTES", 50_000)

    async def test() -> None:
        count = 2000
        async with scripted() as script, Stay(script) as (client, peer):
            for seq in range(1, count + 1):
                peer.write(entry(seq, "x" * 8000))
            flushing = asyncio.create_task(peer.flush())
            await asyncio.wait({flushing}, timeout=0.3)
            assert not flushing.done()
            assert client._backlog._bytes < 50_000 + 2**20
            assert [each.seq for each in await take(client, count)] == list(range(1, count + 1))
            await flushing

    run(test())


def test_a_slow_consumer_gets_its_answer_behind_waiting_events(monkeypatch) -> None:
    monkeypatch.setattr(backlog, "SLOW_BYTES", 10_000)

    async def test() -> None:
        async with scripted() as script, Stay(script) as (client, peer):
            sending = asyncio.create_task(client.send("#lobby", "hi"))
            number = (await peer.read())["id"]
            peer.write(*[entry(seq, "x" * 1000) for seq in range(1, 1001)], ok(number, seq=1000))
            assert (await sending).seq == 1000
            assert len(await take(client, 1000)) == 1000

    run(test())


def test_a_slow_consumer_is_not_taken_for_a_dead_server(monkeypatch) -> None:
    monkeypatch.setattr(backlog, "SLOW_BYTES", 1000)

    async def test() -> None:
        timeouts = Timeouts(idle=0.02, answer=0.02, quit=0.01)
        async with scripted() as script, Stay(script, timeouts=timeouts) as (client, peer):
            peer.write(*[entry(seq, "x" * 1000) for seq in range(1, 101)])
            await asyncio.wait({asyncio.create_task(peer.read())}, timeout=0.3)
            assert client.online
            assert len(await take(client, 100)) == 100

    run(test())


def test_a_server_that_floods_out_an_answer_is_given_up(monkeypatch) -> None:
    monkeypatch.setattr(backlog, "SLOW_BYTES", 1000)
    monkeypatch.setattr(backlog, "AWAITED_BYTES", 50_000)

    async def test() -> None:
        timeouts = Timeouts(idle=0.02, answer=0.02, first_delay=1000, quit=0.01)
        async with scripted() as script, Stay(script, timeouts=timeouts) as (client, peer):
            asking = asyncio.create_task(client.request(commands.Users()))
            await peer.read()
            peer.write(*[entry(seq, "x" * 1000) for seq in range(1, 2001)])
            with pytest.raises(Unreachable):
                await asking
            assert not client.online
            *_, lost = await take(client, len(client._backlog._queue))
            assert lost.reason == "The server sends so much data that its answer does not arrive."

    run(test())


# Leaving


def test_leaving_during_a_storage_problem_reports_the_message_as_unconfirmed() -> None:
    async def test() -> None:
        timeouts = Timeouts(first_delay=1000, quit=0.01)
        async with scripted() as script, Stay(script, timeouts=timeouts) as (client, peer):
            sending = asyncio.create_task(client.send("#lobby", "a"))
            peer.write(error((await peer.read())["id"], "storage", retry=True), entry(1))
            await anext(client)
            await client.quit()
            with pytest.raises(Unconfirmed):
                await sending

    run(test())


def test_leaving_notifies_the_server_and_ends_the_iteration() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script, timeouts=Timeouts()) as (client, peer):
            peer.write(entry(1))
            reading = asyncio.create_task(anext(client))
            assert (await reading).seq == 1
            leaving = asyncio.create_task(client.quit())
            command = await peer.read()
            assert command["type"] == "quit"
            peer.write(ok(command["id"]), {"type": "bye", "code": "other", "text": "Bye."})
            peer.close()
            await leaving
            assert [each async for each in client] == []
            await client.quit()
            with pytest.raises(Unreachable, match="closed"):
                await client.send("#lobby", "hi")

    run(test())


def test_leaving_a_silent_server_is_bounded_in_time() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script) as (client, peer):
            await client.quit()
            assert (await peer.read())["type"] == "quit"

    run(test())


def test_leaving_while_disconnected_ends_the_reconnect_attempts() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script, timeouts=Timeouts(first_delay=1000)) as (client, peer):
            peer.cut()
            assert isinstance(await anext(client), LinkLost)
            await client.quit()
            assert [each async for each in client] == []

    run(test())


def test_a_waiting_consumer_wakes_when_the_client_ends() -> None:
    async def test() -> None:
        async with scripted() as script, Stay(script) as (client, _):
            reading = asyncio.create_task(anext(client, None))
            await asyncio.wait({reading}, timeout=0.01)
            await client.quit()
            assert await reading is None

    run(test())


# Profiles


def test_a_profile_gives_key_and_positions_and_is_kept_up_to_date(tmp_path) -> None:
    profiles = Profiles(str(tmp_path / "client"))

    async def test(*conversations: dict, seq: int) -> dict:
        async with scripted() as script:
            profile = profiles.server("localhost", 1)
            stay = Stay(script, *conversations, profile=profile)
            async with stay as (client, peer):
                peer.write(entry(seq, to="@a:b"), entry(seq + 1, to="@a:b"))
                assert (await anext(client)).seq == seq
                return stay.hello

    first = asyncio.run(test(conversation("#lobby", 5), conversation("@a:b", 2), seq=3))
    assert (first["key"], "epoch" in first) == (profiles.server("localhost", 1).key.public, False)
    assert profiles.default() == ("localhost", 1)
    assert profiles.server("localhost", 1).name == "ann"
    # Entries that arrived but were not consumed are delivered again.
    second = asyncio.run(test(conversation("#lobby", 5), conversation("@a:b", 4), seq=4))
    assert (second["epoch"], second["positions"]) == ("e" * 16, {"@a:b": 3})
    assert profiles.server("localhost", 1).positions == {"@a:b": 4}


def test_positions_are_saved_when_the_backlog_is_empty(tmp_path) -> None:
    profiles = Profiles(str(tmp_path / "client"))

    async def test() -> None:
        async with scripted() as script:
            profile = profiles.server("localhost", 1)
            async with Stay(script, conversation("@a:b", 2), profile=profile) as (client, peer):
                peer.write(entry(3, to="@a:b"))
                await anext(client)
                reading = asyncio.create_task(anext(client, None))
                await asyncio.wait({reading}, timeout=0.01)
                assert profiles.server("localhost", 1).positions == {"@a:b": 3}
                await client.quit()
                await reading

    run(test())


def test_a_failure_to_save_positions_does_not_stop_the_chat(tmp_path, caplog) -> None:
    profile = Profiles(str(tmp_path / "client")).server("localhost", 1)

    async def test() -> None:
        async with scripted() as script, Stay(script, conversation("@a:b", 2), profile=profile) as (client, peer):
            shutil.rmtree(tmp_path / "client")
            (tmp_path / "client").write_text("in the way")
            peer.write(entry(3, to="@a:b"))
            assert (await anext(client)).seq == 3
            reading = asyncio.create_task(anext(client, None))
            await asyncio.wait({reading}, timeout=0.01)
            peer.write(entry(4, to="@a:b"))
            assert (await reading).seq == 4
            assert "Cannot use" in caplog.text

    run(test())


def test_connect_raises_an_error_for_an_unwritable_profile(tmp_path) -> None:
    profile = Profiles(str(tmp_path / "client")).server("localhost", 1)
    assert profile.key.public
    assert profile.epoch is None
    for path in (tmp_path / "client").iterdir():
        path.unlink()
    (tmp_path / "client").rmdir()
    (tmp_path / "client").write_text("in the way")

    async def test() -> None:
        async with scripted() as script:
            with pytest.raises(BadFile, match="Cannot use"):
                await client_of(script, profile=profile).__aenter__()

    run(test())
