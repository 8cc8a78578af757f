import asyncio
import logging
from collections.abc import Callable

import pytest

from socketchat.commands import COMMANDS, handle
from socketchat.hub import logins
from socketchat.hub.policy.limits import COMMAND_BURST, COMMAND_BYTES
from socketchat.protocol import commands, events
from socketchat.protocol.codec import decode_text, encode
from socketchat.protocol.limits import LINE_BYTES, UNACKNOWLEDGED_ENTRIES
from socketchat.server import connection_limits, server
from socketchat.server.limits import (
    STALL_SECONDS,
    STRANGER_BYTES,
    TURN_BYTES,
    TURN_OTHERS,
    WRITE_BUFFER_HIGH,
    WRITE_BUFFER_STALE,
)
from socketchat.wire import plain
from tests.presence import presences
from tests.server.house import LOOPS, Caller, HeldJournal, House, run

pytestmark = pytest.mark.parametrize("loop", LOOPS)

LONG = "x" * 30_000

ALLOWED = COMMAND_BURST
"""Commands of a session while the clock stands still."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "SWEEP_SECONDS", 0.005)


# Greeting


@pytest.mark.parametrize(
    ("first", "seconds", "told"),
    [
        (b"", 120, b"[server] You took too long to log in. Connect again.\n"),
        (b"NIC", 120, b"[server] You took too long to log in. Connect again.\n"),
        (b"{", 10, b'{"type":"bye","code":"too_slow","text":"You took too long to log in. Connect again."}\n'),
        (
            b'{"type":"ping"}\n',
            10,
            b'{"type":"bye","code":"too_slow","text":"You took too long to log in. Connect again."}\n',
        ),
        (b"b", 120, b"[server] You took too long to log in. Connect again.\n"),
        (b"/bad\n", 120, b"[server] You took too long to log in. Connect again.\n"),
    ],
    ids=str,
)
def test_a_connection_without_a_login_in_time_is_closed(loop: str, first: bytes, seconds: float, told: bytes) -> None:
    async def scene(house: House) -> None:
        caller = await house.call()
        if first:
            await caller.write(first)
        other = await house.native("other")
        await other.barrier()
        peers = (*house.server.connections, *house.server._handshakes._silent)
        (connection,) = (each for each in peers if not getattr(each, "session", None) or not each.session.user)
        house.clock.now += seconds - 1
        assert not connection.is_late(house.clock.now)
        house.clock.now += 2
        assert (await caller.end()).endswith(told)
        await other.barrier()

    run(loop, scene)


@pytest.mark.parametrize("first", [b'{"type":"', b"x"])
def test_an_endless_line_before_the_login_is_not_kept(loop: str, first: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_limits, "STRANGERS_BYTES", 10 * STRANGER_BYTES)

    async def scene(house: House) -> None:
        alice = await house.native("alice")
        greedy = [await house.call() for _ in range(10)]
        for each in greedy:
            await each.write(first + b"x" * (STRANGER_BYTES + 1))
        ends = [asyncio.ensure_future(each.end()) for each in greedy]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        told = [each.result() for each in ends if each.done()]
        assert all(b"Too many bytes from connections that have not logged in" in each for each in told)
        await alice.write(encode(commands.Send(to="#lobby", text=LONG)) * 10)
        for _ in range(10):  # replay may serve this many long texts, after a barrier
            await alice.hears(events.Entry)
        await (await house.native("bob")).barrier()
        for each in ends:
            each.cancel()

    run(loop, scene)


def test_a_logged_in_connection_may_be_silent(loop: str) -> None:
    async def scene(house: House) -> None:
        alice, dave = await house.native("alice"), await house.plain("dave")
        house.clock.now += 100_000
        late = await house.call()
        house.clock.now += 121
        await late.end()
        await alice.barrier()
        await dave.write(b"/topic\n")
        await dave.reads("[topic] #lobby has no topic.")

    run(loop, scene)


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (b"\x16\x02\x01\x02\x00", b""),
        (b"\x80\x2e\x01\x00\x02", b""),
        (b"\0\0\0\0", b""),
        (b"SSH-2.0-x\r\n", b"[error] SSH is not supported here; use `socketchat join`.\n"),
    ],
    ids=str,
)
def test_an_unknown_protocol_is_closed(loop: str, first: bytes, told: bytes) -> None:
    async def scene(house: House) -> None:
        caller = await house.call()
        await caller.write(first)
        assert await caller.end() == told

    run(loop, scene)


def test_a_first_line_can_arrive_byte_by_byte(loop: str) -> None:
    async def scene(house: House) -> None:
        for name in ("Joiner", "nick", "erin"):
            caller = await house.call()
            for byte in name.encode() + b"\r\n":
                await caller.write(bytes([byte]))
            await caller.reads(f"[join] {name} has joined the chat.", "", "=== Connected! Type /help for commands ===")

    run(loop, scene)


# Invalid lines


def test_a_line_over_the_limit_ends_a_native_connection_with_a_reason(loop: str) -> None:
    async def scene(house: House) -> None:
        alice = await house.native("alice")
        await alice.write(b"{" * (LINE_BYTES + 1))
        bye = await alice.hears(events.Bye)
        text = "The line is too long; the limit is 262,144 bytes."
        assert (bye.code, bye.text, bye.reconnect) == ("protocol", text, False)
        assert await alice.end() == b""

    run(loop, scene)


def test_a_line_over_the_limit_is_an_error_to_a_plain_connection(loop: str) -> None:
    async def scene(house: House) -> None:
        dave = await house.plain("dave")
        await dave.write(b"x" * (plain.LINE_BYTES + 1) + b"\n" + b"y" * plain.LINE_BYTES + b"\n/topic\n")
        read = await dave.reads("[topic] #lobby has no topic.")
        assert read[:2] == [
            "[error] The line is too long; the limit is 32,896 bytes.",
            "[error] Too long: 32,896 bytes; the limit is 32,768. Send it as a file or split it.",
        ]

    run(loop, scene)


def test_an_invalid_command_is_answered_with_its_id(loop: str) -> None:
    async def scene(house: House) -> None:
        alice = await house.native("alice")
        await alice.write(b'{"type":"dance","id":7}\n{"id":8}\n[]\n')
        errors = [event for event in await alice.barrier() if isinstance(event, events.Error)]
        assert [(error.code, error.id) for error in errors] == [("unsupported", 7), ("bad_line", 8), ("bad_line", None)]

    run(loop, scene)


# The end of a connection


def test_the_loss_of_a_plain_client_is_announced(loop: str) -> None:
    async def scene(house: House) -> None:
        alice, dave = await house.native("alice"), await house.plain("dave")
        await alice.hears(events.Presence)
        dave.vanish()
        assert presences([await alice.hears(events.Presence)]) == ["-dave"]

    run(loop, scene)


def test_the_loss_of_a_native_client_is_announced_unless_it_reconnects(
    loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logins, "RESUME_SECONDS", 0.05)

    async def scene(house: House) -> None:
        alice, bob = await house.native("alice"), await house.native("bob")
        await alice.hears(events.Presence)
        bob.vanish()
        assert presences([await alice.hears(events.Presence)]) == ["-bob"]

    run(loop, scene)


@pytest.mark.parametrize("end", [Caller.vanish, Caller.hang_up, lambda caller: caller.writer.write_eof()])
def test_an_incomplete_line_is_not_sent(loop: str, end: Callable[[Caller], None]) -> None:
    async def scene(house: House) -> None:
        alice, dave = await house.native("alice"), await house.plain("dave")
        await dave.write(b"all of it\nhalf of")
        entry = await alice.hears(events.Entry)
        assert decode_text(entry).text == "all of it"
        end(dave)
        assert presences([await alice.hears(events.Presence)]) == ["-dave"]
        assert not any(isinstance(event, events.Entry) for event in await alice.barrier())

    run(loop, scene)


def test_lines_before_the_end_of_a_connection_are_delivered(loop: str) -> None:
    async def scene(house: House) -> None:
        alice = await house.native("alice")
        caller = await house.call()
        await caller.write(b"dave\n" + b"".join(b"line %d\n" % n for n in range(200)))
        caller.writer.write_eof()
        heard = [decode_text(await alice.hears(events.Entry)).text for _ in range(200)]
        assert heard == [f"line {n}" for n in range(200)]

    run(loop, scene)


@pytest.mark.parametrize("tls", [False, True], ids=["", "TLS"])
@pytest.mark.parametrize("ends", ["ends its input", "closes"])
@pytest.mark.parametrize("limited", [False, True])
def test_lines_before_the_end_of_input_are_stored_in_order(loop: str, ends: str, *, tls: bool, limited: bool) -> None:
    texts = [str(n) for n in range(4 * UNACKNOWLEDGED_ENTRIES)]

    async def scene(house: House) -> None:
        alice = await house.native("alice")
        dave = await house.plain("dave")
        await alice.hears(events.Presence)
        dave.writer.write("".join(f"{text}\n" for text in texts).encode())
        if ends == "closes" or tls:
            dave.writer.close()
        else:
            dave.writer.write_eof()
        heard = [decode_text(await alice.hears(events.Entry)).text for _ in texts]
        assert heard == texts
        assert presences([await alice.hears(events.Presence)]) == ["-dave"]

    run(loop, scene, tls=tls, limited=limited)


@pytest.mark.parametrize("tls", [False, True], ids=["", "TLS"])
def test_an_ended_connection_counts_until_its_lines_are_handled(loop: str, *, tls: bool) -> None:
    async def scene(house: House) -> None:
        alice = await house.native("alice")
        dave = await house.plain("dave")
        await alice.hears(events.Presence)
        house.server.hub.journal.held = True
        dave.writer.write(b"said\n" * (UNACKNOWLEDGED_ENTRIES + 1))
        (connection,) = (each for each in house.server.connections if each.session.user.name == "dave")
        dave.writer.close()
        while connection.session.under_way < UNACKNOWLEDGED_ENTRIES or (tls and not connection._has_ended):
            await alice.barrier()
        assert connection in house.server.connections
        house.server.hub.journal.let_go()
        for _ in range(UNACKNOWLEDGED_ENTRIES + 1):
            await alice.hears(events.Entry)
        await alice.hears(events.Presence)
        assert connection not in house.server.connections

    run(loop, scene, tls=tls, journal=HeldJournal)


@pytest.mark.parametrize("tls", [False, True], ids=["", "TLS"])
def test_a_stopping_server_does_not_wait_for_lines_of_ended_connections(loop: str, *, tls: bool) -> None:
    async def scene(house: House) -> None:
        dave = await house.plain("dave")
        (connection,) = house.server.connections
        await dave.write(b"said\n" * 2 * ALLOWED)
        alice = await house.native("alice")
        while connection._pressure.is_reading:
            await alice.barrier()
        connection._transport.abort()  # as a link that breaks
        while not connection._is_lost:
            await alice.barrier()
        assert connection in house.server.connections
        assert not connection.session.gone
        connection.stop_reading()
        assert connection not in house.server.connections
        assert connection not in house.server.connections

    run(loop, scene, tls=tls, limited=True)


def test_a_half_closed_client_still_gets_its_answers(loop: str) -> None:
    async def scene(house: House) -> None:
        alice = await house.native("alice")
        house.server.hub.journal.held = True
        await alice.say(*(commands.Send(id=n, to="#lobby", text="hello") for n in range(3)))
        alice.writer.write_eof()
        other = await house.call()
        await other.say(commands.Ping(id=1))
        await other.hears(events.Ok)
        house.server.hub.journal.let_go()
        lines = (await alice.end()).splitlines()
        assert sum(b'"ok"' in line for line in lines) == 3

    run(loop, scene, journal=HeldJournal)


@pytest.mark.parametrize("tls", [False, True], ids=["", "TLS"])
def test_one_turn_of_the_loop_handles_a_bounded_number_of_lines_of_one_connection(
    loop: str, monkeypatch: pytest.MonkeyPatch, *, tls: bool
) -> None:
    turns: list[int] = []
    handled = 0

    def counting(hub, session, command) -> bool:
        nonlocal handled
        if not handled:
            asyncio.get_running_loop().call_soon(turn_over)
        handled += 1
        return handle(hub, session, command)

    def turn_over() -> None:
        nonlocal handled
        turns.append(handled)
        handled = 0

    async def scene(house: House) -> None:
        dave = await house.guest("dave")
        monkeypatch.setattr("socketchat.server.connection.handle", counting)
        await dave.say(*(commands.Ping(id=n) for n in range(1000)))
        for n in range(1000):
            assert (await dave.hears(events.Ok)).id == n
        most = 2 * TURN_OTHERS  # uvloop may read once more before the callback of call_soon()
        assert max(turns) <= most
        turns.clear()
        await dave.say(*(commands.Send(id=n, to="#lobby", text="x" * (TURN_BYTES // 4)) for n in range(20)))
        for _ in range(20):
            await dave.hears(events.Ok)
        assert max(turns) <= 2 * 4

    run(loop, scene, tls=tls)


def test_quit_closes_the_connection_after_all_answers(loop: str) -> None:
    async def scene(house: House) -> None:
        alice, dave = await house.native("alice"), await house.plain("dave")
        await alice.say(commands.Send(id=1, to="#lobby", text="bye"), commands.Quit(id=2))
        assert [ok for ok in (await alice.end()).splitlines() if b'"ok"' in ok] == [
            b'{"type":"ok","id":1,"conversation":"#lobby","seq":1}',
            b'{"type":"ok","id":2}',
        ]
        await dave.reads("alice: bye", "[leave] alice has left the chat.")

    run(loop, scene)


# Push-back


@pytest.mark.parametrize("line", [b"/topic", b"/nothing", b"\xc3", b"x" * (plain.LINE_BYTES + 1)], ids=len)
def test_a_connection_that_is_too_fast_is_not_read_for_a_while(loop: str, line: bytes) -> None:
    """The clock stands still, so that an allowance is all there is."""

    async def scene(house: House) -> None:
        dave, erin = await house.plain("dave"), await house.plain("erin")
        dave.writer.write((line + b"\n") * (ALLOWED + 3) + b"/quit\n")
        for _ in range(ALLOWED - 1):  # its name was the first
            while not (answer := await dave.line()).startswith(("[topic]", "[error]")):
                assert answer
        await erin.write(b"/topic\n")
        await erin.reads("[topic] #lobby has no topic.")
        (connection,) = (each for each in house.server.connections if each.session.user.name == "dave")
        assert not connection._pressure.is_reading
        house.clock.now += 1
        assert sum(not answer.startswith(b"[join]") for answer in (await dave.end()).splitlines()) == 4

    run(loop, scene, limited=True)


def test_a_flood_of_empty_lines_is_slowed_like_any_other(loop: str) -> None:
    async def scene(house: House) -> None:
        dave, erin = await house.plain("dave"), await house.plain("erin")
        await dave.write(b"\n" * ALLOWED + b"/quit\n")
        await erin.write(b"/topic\n")
        await erin.reads("[topic] #lobby has no topic.")
        (connection,) = (each for each in house.server.connections if each.session.user.name == "dave")
        assert not connection._pressure.is_reading
        house.clock.now += 1
        await dave.end()

    run(loop, scene, limited=True)


@pytest.mark.parametrize("line", [LONG, f"/topic {LONG}", f"/unknown{LONG}"])
def test_a_long_line_counts_as_several(loop: str, line: str) -> None:
    many = ALLOWED // (1 + len(line) // COMMAND_BYTES)

    async def scene(house: House) -> None:
        erin, dave = await house.native("erin"), await house.plain("dave")
        (connection,) = (each for each in house.server.connections if each.session.user.name == "dave")
        dave.writer.write(b"%s\n" % line.encode() * (many + 20))
        told: list[events.Event] = []
        while not connection.session.rests:
            told += await erin.barrier()
        told += await erin.barrier()
        answers = dave.reader._buffer.count(b"[error]") + sum(isinstance(each, events.Entry) for each in told)
        assert many - 2 <= answers <= many + 2

    run(loop, scene, limited=True)


def test_a_connection_is_not_read_while_too_many_entries_are_unstored(loop: str) -> None:
    async def scene(house: House) -> None:
        journal = house.server.hub.journal
        alice, bob = await house.native("alice"), await house.native("bob")
        (connection,) = (each for each in house.server.connections if each.session.user.name == "alice")
        journal.held = True
        flood = b"".join(encode(commands.Send(to="#lobby", text=f"{n} " + "x" * 3000)) for n in range(1000))
        alice.writer.write(flood)
        alice.writer.write(encode(commands.Ping(id=5)))
        while connection._transport.is_reading():
            await bob.barrier()
        under_way = connection.session.under_way
        assert under_way == UNACKNOWLEDGED_ENTRIES
        for _ in range(5):
            await bob.barrier()
        assert connection.session.under_way == under_way
        journal.let_go()
        answered = asyncio.create_task(
            alice.hears(events.Ok)
        )  # she reads, or she would be pushed back as a slow reader
        heard = [(await bob.hears(events.Entry)).seq for _ in range(1000)]
        assert heard == list(range(1, 1001))
        assert (await answered).id == 5

    run(loop, scene, journal=HeldJournal)


# Slow readers


async def stalled(house: House, speaker: Caller, name: str) -> int:
    """Send messages until the reader of that name is behind; return their number.

    A client's TLS takes about 100 KiB before it stops reading.
    """
    (connection,) = (each for each in house.server.connections if each.session.user.name == name)
    spoken = still = 0
    while still < 10:
        await speaker.send(f"{spoken} {LONG}")
        await speaker.barrier()
        spoken += 1
        still = still + 1 if connection.session.paused else 0
    assert connection._transport.get_write_buffer_size() <= 2 * WRITE_BUFFER_HIGH
    return spoken


@pytest.mark.parametrize("tls", [False, True], ids=["", "TLS"])
@pytest.mark.parametrize("dialect", ["native", "plain"])
def test_a_stalled_reader_is_closed_and_its_leave_is_announced(loop: str, dialect: str, *, tls: bool) -> None:
    async def scene(house: House) -> None:
        alice = await house.native("alice")
        bob = await getattr(house, dialect)("bob", receive_buffer=4096)
        await alice.hears(events.Presence)
        watcher = await house.plain("watcher")
        bob.writer.transport.pause_reading()
        await stalled(house, alice, "bob")
        house.clock.now += STALL_SECONDS - 1
        (connection,) = (each for each in house.server.connections if each.session.user.name == "bob")
        await alice.barrier()
        assert not connection._transport.is_closing()
        while connection in house.server.connections:
            house.clock.now += 2  # more than once: the kernel of a stalled reader may still take a little
            await alice.barrier()
        if dialect == "plain":
            await watcher.reads("[leave] bob has left the chat.")
        assert connection not in house.server.connections

    run(loop, scene, tls=tls)


@pytest.mark.parametrize("tls", [False, True], ids=["", "TLS"])
def test_a_reader_with_a_full_buffer_is_sent_nothing_until_it_reads(
    loop: str, monkeypatch: pytest.MonkeyPatch, *, tls: bool
) -> None:
    monkeypatch.setattr(server, "SWEEP_SECONDS", 3600)  # the test looks by itself

    async def scene(house: House) -> None:
        alice = await house.native("alice")
        bob = await house.native("bob", receive_buffer=4096)
        bob.writer.transport.pause_reading()
        (connection,) = (each for each in house.server.connections if each.session.user.name == "bob")
        spoken = 0

        async def speak() -> None:
            nonlocal spoken
            spoken += 1
            await alice.send(f"{spoken} {'x' * 1000}")
            await alice.barrier()

        while connection._transport.get_write_buffer_size() <= WRITE_BUFFER_STALE:
            await speak()
        connection.hold_back()
        assert not connection.session.paused
        await speak()
        connection.hold_back()
        assert connection.session.paused
        size = connection._transport.get_write_buffer_size()
        for _ in range(20):
            await speak()
        assert connection._transport.get_write_buffer_size() <= size < WRITE_BUFFER_HIGH
        bob.writer.transport.resume_reading()
        seqs = [(await bob.hears(events.Entry)).seq for _ in range(spoken)]
        assert seqs == list(range(1, spoken + 1))
        assert not connection.session.paused
        connection.hold_back()
        connection.hold_back()
        assert not connection.session.paused

    run(loop, scene, tls=tls)


@pytest.mark.parametrize("tls", [False, True], ids=["", "TLS"])
def test_a_slow_reader_is_not_closed(loop: str, monkeypatch: pytest.MonkeyPatch, *, tls: bool) -> None:
    monkeypatch.setattr("socketchat.server.backpressure.WRITE_BUFFER_STALE", WRITE_BUFFER_HIGH)  # let it get full

    async def scene(house: House) -> None:
        alice = await house.native("alice")
        bob = await house.native("bob", receive_buffer=4096)
        bob.writer.transport.pause_reading()
        await stalled(house, alice, "bob")
        for _ in range(60):
            await alice.send(LONG)
        await alice.barrier()
        (connection,) = (each for each in house.server.connections if each.session.user.name == "bob")
        for _ in range(4):
            house.clock.now += STALL_SECONDS - 1
            before, since = connection._transport.get_write_buffer_size(), connection._pressure.full_since
            bob.writer.transport.resume_reading()
            while connection._transport.get_write_buffer_size() >= before and connection._pressure.full_since == since:
                await bob.reader.read(65_536)
            bob.writer.transport.pause_reading()
            assert not connection.is_stalled(house.clock.now, STALL_SECONDS)
        assert not connection._transport.is_closing()

    run(loop, scene, tls=tls)


@pytest.mark.parametrize("tls", [False, True], ids=["", "TLS"])
@pytest.mark.parametrize("dialect", ["native", "plain"])
def test_a_reader_that_resumes_reading_has_lost_nothing(loop: str, dialect: str, *, tls: bool) -> None:
    async def scene(house: House) -> None:
        alice = await house.native("alice")
        bob = await getattr(house, dialect)("bob", receive_buffer=4096)
        bob.writer.transport.pause_reading()
        spoken = await stalled(house, alice, "bob")
        for n in range(spoken, spoken + 100):
            await alice.send(f"{n} {LONG}")
        await alice.barrier()
        bob.writer.transport.resume_reading()
        heard = []
        while len(heard) < spoken + 100:
            if dialect == "native":
                heard.append(decode_text(await bob.hears(events.Entry)).text)
            elif (line := await bob.line()).startswith("alice: "):
                heard.append(line.removeprefix("alice: "))
        assert [text.split()[0] for text in heard] == [str(n) for n in range(spoken + 100)]

    run(loop, scene, tls=tls)


# Unexpected exceptions


def broken(*_: object) -> None:
    raise ZeroDivisionError


SAID = "Internal error; the server's log says more."


@pytest.mark.parametrize("before", [(), (commands.Send(to="#lobby", text="before"),)], ids=["at once", "in a batch"])
def test_an_unexpected_exception_closes_one_connection(
    loop: str, before: tuple, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(COMMANDS, commands.Rooms, COMMANDS[commands.Rooms]._replace(handler=broken))

    async def scene(house: House) -> None:
        alice, bob = await house.native("alice"), await house.native("bob")
        await alice.say(*before, commands.Rooms(id=5))
        for n in range(3):
            await bob.say(commands.Send(id=n, to="#lobby", text=str(n)), commands.Ping(id=10 + n))
        bye = await alice.hears(events.Bye)
        assert (bye.code, bye.text) == ("other", SAID)
        assert await alice.end() == b""
        while (await bob.hears(events.Ok)).id != 12:
            pass

    run(loop, scene)
    assert [(record.levelno, record.exc_info[0]) for record in caplog.records] == [(logging.ERROR, ZeroDivisionError)]


def test_an_exception_after_the_commit_closes_one_connection(
    loop: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(house: House) -> None:
        alice, bob = await house.native("alice"), await house.native("bob")
        monkeypatch.setattr(house.server.hub.subscriptions, "admit", broken)
        house.server.hub.journal.held = True
        await alice.say(commands.Join(room="#ops"))
        await bob.say(commands.Send(id=7, to="#lobby", text="same batch"))
        carol = await house.guest("carol")
        while sum(each.session.under_way for each in house.server.connections) < 2:
            await carol.barrier()
        house.server.hub.journal.let_go()
        assert (await alice.hears(events.Bye)).text == SAID
        assert (await bob.hears(events.Ok)).seq == 1
        assert await bob.barrier()

    run(loop, scene, journal=HeldJournal)
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


def test_a_chat_error_is_answered_and_not_logged_as_an_exception(loop: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scene(house: House) -> None:
        dave = await house.plain("dave")
        await dave.write(b"/dm nobody hi\n/quit\n")
        assert await dave.end() == b"[error] No such user: nobody. /users lists who is online.\n"

    run(loop, scene)
    assert caplog.records == []


# Memory and answers before the login


@pytest.mark.parametrize("endless", [b"\xff\xfa", b"\xff\xfb", b"\xff", b"x"], ids=repr)
def test_endless_telnet_negotiation_is_not_kept(loop: str, endless: bytes) -> None:
    async def scene(house: House) -> None:
        dave = await house.plain("dave")
        (connection,) = house.server.connections
        for _ in range(20):
            await dave.write(endless * 50_000)
        await dave.write(b"\n/topic\n")
        read = await dave.reads("[topic] #lobby has no topic.")
        assert "[error] The line is too long; the limit is 32,896 bytes." in read
        assert not connection._wire._framing._rest

    run(loop, scene)


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"/help\n",
        b"{}\n",
        b'{"type":"users"}\n',
        b'{"type":"help"}\n',
        b'{"type":"hello"}\n',
        b'{"type":"prove","signature":"x"}\n',
        b'{"type":"history","conversation":"#lobby"}\n',
    ],
    ids=repr,
)
def test_an_unauthenticated_connection_gets_short_errors(loop: str, line: bytes) -> None:
    """Each answer is at most ten times the input; input over the allowance is not even read."""
    flood = line * 2000

    async def scene(house: House) -> None:
        stranger = await house.call()
        await stranger.write(flood)
        alice = await house.native("alice")
        await alice.barrier()
        house.clock.now += 130  # the greeting is over
        assert len(await stranger.end()) <= 10 * len(flood)

    run(loop, scene, limited=True)
