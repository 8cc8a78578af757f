import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from socketchat.exceptions import BadLine, ProtocolError, Unsupported
from socketchat.hub import Session
from socketchat.protocol import commands, events
from socketchat.protocol.codec import encode
from socketchat.protocol.limits import LINE_BYTES
from socketchat.wire.native import NATIVE
from socketchat.wire.native import wire as native_wire
from socketchat.wire.wire import SHORT_BYTES
from tests.hub.stage import Stage
from tests.wire.splits import cut_at, read_all, splits


def read(*reads: bytes, together: int = 0) -> list:
    return read_all(native_wire(), Session(NATIVE, Stage().connect(), bytearray().extend), reads, together)


ASKED = [
    commands.Hello(id=1, name="alice", key="k" * 43, positions={"#lobby": 7}, epoch="e"),
    commands.Send(id=2, to="#lobby", text="grüße 👋\nand a second line"),
    commands.Join(id=3, room="#ops"),
    commands.Ping(id=4),
    commands.Quit(),
]
STREAM = (
    b"".join(map(encode, ASKED[:3]))
    + b'{"type":"later","id":9}\n\n'
    + b'not json\r\n{"type":"ping","id":"x"}\n'
    + b'{"type":"send","to":"#lobby","text":"caf\xe9"}\n'
    + b"".join(map(encode, ASKED[3:]))
    + b'{"type":"pi'
)


def test_a_bad_line_is_an_error_with_the_id_of_its_command() -> None:
    found = read(STREAM)
    assert found[:3] + found[-2:] == ASKED
    errors = found[3:-2]
    assert [(type(error), error.command_id) for error in errors] == [
        (Unsupported, 9),
        (BadLine, None),
        (BadLine, None),
        (BadLine, None),
        (BadLine, None),
    ]


def test_a_stream_means_the_same_for_any_chunks() -> None:
    whole = [repr(each) for each in read(STREAM)]
    for reads in splits(STREAM):
        assert [repr(each) for each in read(*reads)] == whole


LINES = (
    encode(commands.Send(id=1, to="#lobby", text="hi", outbox="0" * 16, n=1)),
    encode(commands.Send(to="@bob", text="grüße\n", kind="action")),
    encode(commands.Send(to="#lobby", text="yes", of=7)),
    encode(commands.Send(to="#lobby", text="x" * SHORT_BYTES)),
    encode(commands.Ping(id=2)),
    b'{"type":"send","to":"#lobby"}\n',
    b'{"type":"send","type":"ping","to":"#lobby","text":"x"}\n',
    b'{"type":"send","to":"#lobby","text":"caf\xe9"}\n',
    b' {"type":"send","to":"#lobby","text":"x"}\r\n',
    b"\n",
)


@given(st.lists(st.sampled_from(LINES)), st.integers(1, 9), st.lists(st.integers(0, 3000)))
def test_messages_taken_together_are_those_taken_one_by_one(lines: list[bytes], most: int, cuts: list[int]) -> None:
    stream = b"".join(lines)
    assert list(map(repr, read(*cut_at(stream, cuts), together=most))) == list(map(repr, read(stream)))


def test_a_reply_is_not_taken_together_with_messages() -> None:
    wire = native_wire()
    wire.begin(Session(NATIVE, Stage().connect(), bytearray().extend))
    wire.receive_data(LINES[0] * 3 + LINES[2] + LINES[0])
    assert [len(wire.next_messages(2)), len(wire.next_messages(2)), wire.next_messages(2)] == [2, 1, []]


@given(st.binary(max_size=300), st.lists(st.integers(0, 300)))
@example(b"[" * 300, [])
def test_arbitrary_bytes_are_commands_or_errors_for_any_chunks(stream: bytes, cuts: list[int]) -> None:
    stream += b"\n"
    whole = [repr(each) for each in read(stream)]
    assert [repr(each) for each in read(*cut_at(stream, cuts))] == whole


@pytest.mark.parametrize("nested", [b"[" * 100_000, b'{"id":' * 30_000, b'{"type":"ping","x":' + b"[" * 200_000])
def test_deeply_nested_brackets_are_an_error(nested: bytes) -> None:
    (error, ping) = read(nested + b'\n{"type":"ping"}\n')
    assert isinstance(error, BadLine)
    assert ping == commands.Ping()


def test_a_line_over_the_limit_ends_the_connection() -> None:
    line = b'{"type":"ping","id":1,"x":"' + b"x" * (LINE_BYTES - 29) + b'"}'
    assert len(line) == LINE_BYTES
    assert read(line + b"\n") == [commands.Ping(id=1)]
    (error,) = read(line[:-2] + b'x"}\n{"type":"ping"}\n')
    assert type(error) is ProtocolError
    assert str(error) == "The line is too long; the limit is 262,144 bytes."


def test_an_endless_line_is_refused_once_it_is_too_long() -> None:
    wire = native_wire()
    wire.begin(Session(NATIVE, Stage().connect(), bytearray().extend))
    for _ in range(4):
        wire.receive_data(b"{" * 65_536)
        assert wire.next_command() is None
    wire.receive_data(b"{")
    with pytest.raises(ProtocolError, match="the limit is"):
        wire.next_command()


def test_all_sessions_get_the_same_bytes() -> None:
    entry = events.Entry(conversation="#lobby", seq=1, ts=2, author="u1", name="a", kind="message", body=b"{}")
    assert NATIVE.entry(entry) == NATIVE.entry(entry, own=True) == encode(entry)
    assert NATIVE.event(events.Ok(id=1)) == b'{"type":"ok","id":1}\n'


def test_a_native_client_has_ten_seconds_to_log_in() -> None:
    assert native_wire().greeting_seconds == 10
