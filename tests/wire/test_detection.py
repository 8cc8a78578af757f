import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from socketchat.exceptions import ProtocolError
from socketchat.hub import Rendering
from socketchat.protocol.limits import ALPN
from socketchat.wire import detect, stranger_rendering
from socketchat.wire.detection import DETECT_BYTES, HTTP_VERBS, IRC_VERBS
from socketchat.wire.http import HTTP
from socketchat.wire.irc import STRANGER
from socketchat.wire.native import NATIVE
from socketchat.wire.plain import PLAIN

VERBS = IRC_VERBS + HTTP_VERBS

TEXTS = {
    "a name": b"alice\n",
    "a user named Nick": b"Nick\n",
    "a user named NICK, by telnet": b"NICK\r\n",
    "a user named Joiner": b"Joiner\n",
    "a user named Get": b"Get\r\n",
    "a name that begins with a verb, and its end": b"Pingu\n",
    "two words": b"hello world\n",
    "a name in Greek": "Ελένη\n".encode(),
    "an empty line": b"\n",
    "spaces": b"  alice\n",
    "a slash": b"/help\n",
    "a name, then colors": b"alice\n\x1b[32mok\x1b[0m\n",
    "a name, then no text at all": b"alice\n\0\x80\n",
    "telnet's negotiation": b"\xff\xfd\x03\xff\xfb\x18\xff\xfb\x1f\xff\xfd\x01\xff\xfb\x03\xff\xfb\x21",
    "telnet's negotiation, then a name": b"\xff\xfb\x1falice\r\n",
}

BEGUN = {
    "a name without its end": b"alice",
    "a letter": b"b",
    "a name that begins with a verb": b"Users",
    "half a character": "Ελένη".encode()[:1],
    "a space": b" ",
    "half of telnet's negotiation": b"\xff",
    "ssh, or somebody of a like name": b"SSH",
}

CLOSED = {
    "TLS 1.3": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "TLS, one byte": b"\x16",
    "SSLv2": b"\x80\x2e\x01\x00\x02\x00\x15",
    "SSLv3": b"\x16\x03\x00\x00\x41",
    "a NUL": b"\0",
    "a NUL behind a letter": b"a\0b",
    "SSH would be text, its key exchange is not": b"\x00\x00\x05\x0c\x0a\x14",
    "a continuation byte": b"\x9f",
    "DEL": b"\x7f",
    "escape": b"\x1b[A",
    "SOCKS 5": b"\x05\x01\x00",
    "RDP": b"\x03\x00\x00\x13",
    "telnet's escape, and no command": b"\xff\x00\x01",
}


@pytest.mark.parametrize("first", [b"{", b'{"type":"hello"}\n', b"{}", b"{\xff\x00"])
def test_a_brace_selects_the_native_dialect(first: bytes) -> None:
    assert detect(first).rendering is NATIVE


def test_an_ssh_client_is_told_that_this_is_not_ssh() -> None:
    with pytest.raises(ProtocolError, match="SSH is not supported here"):
        detect(b"SSH-2.0-OpenSSH_9.0\r\n")
    assert detect(b"SS\n").rendering is PLAIN


@pytest.mark.parametrize("first", TEXTS.values(), ids=TEXTS)
def test_text_selects_the_plain_dialect(first: bytes) -> None:
    assert detect(first).rendering is PLAIN


@pytest.mark.parametrize("first", BEGUN.values(), ids=BEGUN)
def test_an_incomplete_first_line_is_undecided(first: bytes) -> None:
    assert detect(first) is None


@pytest.mark.parametrize("first", CLOSED.values(), ids=CLOSED)
def test_a_connection_that_sends_no_text_is_closed_silently(first: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        detect(first)
    assert str(caught.value) == ""


@pytest.mark.parametrize("verb", HTTP_VERBS, ids=str)
def test_an_http_verb_with_an_argument_selects_http(verb: bytes) -> None:
    for first in (verb + b" ", verb.lower() + b" x\r\n", verb.title() + b" / HTTP/1.1\r\n"):
        assert detect(first).rendering is HTTP


@pytest.mark.parametrize("verb", IRC_VERBS, ids=str)
def test_an_irc_verb_with_an_argument_selects_irc(verb: bytes) -> None:
    for first in (verb + b" ", verb.lower() + b" x\r\n", verb.title() + b" LS 302\r\nNICK x\r\n"):
        assert detect(first).rendering is STRANGER


@pytest.mark.parametrize("first", [b"@", b"@a=b NICK x", b":", b":ann NICK x"])
def test_tags_or_a_source_before_a_verb_select_irc(first: bytes) -> None:
    assert detect(first).rendering is STRANGER


def test_alpn_selects_http() -> None:
    assert detect(b"x", "http/1.1").rendering is HTTP
    assert stranger_rendering(protocol="http/1.1") is HTTP


def test_alpn_selects_irc() -> None:
    assert detect(b"x", "irc").rendering is STRANGER
    assert stranger_rendering(protocol="irc") is STRANGER


@pytest.mark.parametrize("verb", VERBS)
def test_an_http_or_irc_verb_without_an_argument_is_a_name(verb: bytes) -> None:
    assert detect(verb + b"\n").rendering is PLAIN
    assert detect(verb + b"\r\n").rendering is PLAIN
    assert detect(verb + b"x\n").rendering is PLAIN


@pytest.mark.parametrize("verb", VERBS)
def test_every_prefix_of_a_verb_needs_more_data(verb: bytes) -> None:
    for length in range(1, len(verb) + 1):
        assert detect(verb[:length]) is None
        assert detect(verb[:length].lower()) is None


def what(first: bytes) -> Rendering | str | None:
    """Return the rendering of the wire for these bytes, the error, or None."""
    try:
        wire = detect(first)
    except ProtocolError as error:
        return str(error)
    return None if wire is None else wire.rendering


def decided(data: bytes) -> tuple[int, Rendering | str | None]:
    """Return the number of bytes needed for the decision, and the decision."""
    for length in range(1, len(data) + 1):
        if (outcome := what(data[:length])) is not None:
            return length, outcome
    return len(data), None


LINES = [
    *TEXTS.values(),
    *CLOSED.values(),
    *(verb + end for verb in VERBS for end in (b" x\r\n", b"\n", b"\r\n", b"s\n")),
    b'{"type":"hello","name":"alice"}\n',
]


@pytest.mark.parametrize("line", LINES, ids=repr)
def test_the_dialect_is_the_same_for_any_chunks_of_the_first_line(line: bytes) -> None:
    """The first data arrives byte by byte, in any two chunks, or as a whole."""
    length, outcome = decided(line)
    for cut in range(length, len(line) + 1):
        assert decided(line[:cut]) == (length, outcome)
        assert what(line[:cut]) == outcome


@given(st.binary(min_size=1, max_size=64))
@example(b"\xff\xfa" + b"x" * 40)
@example(b"GET \0")
@example(b"SSH-\0")
@example(b"ab\0")
def test_any_first_bytes_are_decided_soon_without_an_exception(first: bytes) -> None:
    length, outcome = decided(first)
    assert length <= DETECT_BYTES
    assert all(what(first[:cut]) == outcome for cut in range(length, len(first) + 1))


@pytest.mark.parametrize("first", [b"{", b'{"type":'])
def test_a_stranger_with_a_native_first_byte_gets_native_errors(first: bytes) -> None:
    assert stranger_rendering(first) is NATIVE


def test_a_stranger_that_negotiated_native_gets_native_errors() -> None:
    assert stranger_rendering(b"", ALPN) is NATIVE
    assert stranger_rendering(b"{", "h2") is PLAIN


@pytest.mark.parametrize("first", [b"", b"NICK x", b"GET /", b"\0", b"SSH-"])
def test_any_other_stranger_gets_plain_text(first: bytes) -> None:
    assert stranger_rendering(first) is PLAIN
