"""One port for TLS and plaintext: detection, access, and silent closes."""

import asyncio
import os
import random
import socket
import ssl
from contextlib import suppress
from ipaddress import ip_network

import pytest

from socketchat.protocol import events
from socketchat.server import connection_limits, handshakes, server
from socketchat.server.limits import HANDSHAKE_SECONDS, STRANGERS_PER_ADDRESS
from tests.certificate import identity, trusting
from tests.server.house import LOOPS, Caller, House, run
from tests.wire.test_tls_client_hello import hello

pytestmark = pytest.mark.parametrize("loop", LOOPS)


async def secure(house: House, *protocols: str) -> Caller:
    """Connect with TLS without sending anything."""
    caller = Caller(*await asyncio.open_connection("127.0.0.1", house.port, ssl=trusting(*protocols)))
    house.callers.append(caller)
    return caller


def test_tls_and_plaintext_share_one_port(loop: str) -> None:
    async def scene(house: House) -> None:
        alice, carol, dave = await house.native("alice"), await secure(house), await house.plain("dave")
        await carol.write(b"carol\n")
        await carol.reads("=== Connected! Type /help for commands ===", "")
        await alice.send("hello")
        await carol.reads("alice: hello")
        await carol.write(b"hi\n")
        await dave.reads("alice: hello")
        await dave.reads("carol: hi")
        (connection,) = (each for each in house.server.connections if each.session.user.name == "carol")
        channel = connection.session.channel
        assert (channel.peer, channel.is_loopback, channel.is_tls) == ("127.0.0.1", True, True)
        assert channel.binding == identity().certificate.binding
        assert house.server.hub.host_key == identity().certificate.key

    run(loop, scene)


def test_the_negotiated_protocol_selects_the_dialect(loop: str) -> None:
    async def scene(house: House) -> None:
        native = await secure(house, "h2", "socketchat/1")
        await native.write(b"alice\n")
        assert isinstance(await native.hears(events.Error), events.Error)
        irc = await secure(house, "irc")
        await irc.write(b"PING here\r\n")
        assert "PONG" in await irc.line()
        browser = await secure(house, "http/1.1")
        await browser.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await browser.line()).startswith("HTTP/1.1 ")

    run(loop, scene)


@pytest.mark.parametrize("protocols", [("ftp",), ("h2", "smtp"), ("socketchat/2", "IRC")], ids=str)
def test_a_client_of_another_protocol_is_closed_before_the_handshake(loop: str, protocols: tuple[str, ...]) -> None:
    async def scene(house: House) -> None:
        caller = await house.call()
        await caller.write(hello(*protocols))
        assert await caller.end() == b""

    run(loop, scene)


def test_a_client_hello_can_arrive_byte_by_byte(loop: str) -> None:
    async def scene(house: House) -> None:
        caller = await house.call()
        data = hello("socketchat/1")
        for at in range(40):
            await caller.write(data[at : at + 1])
            await asyncio.sleep(0)
        await caller.write(data[40:])
        assert (await caller.reader.readexactly(3))[:2] == b"\x16\x03"

    run(loop, scene)


@pytest.mark.parametrize("size", [1, 2, 5, 200])
def test_a_client_hello_can_be_split_anywhere(loop: str, size: int) -> None:
    async def scene(house: House) -> None:
        caller, data = await house.call(), hello()
        await caller.write(data[:size])
        while not any(handshake.shakes_hands for handshake in house.server._handshakes._silent):
            await (await house.call()).write(b"x")
        await caller.write(data[size:])
        assert (await caller.reader.readexactly(3))[:2] == b"\x16\x03"

    run(loop, scene)


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\xff\xff", b"\x16\x03\x01\0\x04\x02\0\0\0", b"\x16\x03" + b"x" * 20_000]
)
def test_garbage_is_closed_silently(loop: str, garbage: bytes) -> None:
    async def scene(house: House) -> None:
        caller = await house.call()
        await caller.write(garbage)
        with suppress(ConnectionResetError):
            assert await caller.end() == b""
        await (await house.native("alice")).barrier()

    run(loop, scene)


def test_plaintext_before_a_client_hello_is_not_tls(loop: str) -> None:
    async def scene(house: House) -> None:
        caller = await house.call()
        await caller.write(b"dave\n" + hello() + b"\n")
        await caller.reads("=== Connected! Type /help for commands ===", "")

    run(loop, scene)


def test_tls_inside_tls_is_closed(loop: str) -> None:
    async def scene(house: House) -> None:
        caller = await secure(house)
        await caller.write(hello())
        assert await caller.end() == b""

    run(loop, scene)


@pytest.mark.parametrize("sent", [0, 1, 20, 10_000], ids=["nothing", "a byte", "a part", "all"])
def test_a_stalled_handshake_is_closed_in_time(loop: str, sent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socketchat.server.server.SWEEP_SECONDS", 0.02)

    async def scene(house: House) -> None:
        caller = await house.call()
        await caller.write(hello()[:sent])
        other = await house.native("other")
        house.clock.now += HANDSHAKE_SECONDS - 0.1
        await other.barrier()
        assert len(house.server._handshakes._silent) + len(house.server._handshakes._under_way) == 1
        house.clock.now += 200 if sent == 0 else 0.2
        told = await caller.end()
        assert (
            told.startswith(b"\x16\x03")
            if sent == 10_000
            else told == (b"" if sent else b"[server] You took too long to log in. Connect again.\n")
        )

    run(loop, scene)


def test_with_too_many_handshakes_the_oldest_is_closed(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socketchat.server.handshakes.HANDSHAKES", 2)

    async def scene(house: House) -> None:
        slow = [await house.call() for _ in range(3)]
        for caller in slow:
            await caller.write(hello())
            assert await caller.reader.readexactly(1) == b"\x16"
        await slow[0].end()
        quick = await secure(house)
        await quick.write(b"carol\n")
        await quick.reads("=== Connected! Type /help for commands ===", "")
        await slow[1].end()
        assert len(house.server._handshakes._under_way) == 1

    run(loop, scene)


def test_a_connection_closed_without_data_leaves_no_state(loop: str) -> None:
    async def scene(house: House) -> None:
        for _ in range(20):
            (await house.call()).hang_up()
            caller = await house.call()
            await caller.write(hello())
            caller.vanish()
        alice = await house.native("alice")
        await alice.barrier()
        inside = house.server._handshakes
        while inside._silent or inside._ready or inside._under_way:
            await alice.barrier()
        assert len(house.server.connections) == 1

    run(loop, scene)


@pytest.fixture
def strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat peers on loopback as remote."""
    monkeypatch.setattr("socketchat.server.handshakes.is_loopback", lambda _: False)


@pytest.mark.usefixtures("strangers")
def test_remote_plaintext_gets_an_error_that_says_how_to_connect(loop: str) -> None:
    async def scene(house: House) -> None:
        for first in (b"alice\n", b"GET / HTTP/1.1\r\n\r\n"):
            caller = await house.call()
            await caller.write(first)
            told = await caller.end()
            assert told.startswith(
                b"[server] This server accepts plaintext from its own machine only. Use `socketchat join"
            )
        caller = await house.call()
        await caller.write(b'{"type":"hello","name":"alice"}\n')
        bye = await caller.hears(events.Bye)
        assert (bye.code, bye.reconnect) == ("refused", False)
        assert await caller.end() == b""
        carol = await secure(house)
        await carol.write(b"carol\n")
        await carol.reads("=== Connected! Type /help for commands ===", "")

    run(loop, scene)


@pytest.mark.usefixtures("strangers")
def test_an_allowed_network_can_use_plaintext(loop: str) -> None:
    async def scene(house: House) -> None:
        dave = await house.plain("dave")
        await dave.write(b"/topic\n")
        await dave.reads("[topic] #lobby has no topic.")

    run(loop, scene, plaintext_from=(ip_network("::1/128"), ip_network("127.0.0.0/8")))


def test_a_silent_connection_gets_a_notice_when_the_server_stops(loop: str) -> None:
    async def scene(house: House) -> None:
        silent, shaking, carol = await house.call(), await house.call(), await secure(house)
        await shaking.write(hello())
        await shaking.reader.readexactly(1)
        await carol.write(b"carol\n")
        await carol.reads("=== Connected! Type /help for commands ===", "")
        await house.server.stop()
        assert await silent.end() == b"[server] The server is shutting down.\n"
        assert (await carol.end()).endswith(b"[server] The server is shutting down.\n")
        await shaking.end()

    run(loop, scene)


def test_accepting_continues_after_running_out_of_descriptors(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socketchat.server.handshakes.EXHAUSTED_SECONDS", 0.01)

    async def scene(house: House) -> None:
        inside = house.server._handshakes
        (listening,) = inside._listening

        class Exhausted:
            def accept(self):
                raise OSError(24, "Too many open files")

            def fileno(self):
                return listening.fileno()

        exhausted = Exhausted()
        inside._listening.append(exhausted)
        inside._accept(exhausted)
        inside._listening.remove(exhausted)
        inside._loop.add_reader(listening, inside._accept, listening)
        await (await house.native("alice")).barrier()

    run(loop, scene)


def test_accepted_sockets_keep_their_options_under_tls(loop: str) -> None:
    async def scene(house: House) -> None:
        carol = await secure(house)
        await carol.write(b"carol\n")
        await carol.reads("=== Connected! Type /help for commands ===", "")
        (connection,) = house.server.connections
        sock = connection._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * 65_536

    run(loop, scene)


# Admission


async def accepted(house: House, number: int) -> None:
    """Wait until this many connections have a slot."""
    while house.server.connection_limits.open < number:  # noqa: ASYNC110 - the server has no event for it
        await asyncio.sleep(0)


async def gone(house: House) -> None:
    """Wait until all slots are free again."""
    while house.server.connection_limits.open:
        house.clock.now += 1000
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"dave\n",
        b"dave\n/quit\n",
        b"GET / HTTP/1.1\r\n",
        b"\x00\x01",
        b"{",
        hello("ftp"),
        hello(),
        hello()[:20],
        b"\x16\x03\x01\x00\x05hello",
    ],
    ids=lambda data: f"{data[:10]}, {len(data)} bytes" if isinstance(data, bytes) else None,
)
@pytest.mark.parametrize("vanishes", [False, True])
def test_every_end_of_a_connection_frees_its_slot(
    loop: str, said: bytes, monkeypatch: pytest.MonkeyPatch, *, vanishes: bool
) -> None:
    monkeypatch.setattr(server, "SWEEP_SECONDS", 0.005)

    async def scene(house: House) -> None:
        caller = await house.call()
        await caller.write(said)
        await accepted(house, 1)
        if vanishes:
            caller.vanish()
        elif said.startswith(b"dave"):
            caller.hang_up()
        await gone(house)
        assert house.server.connection_limits.strangers == 0
        assert not house.server.connection_limits.counts

    run(loop, scene, limited=True)


def test_a_refused_connection_gets_an_error_only_in_plaintext(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_limits, "is_loopback", lambda _: False)

    async def scene(house: House) -> None:
        others = [await house.call() for _ in range(STRANGERS_PER_ADDRESS)]
        await accepted(house, len(others))
        refused = await house.call()
        assert await refused.end() == (
            b"[server] Too many connections from your address have not logged in; try again in a minute.\n"
        )
        with pytest.raises(OSError):  # noqa: PT011 - a reset, or an end of file inside the handshake
            await secure(house)
        for each in others:
            each.hang_up()
        await gone(house)
        await house.plain("dave")
        assert (house.server.connection_limits.open, house.server.connection_limits.strangers) == (1, 0)

    run(loop, scene, limited=True)


@pytest.mark.parametrize("said", [b"", b"\x16", b"nam", hello()], ids=["nothing", "a byte of TLS", "a name", "a hello"])
def test_an_owner_can_log_in_despite_a_crowd_of_silent_connections(
    loop: str, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The crowd comes from many addresses, each with its maximum of connections, and reconnects immediately."""
    monkeypatch.setattr(connection_limits, "is_loopback", lambda _: False)

    async def crowd(house: House, number: int) -> list[Caller]:
        callers = []
        for _ in range(STRANGERS_PER_ADDRESS):
            here = (f"127.0.1.{number}", 0)
            caller = Caller(*await asyncio.open_connection("127.0.0.1", house.port, local_addr=here))
            house.callers.append(caller)
            callers.append(caller)
            await caller.write(said)
        return callers

    async def scene(house: House) -> None:
        owner = await house.native("owner")
        oldest = await crowd(house, 1)
        for number in range(2, 7):
            await crowd(house, number)
        assert house.server.connection_limits.strangers == 100
        for number in range(7, 10):
            owner.hang_up()
            await crowd(house, number)
            owner = await house.native("owner")
        await asyncio.gather(*(each.end() for each in oldest), return_exceptions=True)
        assert house.server.connection_limits.strangers == 99

    run(loop, scene, limited=True, slots=400)


def test_a_peer_without_plaintext_access_has_the_short_deadline(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "SWEEP_SECONDS", 0.005)
    monkeypatch.setattr("socketchat.server.handshakes.is_loopback", lambda _: False)

    async def scene(house: House) -> None:
        caller = await house.call()
        await accepted(house, 1)
        house.clock.now += HANDSHAKE_SECONDS + 1
        assert b"This server accepts plaintext from its own machine only" in await caller.end()

    run(loop, scene)


def test_a_full_server_accepts_a_waiting_connection_when_another_ends(
    loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handshakes, "EXHAUSTED_SECONDS", 0.005)

    async def scene(house: House) -> None:
        dave, erin = await house.plain("dave"), await house.plain("erin")
        late = await house.call()
        await late.write(b"late\n")
        await dave.write(b"all there is\n")
        await erin.reads("dave: all there is")
        assert house.server.connection_limits.open == 2
        dave.hang_up()
        await late.reads("=== Connected! Type /help for commands ===")

    run(loop, scene, limited=True, slots=2)


@pytest.mark.parametrize("seed", range(3))
def test_a_mutated_client_hello_leaves_no_state(
    loop: str, seed: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each one is closed, or waits for missing bytes until the deadline; garbage after a handshake, too."""
    monkeypatch.setattr(server, "SWEEP_SECONDS", 0.02)
    chance = random.Random(seed)

    async def scene(house: House) -> None:
        for number in range(60):
            data = bytearray(hello("socketchat/1"))
            for _ in range(chance.randint(1, 8)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            caller = await house.call()
            await caller.write(bytes(data[: chance.choice([None, chance.randrange(1, len(data))])]))
            if number % 2:
                caller.vanish()
        carol = await secure(house)
        await carol.write(b"carol\n")
        await carol.reads("=== Connected! Type /help for commands ===", "")
        sock = carol.writer.get_extra_info("socket")
        os.write(sock.fileno(), b"no TLS at all")
        house.clock.now += HANDSHAKE_SECONDS + 1
        with suppress(ConnectionError, ssl.SSLError):
            await carol.end()
        alice = await house.native("alice")
        inside = house.server._handshakes
        house.clock.now += 200
        while inside._silent or inside._ready or inside._under_way or len(house.server.connections) > 1:
            await alice.barrier()

    run(loop, scene)
    assert not caplog.records
