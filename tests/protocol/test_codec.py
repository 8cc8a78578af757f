from contextlib import suppress
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import BadLine, ProtocolError, Unsupported
from socketchat.protocol import codec, commands, events
from socketchat.protocol.text.hygiene import clean_line
from tests.hostile import CORPUS
from tests.protocol.structs import values

DEEP = 100_000

# The problem, the line, and words of the error.
BAD = {
    "nothing": (b"", "not JSON"),
    "no JSON": (b"hello", "not JSON"),
    "half a line": (b'{"type":"pi', "not JSON"),
    "two objects": (b'{"type":"ping"}{"type":"ping"}', "not JSON"),
    "a NUL after it": (b'{"type":"ping"}\0', "not JSON"),
    "a byte order mark": (b'\xef\xbb\xbf{"type":"ping"}', "not JSON"),
    "an array": (b"[]", "Expected `object`, got `array`"),
    "a string": (b'"ping"', "Expected `object`, got `str`"),
    "null": (b"null", "got `null`"),
    "no type": (b'{"id":1}', "missing required field `type`"),
    "a number as type": (b'{"type":5}', 'at "type": Expected `str`'),
    "a missing field": (
        b'{"type":"send","to":"#lobby"}',
        'This "send" line is wrong: Object missing required field `text`',
    ),
    "a wrong type": (
        b'{"type":"send","to":5,"text":"x"}',
        'This "send" line is wrong at "to": Expected `str`, got `int`',
    ),
    "null for a text": (b'{"type":"send","to":"#a","text":null}', 'at "text"'),
    "a wrong word": (b'{"type":"hello","listen":"some"}', "Invalid enum value 'some'"),
    "a wrong position": (b'{"type":"hello","positions":{"#a":"1"}}', 'at "positions[...]"'),
    "a negative id": (b'{"type":"ping","id":-1}', '"id": Expected `int` >= 0'),
    "an id that is a fraction": (b'{"type":"ping","id":1.5}', "got `float`"),
    "an id that is true": (b'{"type":"ping","id":true}', "got `bool`"),
    "an id beyond what JSON keeps": (b'{"type":"ping","id":9007199254740992}', "<= 9007199254740991"),
    "an id of 400 digits": (b'{"type":"ping","id":' + b"9" * 400 + b"}", '"id"'),
    "an id of 100,000 digits": (b'{"type":"ping","id":' + b"9" * DEEP + b"}", '"id"'),
    "an id beyond every number": (b'{"type":"ping","id":1e999}', '"id"'),
    "n beyond what SQLite keeps": (b'{"type":"send","to":"#a","text":"x","n":9223372036854775808}', '"n"'),
    "NaN": (b'{"type":"ping","id":NaN}', "not JSON"),
    "Infinity": (b'{"type":"ping","x":-Infinity}', "not JSON"),
    "no UTF-8": (b'{"type":"send","to":"#a","text":"\xff"}', "not JSON in UTF-8"),
    "a surrogate as UTF-8": (b'{"type":"send","to":"#a","text":"\xed\xa0\x80"}', "not JSON in UTF-8"),
    "an overlong NUL": (b'{"type":"send","to":"#a","text":"\xc0\x80"}', "not JSON in UTF-8"),
    "a lone surrogate": (b'{"type":"send","to":"#a","text":"\\ud800"}', "not JSON"),
    "surrogates in the wrong order": (b'{"type":"send","to":"#a","text":"\\udc00\\ud800"}', "not JSON"),
    "a control character in a string": (b'{"type":"send","to":"#a","text":"\x1b"}', "not JSON"),
    "two types": (b'{"type":"send","type":"quit","to":"#a","text":"x"}', "Invalid value 'quit'"),
    "arrays nested too deeply": (b'{"type":"ping","x":' + b"[" * DEEP + b"]" * DEEP + b"}", "nested too deeply"),
    "objects nested too deeply": (
        b'{"type":"ping","x":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
        "nested too deeply",
    ),
    "half a bomb": (b'{"x":' + b"[" * DEEP, "nested too deeply"),
    "a bomb as id": (b'{"type":"ping","id":' + b"[" * DEEP, "got `array`"),
}


@pytest.mark.parametrize(("line", "words"), BAD.values(), ids=BAD)
def test_a_bad_line_is_answered_in_plain_english(line, words):
    with pytest.raises(BadLine) as refusal:
        codec.decode_command(line)

    assert words in str(refusal.value)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("line", [line for line, _ in BAD.values()], ids=BAD)
def test_a_bad_line_is_never_decoded_as_an_event(line):
    with suppress(ProtocolError):
        assert codec.decode_event(line) is None  # a command's type is unknown among events


@pytest.mark.parametrize("kind", ["rewrite", "PING", "", "entry", *CORPUS.values()])
def test_the_error_for_an_unknown_command_names_it(kind):
    line = msgspec.json.encode({"type": kind, "id": 5})
    with pytest.raises(Unsupported) as refusal:
        codec.decode_command(line)

    assert clean_line(kind)[:60] in str(refusal.value)
    assert clean_line(str(refusal.value)) == str(refusal.value)


def test_text_of_the_peer_is_cleaned_in_an_error():
    line = msgspec.json.encode({"type": "hello", "listen": "\x1b]0;pwned\x07" * 100})
    with pytest.raises(BadLine) as refusal:
        codec.decode_command(line)

    assert "pwned" in str(refusal.value)
    assert len(str(refusal.value)) < 200
    assert clean_line(str(refusal.value)) == str(refusal.value)


def test_an_unknown_event_is_skipped():
    assert codec.decode_event(b'{"type":"reaction","emoji":"x"}') is None


def test_unknown_fields_are_ignored():
    assert codec.decode_command(b'{"color":[{}],"type":"ping","id":3}') == commands.Ping(id=3)
    assert codec.decode_event(b'{"type":"left","why":null,"conversation":"#a"}') == events.Left(conversation="#a")


def test_spaces_around_a_line_do_not_matter():
    assert codec.decode_command(b' { "type" : "ping" } \r') == commands.Ping()


def test_the_last_value_of_a_repeated_field_counts():
    assert codec.decode_command(b'{"type":"ping","id":1,"id":2}') == commands.Ping(id=2)


@given(st.one_of(*map(values, get_args(commands.ANY))))
def test_a_command_survives_encoding_and_decoding(command):
    line = codec.encode(command)

    assert line.count(b"\n") == 1
    assert codec.decode_command(line[:-1]) == command
    assert codec.line_id(line) == command.id


@given(st.one_of(*map(values, get_args(events.ANY))))
def test_an_event_survives_encoding_and_decoding(event):
    line = codec.encode(event)

    assert line.count(b"\n") == 1
    assert codec.decode_event(line[:-1]) == event


@given(values(events.Text))
def test_a_text_survives_encoding_in_an_entry(text):
    body = msgspec.Raw(codec.encode_text(text))
    entry = events.Entry(conversation="#a", seq=1, ts=1, author="u", name="n", kind="message", body=body)

    assert codec.decode_text(entry) == text


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"text":5}', b'"x"', b'{"text":"\\ud800"}', b'{"text":"\xff"}', b""])
def test_a_body_without_text_is_refused(body):
    entry = events.Entry(conversation="#a", seq=1, ts=1, author="u", name="n", kind="message", body=msgspec.Raw(body))

    with pytest.raises(ProtocolError, match="has no text"):
        codec.decode_text(entry)


def decodes_or_refuses(line):
    for decode in (codec.decode_command, codec.decode_event):
        with suppress(BadLine, Unsupported):
            decode(line)
    codec.line_id(line)


@given(st.binary())
def test_any_bytes_decode_or_are_refused(line):
    decodes_or_refuses(line)


@given(st.one_of(*map(values, get_args(commands.ANY) + get_args(events.ANY))), st.data())
def test_a_damaged_line_decodes_or_is_refused(struct, data):
    line = bytearray(codec.encode(struct))
    for _ in range(data.draw(st.integers(1, 4))):
        line[data.draw(st.integers(0, len(line) - 1))] = data.draw(st.integers(0, 255))
    decodes_or_refuses(bytes(line[: data.draw(st.integers(0, len(line)))]))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
)
names = st.sampled_from([field.name for kind in get_args(commands.ANY) for field in msgspec.structs.fields(kind)])
kinds = st.sampled_from([kind.__struct_config__.tag for kind in get_args(commands.ANY)])


@given(kinds, st.dictionaries(names, json_values))
def test_any_field_values_decode_or_are_refused(kind, fields):
    decodes_or_refuses(msgspec.json.encode({"type": kind, **fields}))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"type":"edit","id":7}', 7),
        (b'{"type":"send","id":7,"to":5}', 7),
        (b'{"id":7}', 7),
        (b'{"id":-7}', None),
        (b'{"id":"7"}', None),
        (b'{"type":"send"}', None),
        (b'{"id":7', None),
        (b"\xff", None),
        (b'{"id":' + b"[" * DEEP, None),
        (b'{"x":' + b"[" * DEEP, None),
    ],
)
def test_the_id_of_a_bad_line_is_read_if_possible(line, expected):
    assert codec.line_id(line) == expected
