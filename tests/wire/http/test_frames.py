import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socketchat.exceptions import ChatError
from socketchat.hub import Session
from socketchat.protocol import commands
from socketchat.protocol.codec import encode
from socketchat.wire.http.websocket import WebSocketDialect, WebSocketFraming, writer
from socketchat.wire.native import NATIVE
from socketchat.wire.wire import Wire
from tests.hub.stage import Stage
from tests.wire.splits import cut_at, read_all, splits

MASK = b"\x37\xfa\x21\x3d"
SAID = [commands.Send(id=n, to="#lobby", text=f"line {n}") for n in range(4)]


def frame(data: bytes, first: int = 0x81, *, masked: bool = True) -> bytes:
    size = len(data)
    head = (
        bytes((first, 0x80 * masked | size)) if size < 126 else bytes((first, 0x80 * masked | 126)) + size.to_bytes(2)
    )
    return head + MASK + bytes(byte ^ MASK[at % 4] for at, byte in enumerate(data)) if masked else head + data


LINES = [encode(each) for each in SAID]
STREAM = (
    frame(LINES[0] + LINES[1])
    + frame(b"are you there", 0x89)
    + frame(LINES[2][:10], 0x01)
    + frame(b"", 0x8A)
    + frame(LINES[2][10:].removesuffix(b"\n"), 0x80)
    + frame(LINES[3])
    + frame(b"\x03\xe8", 0x88)
)


def read(reads: list[bytes], together: int = 0) -> tuple[list, bytes]:
    """Return the commands in the frames, and what the wire says itself."""
    dialect = WebSocketDialect()
    wire = Wire(WebSocketFraming(dialect), dialect)
    said = bytearray()
    session = Session(NATIVE, Stage().connect(), said.extend)
    found = read_all(wire, session, reads, together)
    return found, bytes(said)


@pytest.mark.parametrize("together", [0, 10])
def test_frames_are_the_same_however_the_stream_is_cut(together: int) -> None:
    for reads in splits(STREAM):
        found, said = read(reads, together)
        assert found[:-1] == SAID
        assert isinstance(found[-1], ChatError)
        assert str(found[-1]) == ""
        assert said == b"\x8a\x0dare you there" + b"\x88\x02\x03\xe8"


@given(st.lists(st.integers(0, len(STREAM))))
def test_frames_are_the_same_in_any_parts(cuts: list[int]) -> None:
    assert read(cut_at(STREAM, cuts))[0][:-1] == SAID


@settings(max_examples=300)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4))
def test_any_bytes_are_frames_or_end_the_connection(data: bytes, cuts: list[int]) -> None:
    found, _ = read(cut_at(frame(LINES[0]) + data, cuts))
    assert found[:1] == SAID[:1]
    assert all(isinstance(each, commands.Command | ChatError) for each in found)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(LINES[0], masked=False), 1002),
        (frame(LINES[0], 0x91), 1002),
        (frame(LINES[0], 0xC1), 1002),
        (frame(LINES[0], 0x83), 1002),
        (frame(LINES[0], 0x80), 1002),
        (frame(b"x" * 126, 0x89), 1002),
        (frame(b"x", 0x09), 1002),
        (frame(b"x", 0x88), 1002),
        (b"\x81\xff" + b"\xff" * 8, 1009),
        (b"\x81\xff" + (300_000).to_bytes(8), 1009),
        (frame(b"x", 0x82), 1003),
    ],
)
def test_a_frame_that_the_protocol_forbids_closes_with_its_code(data: bytes, code: int) -> None:
    found, said = read([data])
    assert isinstance(found[-1], ChatError)
    assert said[:1] == b"\x88"
    assert int.from_bytes(said[2:4]) == code


def test_many_very_small_frames_are_not_parsed_to_their_end() -> None:
    found, said = read([frame(b"", 0x8A) * 10_000])
    assert isinstance(found[-1], ChatError)
    assert int.from_bytes(said[2:4]) == 1008
    pings = [commands.Ping(id=n) for n in range(2000)]
    found, said = read([b"".join(frame(encode(each)) for each in pings)])
    assert (found, said) == (pings, b"")


def test_an_endless_message_in_parts_is_not_kept() -> None:
    dialect = WebSocketDialect()
    framing = WebSocketFraming(dialect)
    framing.receive_data(frame(b'{"a":"' + b"x" * 1000, 0x01))
    for _ in range(300):
        framing.receive_data(frame(b"x" * 1000, 0x00))
    assert dialect.is_closed
    assert int.from_bytes(dialect.to_send[2:4]) == 1009


def test_text_that_is_not_utf_8_gets_an_error_as_in_a_line() -> None:
    found, _ = read([frame(b"\xff\xfe\n")])
    assert [each.code for each in found] == ["bad_line"]


@pytest.mark.parametrize("size", [1, 125, 126, 65_535, 65_536, 300_000])
def test_lines_become_one_frame_that_all_sessions_share(size: int) -> None:
    one: list[bytes] = []
    other: list[bytes] = []
    data = b"x" * (size - 1) + b"\n"
    writer(one.append)(data)
    writer(other.append)(data)
    assert one[0] is other[0]
    assert one[0].endswith(data)
    head = one[0][: -len(data)]
    assert head[0] == 0x81
    assert size == (head[1] if size < 126 else int.from_bytes(head[2:]))
    assert len(head) == (2 if size < 126 else 4 if size < 65_536 else 10)
