"""The work that a peer can cause below TLS: records, bytes and memory."""

import asyncio
import ssl
from contextlib import suppress

import pytest

from socketchat.protocol import commands, events
from socketchat.protocol.codec import encode
from socketchat.server.limits import EMPTY_RECORDS, HANDSHAKE_RECORDS, READ_BYTES, RECORD_BURST, RECORDS_PER_TURN
from socketchat.server.tls import records as tls_records
from socketchat.server.tls import transport as tls_transport
from socketchat.server.tls.records import TlsRecords
from tests.certificate import identity, trusting
from tests.server.house import LOOPS, Caller, House, run
from tests.server.raw_tls import ALERT, RawTls
from tests.wire.test_tls_client_hello import hello

each_loop = pytest.mark.parametrize("loop", LOOPS)

EMPTY = {
    "key updates": lambda raw: raw.key_update(),
    "key updates without an answer": lambda raw: raw.key_update(answered=False),
    "empty records": lambda raw: raw.record(b""),
    "warnings": lambda raw: raw.record(b"\x01\x5a", ALERT),
}


async def connected(house: House) -> RawTls:
    raw = await RawTls().connect(house.port)
    house.callers.append(raw)
    return raw


async def end(reader: asyncio.StreamReader) -> None:
    with suppress(ConnectionError):
        await reader.read()


@each_loop
@pytest.mark.parametrize("made", EMPTY.values(), ids=EMPTY)
def test_a_peer_that_sends_empty_records_is_closed_after_a_few(
    loop: str, made, monkeypatch: pytest.MonkeyPatch
) -> None:
    decrypted = []
    decrypt = TlsRecords.decrypt

    def counting(self: TlsRecords, most: int) -> bytes:
        before = self.count
        try:
            return decrypt(self, most)
        finally:
            decrypted.append(self.count - before)

    monkeypatch.setattr(TlsRecords, "decrypt", counting)

    async def scene(house: House) -> None:
        alice = await house.native("alice")
        raw = await connected(house)
        raw.writer.write(b"".join(made(raw) for _ in range(5000)))
        await end(raw.reader)
        await alice.barrier()

    run(loop, scene)
    assert sum(decrypted) <= HANDSHAKE_RECORDS + EMPTY_RECORDS + 1
    assert max(decrypted) <= RECORDS_PER_TURN


@each_loop
def test_a_peer_can_update_its_key(loop: str) -> None:
    async def scene(house: House) -> None:
        raw = await connected(house)
        for _ in range(EMPTY_RECORDS):
            raw.writer.write(raw.key_update() + raw.record(b"c"))
        raw.writer.write(raw.record(b"\n"))
        alice = await house.native("alice")
        raw.writer.write(raw.record(b"hello\n"))
        await alice.hears(events.Entry)

    run(loop, scene)


@each_loop
def test_no_turn_of_the_loop_decrypts_more_than_a_bounded_number_of_records(
    loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ping among many records is answered after the few turns that it takes, not after all of the records."""
    turns = []

    async def scene(house: House) -> None:
        alice = await house.native("alice")
        raw = await connected(house)
        raw.writer.write(raw.record(b"carol\n"))
        before = len(turns)
        raw.writer.write(b"".join(raw.record(b"x") for _ in range(20_000)))
        for _ in range(50):
            await alice.barrier()
        assert max(turns[before:]) <= RECORDS_PER_TURN

    decrypt = TlsRecords.decrypt

    def counting(self: TlsRecords, most: int) -> bytes:
        before = self.count
        data = decrypt(self, most)
        turns.append(self.count - before)
        return data

    monkeypatch.setattr(TlsRecords, "decrypt", counting)
    run(loop, scene)


@each_loop
def test_a_peer_with_too_many_records_is_slowed_down_and_loses_nothing(
    loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_transport, "RECORDS_SECONDS", 0.001)

    async def scene(house: House) -> None:
        alice = await house.native("alice")
        raw = await connected(house)
        text = b"x" * (RECORD_BURST + 500)
        raw.writer.write(b"".join(raw.record(bytes([letter])) for letter in b"carol\n" + text + b"\n"))
        while not any(RECORD_BURST <= _decrypted(each) < len(text) for each in house.server.connections):
            await alice.barrier()
        for _ in range(20):
            await alice.barrier()
        assert all(_decrypted(each) <= RECORD_BURST + RECORDS_PER_TURN for each in house.server.connections)
        house.clock.now += 10
        while (entry := await alice.hears(events.Entry)).kind != "message":
            pass
        assert text in bytes(entry.body)

    run(loop, scene, limited=True)


def _decrypted(connection) -> int:
    tls = getattr(connection._transport, "_tls", None)
    return tls.count if tls else 0


@each_loop
@pytest.mark.parametrize("size", [1, 4, 5, 6, 100, 16_000])
def test_records_can_be_split_anywhere(loop: str, size: int) -> None:
    async def scene(house: House) -> None:
        alice = await house.native("alice")
        raw = await connected(house)
        sent = raw.record(b"carol\n") + raw.record(b"one\n") + raw.record(b"two\n")
        for at in range(0, len(sent), size):
            raw.writer.write(sent[at : at + size])
            await asyncio.sleep(0)
        heard = [await alice.hears(events.Entry) for _ in range(2)]
        assert [b"one" in bytes(heard[0].body), b"two" in bytes(heard[1].body)] == [True, True]

    run(loop, scene)


@each_loop
def test_large_data_is_transferred_in_order_in_both_directions(loop: str) -> None:
    async def scene(house: House) -> None:
        alice, bob = await house.native("alice"), await house.native("bob")
        texts = [f"{number} " + "x" * 30_000 for number in range(40)]
        await alice.write(b"".join(encode(commands.Send(to="#lobby", text=text)) for text in texts))
        for text in texts:
            assert text.encode() in bytes((await bob.hears(events.Entry)).body)

    run(loop, scene, tls=True)


@each_loop
def test_data_before_a_forged_record_is_processed(loop: str) -> None:
    async def scene(house: House) -> None:
        alice = await house.native("alice")
        raw = await connected(house)
        raw.writer.write(raw.record(b"carol\n") + raw.record(b"before\n") + b"\x17\x03\x03\0\x20" + bytes(32))
        assert b"before" in bytes((await alice.hears(events.Entry)).body)
        await end(raw.reader)

    run(loop, scene)


@each_loop
def test_connections_share_nothing_but_empty_buffers(loop: str) -> None:
    """A failure on one connection leaves no byte for the next."""

    async def scene(house: House) -> None:
        for garbage in (b"\x17\x03\x03\0\x20" + bytes(32), b"\x18\x03\x03\0\0", b"\x17\x03\x03\xff\xff", b"\0" * 50):
            alice = await house.native("alice")
            raw = await connected(house)
            raw.writer.write(garbage)
            await end(raw.reader)
            await alice.barrier()
            alice.hang_up()
        assert (tls_records._incoming.pending, tls_records._outgoing.pending) == (0, 0)

    run(loop, scene, tls=True)


def test_a_handshake_has_a_bounded_number_of_records() -> None:
    tls = TlsRecords(identity().context)
    body = hello()[5:]
    tls.receive(b"".join(b"\x16\x03\x01\0\x01" + body[at : at + 1] for at in range(len(body))))
    tls.decrypt(1000)
    assert tls.failure is not None
    assert tls.count == HANDSHAKE_RECORDS + 1


def test_nothing_is_kept_after_closing() -> None:
    tls, client, sent = established()
    with suppress(ssl.SSLError):
        client.unwrap()
    tls.receive(sent.read())
    assert tls.decrypt(10) == b""
    assert tls.has_ended
    tls.receive(b"x" * READ_BYTES)
    assert not tls._raw


def established() -> tuple[TlsRecords, ssl.SSLObject, ssl.MemoryBIO]:
    """Return the server's end, the client's end, and the output of the client."""
    tls = TlsRecords(identity().context)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting().wrap_bio(back, there)
    for _ in range(3):
        with suppress(ssl.SSLWantReadError):
            client.do_handshake()
        tls.receive(there.read())
        tls.decrypt(10)
        back.write(tls.answer)
    assert tls.is_established
    return tls, client, there


@each_loop
def test_a_close_waits_for_the_peer_without_keeping_its_keys(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_transport, "TLS_CLOSE_SECONDS", 0.01)

    async def scene(house: House) -> None:
        alice = await house.native("alice")
        raw = await connected(house)
        while len(house.server.connections) < 2:
            await alice.barrier()
        (transport,) = (each._transport for each in house.server.connections if each.session is None)
        raw.writer.write(raw.record(b"SSH-2.0-x\r\n"))
        while transport._tls is not None:
            await alice.barrier()
        raw.writer.write(b"x" * 100_000)
        while len(house.server.connections) > 1:
            await alice.barrier()

    run(loop, scene)


@each_loop
def test_a_connection_frees_its_receive_buffer(loop: str) -> None:
    async def scene(house: House) -> None:
        caller: Caller = await house.native("alice")
        await caller.write(encode(commands.Send(to="#lobby", text="x" * 32_000)) * 8)
        await caller.barrier()
        (connection,) = house.server.connections
        assert connection._transport._tls._raw.__alloc__() < 100

    run(loop, scene, tls=True)
