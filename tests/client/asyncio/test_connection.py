import asyncio
import socket
import threading

import pytest

from socketchat.client.address import Address
from socketchat.client.asyncio.connect import connect
from socketchat.client.asyncio.connection import Connection
from socketchat.client.asyncio.dial import dial
from socketchat.client.identity.trust import Trust
from socketchat.client.session.client_events import LinkLost
from socketchat.client.session.session import Session
from socketchat.client.timeouts import Timeouts
from socketchat.exceptions import Unreachable
from tests.client.scripted import entry, ok, scripted

QUICK = Timeouts(idle=0.02, answer=0.02, first_delay=1000, quit=0.01)


def trust_of(port: int) -> Trust:
    return Trust(Address("127.0.0.1", port), None)


def connection_of(timeouts: Timeouts) -> tuple[Session, Connection]:
    session = Session("ann", outbox="f" * 16)
    return session, Connection(session, lambda *_: None, timeouts)


def test_a_silent_server_is_pinged_and_kept_if_it_answers() -> None:
    async def test() -> None:
        async with scripted() as script:
            entering = asyncio.create_task(
                connect("127.0.0.1", script.port, name="ann", profile=None, timeouts=QUICK).__aenter__()
            )
            peer = await script.accept()
            await peer.log_in()
            client = await entering
            for _ in range(3):
                ping = await peer.read()
                assert ping["type"] == "ping"
                peer.write(ok(ping["id"]))
            assert client.online
            await client.quit()

    asyncio.run(test())


def test_a_server_that_answers_no_ping_is_given_up() -> None:
    async def test() -> None:
        async with scripted() as script:
            entering = asyncio.create_task(
                connect("127.0.0.1", script.port, name="ann", profile=None, timeouts=QUICK).__aenter__()
            )
            peer = await script.accept()
            await peer.log_in()
            client = await entering
            sending = asyncio.create_task(client.send("#lobby", "typed meanwhile"))
            lost = await anext(client)
            assert isinstance(lost, LinkLost)
            assert lost.reason == "The server stopped answering."
            assert client.waiting == 1
            await client.quit()
            await asyncio.wait({sending})
            assert sending.exception() is not None

    asyncio.run(test())


def test_a_talking_server_is_not_pinged() -> None:
    async def test() -> None:
        async with scripted() as script:
            timeouts = Timeouts(idle=0.2, answer=0.02, quit=0.01)
            entering = asyncio.create_task(
                connect("127.0.0.1", script.port, name="ann", profile=None, timeouts=timeouts).__aenter__()
            )
            peer = await script.accept()
            await peer.log_in()
            client = await entering
            reading = asyncio.create_task(peer.read())
            for seq in range(1, 13):
                peer.write(entry(seq))
                await asyncio.wait({reading}, timeout=0.03)
            assert not reading.done()
            await client.quit()
            assert (await reading)["type"] == "quit"

    asyncio.run(test())


def test_commands_of_one_turn_of_the_loop_are_one_write() -> None:
    async def test() -> None:
        async with scripted() as script:
            session, connection = connection_of(Timeouts())
            await dial(Address("127.0.0.1", script.port), lambda: connection, 10, trust_of(script.port))
            peer = await script.accept()
            await peer.log_in()
            await asyncio.wait({peer_reads := asyncio.create_task(peer.read())}, timeout=0.01)
            writes: list[bytes] = []
            write = connection._transport.write
            connection._transport.write = lambda data: (writes.append(data), write(data))
            session.logged_in = True
            for _ in range(5):
                session.send("#lobby", "hi")
                connection.write_soon()
            await peer_reads
            assert [data.count(b"\n") for data in writes] == [5]
            await connection.close(Unreachable("Done."))

    asyncio.run(test())


def test_a_refused_address_is_followed_by_the_next_one() -> None:
    """A server on 127.0.0.1 alone is found under localhost, which may mean ::1 first."""

    async def test() -> None:
        async with scripted() as script:
            _, connection = connection_of(Timeouts())
            assert (
                await dial(Address("localhost", script.port), lambda: connection, 10, trust_of(script.port))
                is connection
            )
            await connection.close(Unreachable("Done."))

    asyncio.run(test())


def test_an_attempt_given_up_when_the_handshake_ends_closes_its_connection() -> None:
    """A graceful end would wait for the server for half a minute, over a socket that is closed already."""

    class GivenUp(Connection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            asyncio.get_running_loop().call_soon(dialling.cancel)

    dialling: asyncio.Task[Connection]

    async def test() -> None:
        nonlocal dialling
        async with scripted() as script:
            connection = GivenUp(Session("ann", outbox="f" * 16), lambda *_: None, Timeouts())
            dialling = asyncio.create_task(
                dial(Address("127.0.0.1", script.port), lambda: connection, 10, trust_of(script.port))
            )
            with pytest.raises(asyncio.CancelledError):
                await dialling
            async with asyncio.timeout(5):
                await connection.closed

    asyncio.run(test())


def test_connecting_is_bounded_in_time() -> None:
    async def test(port: int) -> None:
        _, connection = connection_of(Timeouts())
        with pytest.raises(Unreachable, match="the server did not answer in time"):
            await dial(Address("127.0.0.1", port), lambda: connection, 0.1, trust_of(port))

    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(3)]
        for connection in waiting:  # fill the accept queue; then the kernel does not answer
            connection.settimeout(0)
            connection.connect_ex(full.getsockname())
        asyncio.run(test(full.getsockname()[1]))
        for connection in waiting:
            connection.close()


def test_a_name_server_that_never_answers_does_not_hold_up_the_end(monkeypatch) -> None:
    asked, silent = threading.Event(), threading.Event()

    def look_up(*_: object, flags: int, **_more: object) -> object:
        if flags:
            raise socket.gaierror
        asked.set()
        silent.wait()
        raise socket.gaierror

    async def come_in(timeouts: Timeouts) -> None:
        async with connect("chat.example", 5000, name="ann", profile=None, timeouts=timeouts):
            pass

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    timeouts = Timeouts(connect=0.01)
    try:
        with pytest.raises(Unreachable, match="did not answer in time"):
            asyncio.run(come_in(timeouts))
        # `asyncio.run` has ended, though the look-up still waits.
        assert asked.is_set()
        assert [thread for thread in threading.enumerate() if thread.name == "lookup"]
    finally:
        silent.set()
