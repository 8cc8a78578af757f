from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import ChatError, ProtocolError, TooLong
from socketchat.wire.http.dialect import HttpDialect
from socketchat.wire.http.rendering import Response
from socketchat.wire.http.requests import BODY_BYTES, DISCARDED_BYTES, HEAD_BYTES, PARTS, Request, RequestFraming
from tests.wire.splits import cut_at, splits

HOST = b"Host: x\r\n"

STREAM = (
    b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
    b"POST /rooms/ops?card=1 HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello"
    b"POST /hooks/x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    b"HEAD /a HTTP/1.1\r\n" + HOST + b"\r\n"
)
READ = [("GET", "/", b""), ("POST", "/rooms/ops", b"hello"), ("POST", "/hooks/x", b"abcde"), ("HEAD", "/a", b"")]


class NoWire:
    def switch(self, framing: object, dialect: object) -> None:
        raise AssertionError(framing, dialect)


def take(framing: RequestFraming, reads: Iterable[bytes]) -> None:
    for data in reads:
        framing.receive_data(data)
        framing.next_line()


def begun() -> tuple[RequestFraming, HttpDialect]:
    framing = RequestFraming()
    return framing, HttpDialect(NoWire(), framing)


def read_all(reads: list[bytes]) -> list[tuple[str, str, bytes] | ChatError]:
    """Return the requests in these bytes, each answered as soon as it is whole, up to an error."""
    framing, dialect = begun()
    found: list = []
    for data in reads:
        framing.receive_data(data)
        while True:
            try:
                body = framing.next_line()
            except ChatError as error:
                return [*found, error]
            if body is None:
                break
            request: Request = framing.request
            found.append((request.method, request.path, body))
            assert dialect.respond(Response(200, b"ok")).startswith(b"HTTP/1.1 200 ")
    return found


def test_requests_are_the_same_however_the_stream_is_cut() -> None:
    for reads in splits(STREAM):
        assert read_all(reads) == READ


@given(st.lists(st.integers(0, len(STREAM))))
def test_requests_are_the_same_in_any_parts(cuts: list[int]) -> None:
    assert read_all(cut_at(STREAM, cuts)) == READ


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=5))
def test_any_bytes_are_requests_or_an_error_of_ours(data: bytes, cuts: list[int]) -> None:
    for found in read_all(cut_at(b"POST /x HTTP/1.1\r\n" + data, cuts)):
        assert isinstance(found, ProtocolError | TooLong | tuple)


SMUGGLED = {
    "both lengths": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both lengths, the other order": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    "a list of lengths": b"Content-Length: 4, 5\r\n\r\nabcde",
    "a signed length": b"Content-Length: +4\r\n\r\nabcd",
    "a hexadecimal length": b"Content-Length: 0x4\r\n\r\nabcd",
    "an endless length": b"Content-Length: " + b"9" * 400 + b"\r\n\r\nabcd",
    "chunked twice": b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked and more": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked in two headers": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked with a control character": b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a chunk without its end": b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcXX0\r\n\r\n",
    "a negative chunk": b"Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
    "an endless chunk size": b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\nabc",
    "two hosts": b"Host: y\r\n\r\n",
    "a NUL in a header": b"X: a\0b\r\n\r\n",
    "a bare carriage return in a header": b"X: a\rb\r\n\r\n",
}


@pytest.mark.parametrize("rest", SMUGGLED.values(), ids=SMUGGLED)
def test_a_request_that_two_parsers_could_read_in_two_ways_ends_the_connection(rest: bytes) -> None:
    (error,) = read_all([b"POST /x HTTP/1.1\r\n" + HOST + rest])
    assert type(error) is ProtocolError


@pytest.mark.parametrize(
    "head",
    [
        b"POST /x HTTP/1.1\r\n\r\n",
        b"GET http://x/ HTTP/1.1\r\n" + HOST + b"\r\n",
        b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /x\r\n" + HOST + b"\r\n",
        b"GET /x HTTP/9\r\n" + HOST + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\n" + HOST + b"\r\n",
    ],
    ids=repr,
)
def test_a_request_without_a_host_or_a_path_ends_the_connection(head: bytes) -> None:
    (error,) = read_all([head])
    assert type(error) is ProtocolError


def test_a_head_that_never_ends_is_not_kept() -> None:
    framing, _ = begun()
    reads = (b"GET / HTTP/1.1\r\nX: " + b"x" * 100 for _ in range(HEAD_BYTES))
    with pytest.raises(ProtocolError):
        take(framing, reads)
    assert len(framing.connection.trailing_data[0]) < 2 * HEAD_BYTES


def test_a_body_that_is_too_long_is_read_without_being_kept_and_refused() -> None:
    size = BODY_BYTES + 10
    framing, dialect = begun()
    framing.receive_data(b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % size)
    for _ in range(size // 500 - 1):
        framing.receive_data(b"x" * 500)
        assert framing.next_line() is None
    framing.receive_data(b"x" * (size % 500 + 500))
    with pytest.raises(TooLong):
        framing.next_line()
    assert b"Connection: close" not in dialect.respond(Response(413))


def test_a_body_that_is_much_too_long_ends_the_connection_with_the_answer() -> None:
    framing, dialect = begun()
    framing.receive_data(b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999\r\n\r\n")
    with pytest.raises(TooLong):
        take(framing, [b"x" * 10_000] * (DISCARDED_BYTES // 10_000 + 2))
    assert b"Connection: close" in dialect.respond(Response(413))
    with pytest.raises(ProtocolError):
        framing.next_line()


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_a_head_of_many_lines_is_refused_before_it_is_parsed(size: int) -> None:
    head = b"GET / HTTP/1.1\r\n" + HOST + b"a:\r\n" * 3000 + b"\r\n"
    (error,) = read_all([head[at : at + size] for at in range(0, len(head), size)])
    assert "more than 100 headers" in str(error)
    first, error = read_all([b"GET /x HTTP/1.1\r\n" + HOST + b"\r\n" + head])
    assert first == ("GET", "/x", b"")
    assert "more than 100 headers" in str(error)


def test_lines_of_a_body_are_no_headers() -> None:
    lines = b"line\n" * 5000
    whole = b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(lines) + lines
    for at in (whole.index(b"\r\n\r\n") + cut for cut in range(6)):
        assert read_all([whole[:at], whole[at:]]) == [("POST", "/x", lines)]


def test_a_body_of_very_small_chunks_ends_the_connection() -> None:
    head = b"POST /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    assert read_all([head + b"1\r\na\r\n" * PARTS + b"0\r\n\r\n"]) == [("POST", "/x", b"a" * PARTS)]
    (error,) = read_all([head + b"1\r\na\r\n" * 30_000])
    assert "too many small parts" in str(error)
    large = b"400\r\n" + b"a" * 1024 + b"\r\n"
    assert read_all([head + large * 200 + b"0\r\n\r\n"])[0][2] == b"a" * 204_800


def test_a_client_that_waits_for_a_word_gets_it_or_a_refusal() -> None:
    framing, dialect = begun()
    head = b"POST /x HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: "
    framing.receive_data(head + b"5\r\n\r\n")
    assert framing.next_line() is None
    assert dialect.to_send == b"HTTP/1.1 100 \r\n\r\n"
    framing.receive_data(b"hello")
    assert framing.next_line() == b"hello"
    framing, dialect = begun()
    framing.receive_data(head + b"%d\r\n\r\n" % (BODY_BYTES + 1))
    with pytest.raises(TooLong):
        framing.next_line()
    assert dialect.to_send == b""


def test_a_request_is_shown_without_its_secrets() -> None:
    request = Request("POST", "/hooks/secret", "token=secret", {"authorization": "secret"}, b"secret")
    assert "secret" not in repr(request)
