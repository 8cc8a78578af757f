import sys
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import TooLong
from socketchat.protocol import framing
from socketchat.protocol.framing import LineBuffer

LIMIT = 10
TOO_LONG = "too long"

# A stream, and its lines.
CASES = {
    "nothing": (b"", []),
    "one line": (b"hello\n", [b"hello"]),
    "CRLF": (b"hello\r\n", [b"hello"]),
    "half a line": (b"hello", []),
    "half of CRLF": (b"hello\r", []),
    "two lines": (b"a\nb\n", [b"a", b"b"]),
    "empty lines": (b"\n\r\n\n", [b"", b"", b""]),
    "CR inside": (b"a\rb\r\r\n", [b"a\rb\r"]),
    "the longest": (b"0123456789\nx\n", [b"0123456789", b"x"]),
    "the longest with CR": (b"012345678\r\nx\n", [b"012345678", b"x"]),
    "too long": (b"0123456789x\nx\n", [TOO_LONG, b"x"]),
    "far too long": (b"0123456789" * 9 + b"\nx\n", [TOO_LONG, b"x"]),
    "too long without an end": (b"x\n0123456789x", [b"x", TOO_LONG]),
    "two too long": (b"0123456789x\n0123456789x\nx\n", [TOO_LONG, TOO_LONG, b"x"]),
    "too long between": (b"a\n0123456789x\nb\n", [b"a", TOO_LONG, b"b"]),
    "NUL and 8 bits": (b"\0\xff\n", [b"\0\xff"]),
}


def taken(buffer):
    lines = []
    while True:
        try:
            line = buffer.next_line()
        except TooLong:
            line = TOO_LONG
        if line is None:
            return lines
        lines.append(line)


def lines_of(parts, limit=LIMIT):
    buffer = LineBuffer(limit)
    lines = []
    for part in parts:
        buffer.receive_data(part)
        lines += taken(buffer)
    return lines


def test_the_error_states_the_limit():
    buffer = LineBuffer(262_144)
    buffer.receive_data(b"x" * 262_145)

    with pytest.raises(TooLong, match="262,144 bytes"):
        buffer.next_line()


@pytest.mark.parametrize(("stream", "expected"), CASES.values(), ids=CASES)
def test_lines_are_the_same_whole_by_byte_and_with_more_data(stream, expected):
    assert lines_of([stream]) == expected
    assert lines_of(stream[n : n + 1] for n in range(len(stream))) == expected
    assert lines_of([stream + b"more"])[: len(expected)] == expected


@pytest.mark.parametrize(("stream", "expected"), CASES.values(), ids=CASES)
def test_lines_are_the_same_for_every_cut_into_three_chunks(stream, expected):
    for one in range(len(stream) + 1):
        for other in range(one, len(stream) + 1):
            assert lines_of([stream[:one], stream[one:other], stream[other:]]) == expected


streams = st.lists(st.sampled_from([b"\n", b"\r", b"a", b"bc", b"0123456789", b"\xff"]), max_size=40).map(b"".join)


@given(streams, st.lists(st.integers(0, 200)))
def test_lines_are_the_same_for_any_chunks(stream, cuts):
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    parts = [stream[start:end] for start, end in pairwise(places)]

    assert lines_of(parts) == lines_of([stream])


@given(streams)
def test_lines_are_those_of_bytes_split(stream):
    lines = [TOO_LONG if len(line) > LIMIT else line.removesuffix(b"\r") for line in stream.split(b"\n")]
    if lines[-1] != TOO_LONG:
        lines.pop()

    assert lines_of([stream]) == lines


@given(streams, streams, st.integers(1, 5))
def test_lines_are_the_same_for_any_number_cut_off_at_a_time(one, other, few):
    expected = lines_of([one, other])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(framing, "LINES_AT_ONCE", few)
        assert lines_of([one, other]) == expected
        buffer = LineBuffer(LIMIT)
        buffer.receive_data(one)
        buffer.receive_data(other)
        assert taken(buffer) == expected


def test_many_waiting_short_lines_take_little_extra_memory():
    buffer = LineBuffer(1000)
    stream = b"xyz\n" * 65_536
    tracemalloc.start()
    buffer.receive_data(stream)
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert used < len(stream) + 100_000  # cutting off all lines together took ten times as much
    assert taken(buffer) == [b"xyz"] * 65_536


@given(streams, streams)
def test_waiting_lines_stay_in_order(one, other):
    buffer = LineBuffer(LIMIT)
    buffer.receive_data(one)
    buffer.receive_data(other)

    assert taken(buffer) == lines_of([one + other])


def test_memory_is_bounded_for_an_endless_line():
    buffer = LineBuffer(1000)
    for _ in range(10_000):
        buffer.receive_data(b"x" * 100)

    assert taken(buffer) == [TOO_LONG]
    assert sys.getsizeof(buffer._rest) < 2000
    buffer.receive_data(b"\nok\n")
    assert taken(buffer) == [b"ok"]


def test_an_empty_buffer_holds_nothing():
    buffer = LineBuffer(1000)
    buffer.receive_data(b"hello\nwor")
    buffer.receive_data(b"ld\n" * 50)
    taken(buffer)

    assert buffer._rest is None
    assert sys.getsizeof(buffer) + sys.getsizeof(buffer.lines) < 200


def test_a_line_that_arrives_byte_by_byte_is_searched_once():
    """With a search from the start each time, this would look at 12 billion bytes."""
    buffer = LineBuffer(200_000)
    for _ in range(160_000):
        buffer.receive_data(b"x")
    buffer.receive_data(b"\n")

    assert buffer.next_line() == b"x" * 160_000
