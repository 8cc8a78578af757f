import asyncio
import logging
import socket
from pathlib import Path

import pytest

from socketchat.exceptions import ChatError, StorageProblem
from socketchat.journal.memory import MemoryJournal
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.journal.sqlite.upkeep.clock_guard import TOLD_MS
from socketchat.protocol import commands, events
from socketchat.protocol.codec import decode_text
from socketchat.server import Server
from socketchat.server.limits import BACKLOG
from tests.certificate import identity
from tests.server.house import LOOPS, HeldJournal, House, run

pytestmark = pytest.mark.parametrize("loop", LOOPS)


def test_two_dialects_can_talk_to_each_other(loop: str) -> None:
    async def scene(house: House) -> None:
        alice, dave = await house.native("alice"), await house.plain("dave")
        await alice.send("hello")
        await dave.reads("alice: hello")
        await dave.write(b"hi\n")
        entry = await alice.hears(events.Entry)
        while decode_text(entry).text != "hi":
            entry = await alice.hears(events.Entry)
        assert (entry.name, entry.seq) == ("dave", 2)

    run(loop, scene)


def test_all_clients_are_notified_when_the_server_stops(loop: str) -> None:
    async def scene(house: House) -> None:
        alice, dave, silent = await house.native("alice"), await house.plain("dave"), await house.call()
        await alice.barrier()
        await house.server.stop()
        bye = await alice.hears(events.Bye)
        assert (bye.code, bye.text, bye.reconnect) == ("shutting_down", "The server is shutting down.", True)
        assert (await dave.end()).endswith(b"[server] The server is shutting down.\n")
        assert await silent.end() == b"[server] The server is shutting down.\n"
        assert house.server.connections == set()

    run(loop, scene)


def test_accepted_messages_are_stored_and_answered_before_the_server_stops(loop: str) -> None:
    async def scene(house: House) -> None:
        alice, dave = await house.native("alice"), await house.plain("dave")
        journal = house.server.hub.journal
        journal.held = True
        await alice.say(*(commands.Send(id=n, to="#lobby", text=str(n)) for n in range(1, 41)))
        (connection,) = (each for each in house.server.connections if each.session.user.name == "alice")
        while connection.session.under_way < 40:
            await dave.write(b"/topic\n")
            await dave.reads("[topic] #lobby has no topic.")
        journal.held = False
        await house.server.stop()
        answered = [line for line in (await alice.end()).splitlines() if b'"ok"' in line]
        assert len(answered) == 40
        told = [line for line in (await dave.end()).decode().splitlines() if line.startswith("alice: ")]
        assert told == [f"alice: {n}" for n in range(1, 41)]

    run(loop, scene, journal=HeldJournal)


def test_a_command_during_the_shutdown_is_not_accepted(loop: str) -> None:
    async def scene(house: House) -> None:
        alice = await house.native("alice")
        for connection in house.server.connections:
            connection.stop_reading()
        await alice.send("too late")
        await house.server.stop()
        assert await house.server.hub.journal.read("#lobby", limit=1) == []

    run(loop, scene)


def test_no_connection_is_accepted_during_the_shutdown(loop: str) -> None:
    async def scene(house: House) -> None:
        await house.server.stop()
        with pytest.raises(ConnectionRefusedError):
            await house.call()

    run(loop, scene)


def test_a_stalled_reader_does_not_delay_the_shutdown(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socketchat.server.server.SHUTDOWN_SECONDS", 0.1)

    async def scene(house: House) -> None:
        alice, bob = await house.native("alice"), await house.native("bob", receive_buffer=4096)
        bob.writer.transport.pause_reading()
        for _ in range(12):
            await alice.send("x" * 30_000)
        await alice.barrier()
        await house.server.stop()
        assert {each.session.user.name for each in house.server.connections} == {"bob"}

    run(loop, scene)


class DamagedJournal(MemoryJournal):
    """A journal that does not open."""

    async def open(self):
        raise StorageProblem("the store is damaged")


def test_a_journal_that_fails_to_open_leaves_no_listener(loop: str) -> None:
    async def scene(house: House) -> None:
        server = Server(DamagedJournal(asyncio.get_running_loop()), identity)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with pytest.raises(StorageProblem):
            await server.start(("127.0.0.1",), port)
        with socket.socket() as sock:
            assert sock.connect_ex(("127.0.0.1", port)) != 0
        assert house.server.connections == set()

    run(loop, scene)


def test_a_taken_port_is_reported_before_the_journal_is_opened(loop: str) -> None:
    async def scene(house: House) -> None:
        server = Server(DamagedJournal(asyncio.get_running_loop()), identity)
        with pytest.raises(ChatError, match="the port is in use"):
            await server.start(("127.0.0.1",), house.port)

    run(loop, scene)


def test_a_server_listens_on_each_address(loop: str) -> None:
    async def scene(house: House) -> None:
        server = Server(MemoryJournal(asyncio.get_running_loop()), identity)
        addresses = await server.start(("127.0.0.1", "::1"), 0)
        assert [address.rpartition(":")[0] for address in addresses] == ["127.0.0.1", "[::1]"]
        for address in addresses:
            host, _, port = address.rpartition(":")
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            writer.write(b"dave%d\n" % len(server.connections))
            assert (await reader.readline()).endswith(b"has joined the chat.\n")
            writer.close()
        await server.stop()
        assert not house.server.connections

    run(loop, scene)


def test_a_burst_of_connections_fits_the_backlog(loop: str) -> None:
    """All connect while the server has no time to accept: the kernel keeps them, as many as the backlog says."""

    async def scene(house: House) -> None:
        crowd = [socket.socket() for _ in range(300)]
        for sock in crowd:
            sock.settimeout(0.5)
            sock.connect(("127.0.0.1", house.port))
        assert len(crowd) < BACKLOG
        alice = await house.native("alice")
        await alice.barrier()
        for sock in crowd:
            sock.close()

    run(loop, scene)


def test_nagle_does_not_delay_answers(loop: str) -> None:
    """Nagle's algorithm would keep the second of two writes for 40 ms."""

    async def scene(house: House) -> None:
        await house.guest("alice")
        (connection,) = house.server.connections
        sock = connection._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    run(loop, scene)


def test_a_task_that_fails_is_logged(loop: str, caplog: pytest.LogCaptureFixture) -> None:
    async def failing() -> None:
        raise ZeroDivisionError

    async def scene(house: House) -> None:
        house.server._spawn(failing())
        alice = await house.native("alice")
        await alice.barrier()

    run(loop, scene)
    assert [(record.levelno, record.exc_info[0]) for record in caplog.records] == [(logging.ERROR, ZeroDivisionError)]


def test_a_jump_of_the_clock_ends_no_ban_and_no_delay_of_a_password(loop: str, tmp_path: Path) -> None:
    day = 86_400_000
    wall, passed = [20_000 * day], [0]

    async def scene(house: House) -> None:
        hub = house.server.hub
        alice, eve = await house.native("alice"), await house.native("eve")
        await alice.say(commands.Join(id=1, room="#club"), commands.Ban(id=2, room="#club", name="eve", seconds=7200))
        assert not [each for each in await alice.barrier() if isinstance(each, events.Error)]
        since = hub.now() + day  # from when on a password without the old one is valid
        wall[0] += 2 * day
        await eve.say(commands.Join(id=1, room="#club"))
        assert (await eve.hears(events.Error)).code == "banned"
        assert hub.now() < since
        passed[0] += TOLD_MS
        await eve.say(commands.Join(id=2, room="#club"))
        assert (await eve.hears(events.Ok)).id == 2
        assert hub.now() == wall[0]

    def journal(on: asyncio.AbstractEventLoop) -> SQLiteJournal:
        return SQLiteJournal(str(tmp_path), on, clock=lambda: wall[0], passed=lambda: passed[0])

    run(loop, scene, journal=journal)
