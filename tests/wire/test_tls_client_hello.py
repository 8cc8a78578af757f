import ssl
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import ProtocolError
from socketchat.wire.tls_client_hello import HELLO_BYTES, begins_tls, offered_protocols


def hello(*protocols: str, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, name: str | None = "chat.lan") -> bytes:
    """Return the ClientHello of OpenSSL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = version
    context.check_hostname = False
    if protocols:
        context.set_alpn_protocols(protocols)
    sent = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname=name).do_handshake()
    return sent.read()


def in_records(data: bytes, size: int) -> bytes:
    """Return a handshake message in records of this size."""
    message = data[5:]
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(b"\x16\x03\x01" + struct.pack(">H", len(part)) + part for part in parts)


def made(extensions: bytes) -> bytes:
    """Return a ClientHello with these extensions."""
    body = (
        b"\x03\x03"
        + bytes(32)
        + b"\0"
        + b"\0\x02\x13\x01"
        + b"\x01\0"
        + struct.pack(">H", len(extensions))
        + extensions
    )
    message = b"\x01" + len(body).to_bytes(3) + body
    return b"\x16\x03\x01" + struct.pack(">H", len(message)) + message


def alpn(content: bytes) -> bytes:
    return struct.pack(">HH", 16, len(content)) + content


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("protocols", [(), ("socketchat/1",), ("h2", "http/1.1"), ("ftp",)])
def test_the_offer_of_openssl_is_read(version: ssl.TLSVersion, protocols: tuple[str, ...]) -> None:
    assert offered_protocols(hello(*protocols, version=version)) == protocols
    assert offered_protocols(hello(*protocols, version=version, name=None)) == protocols


def test_every_prefix_of_a_client_hello_needs_more_data() -> None:
    data = hello("socketchat/1")
    assert [begins_tls(data[:size]) for size in range(3)] == [None, None, True]
    assert {offered_protocols(data[:size]) for size in range(len(data))} == {None}


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 100])
def test_a_client_hello_can_span_several_records(size: int) -> None:
    data = in_records(hello("irc"), size)
    assert offered_protocols(data) == ("irc",)
    assert {offered_protocols(data[:end]) for end in (*range(0, len(data), 97), len(data) - 1)} == {None}


def test_data_after_the_client_hello_is_ignored() -> None:
    assert offered_protocols(hello("irc") + b"\xff" * 100) == ("irc",)


@pytest.mark.parametrize(
    "first", [b"{", b"alice\n", b"\x16\x02", b"\x80\x03", pytest.param(b"a" + hello(), id="a letter and a hello")]
)
def test_data_that_is_not_a_handshake_is_plaintext(first: bytes) -> None:
    assert begins_tls(first) is False


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\0\0",
        b"\x16\x03\x01\x40\x01",
        b"\x17\x03\x01\0\x01x",
        b"\x16\x02\x01\0\x01x",
        b"\x16\x03\x01\0\x04\x02\0\0\x01",
        b"\x16\x03\x01\0\x04\x01\xff\xff\xff",
        made(alpn(b"")),
        made(alpn(b"\0\0")),
        made(alpn(b"\0\x05\x09irc")),
        made(alpn(b"\0\x04\x03irc") * 2),
        made(b"\0\x10\0\x09"),
        made(b"\0"),
        b"\x16\x03\x01\0\x05\x01\0\0\x01x",
    ],
    ids=bytes.hex,
)
def test_another_handshake_message_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        offered_protocols(data)


def test_a_client_hello_without_extensions_offers_no_protocol() -> None:
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0"
    message = b"\x01" + len(body).to_bytes(3) + body
    assert offered_protocols(b"\x16\x03\x01" + struct.pack(">H", len(message)) + message) == ()


def test_an_endless_client_hello_is_refused() -> None:
    endless = b"\x16\x03\x01\0\x01\x01" + b"\x16\x03\x01\0\x01\0" * HELLO_BYTES
    assert offered_protocols(endless[:20]) is None
    with pytest.raises(ProtocolError):
        offered_protocols((b"\x16\x03\x01\0\x04\x01\0\x3f\0" + b"\x16\x03\x01\0\x01\0" * HELLO_BYTES)[:HELLO_BYTES])


@given(st.data())
def test_a_mutated_client_hello_is_read_or_refused(data: st.DataObject) -> None:
    mutated = bytearray(hello("socketchat/1", "h2"))
    for _ in range(data.draw(st.integers(1, 6))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    judge(bytes(mutated[: data.draw(st.integers(0, len(mutated)))]))


@given(st.binary(max_size=600))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    judge(b"\x16\x03\x01" + data)


def judge(data: bytes) -> None:
    try:
        offered = offered_protocols(data)
    except ProtocolError:
        return
    assert offered is None or all(isinstance(each, str) for each in offered)
