"""The grammar of IRC lines, with the vectors of ircdocs/parser-tests as values."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import ChatError
from socketchat.protocol.text.masks import full_mask, matcher
from socketchat.wire.irc.message import Message, line_of, parse, pieces
from tests.hub.stage import Stage
from tests.wire.irc.crew import Irc, irc

SPLITS = {
    "foo bar baz asdf": Message("FOO", ["bar", "baz", "asdf"], {}),
    ":coolguy foo bar baz asdf": Message("FOO", ["bar", "baz", "asdf"], {}, "coolguy"),
    "foo bar baz :asdf quux": Message("FOO", ["bar", "baz", "asdf quux"], {}),
    "foo bar baz :": Message("FOO", ["bar", "baz", ""], {}),
    "foo bar baz ::asdf": Message("FOO", ["bar", "baz", ":asdf"], {}),
    ":coolguy foo bar baz :  asdf quux ": Message("FOO", ["bar", "baz", "  asdf quux "], {}, "coolguy"),
    ":coolguy PRIVMSG bar :lol :) ": Message("PRIVMSG", ["bar", "lol :) "], {}, "coolguy"),
    ":coolguy foo b\tar baz": Message("FOO", ["b\tar", "baz"], {}, "coolguy"),
    "@asd :coolguy foo bar baz :  ": Message("FOO", ["bar", "baz", "  "], {"asd": ""}, "coolguy"),
    "@a=b;c=32;k;rt=ql7 foo": Message("FOO", [], {"a": "b", "c": "32", "k": "", "rt": "ql7"}),
    r"@a=b\\and\nk;c=72\s45;d=gh\:764 foo": Message("FOO", [], {"a": "b\\and\nk", "c": "72 45", "d": "gh;764"}),
    "@c;h=;a=b :quux ab cd": Message("AB", ["cd"], {"c": "", "h": "", "a": "b"}, "quux"),
    ":src JOIN #chan": Message("JOIN", ["#chan"], {}, "src"),
    ":src AWAY": Message("AWAY", [], {}, "src"),
    ":src AWAY ": Message("AWAY", [], {}, "src"),
    ":cool\tguy foo bar baz": Message("FOO", ["bar", "baz"], {}, "cool\tguy"),
    r"@tag1=value1;tag2;vendor1/tag3=value2;vendor2/tag4= :irc.example.com COMMAND param1 :param3 param3": Message(
        "COMMAND",
        ["param1", "param3 param3"],
        {"tag1": "value1", "tag2": "", "vendor1/tag3": "value2", "vendor2/tag4": ""},
        "irc.example.com",
    ),
    r"@foo=\\\\\:\\s\s\r\n COMMAND": Message("COMMAND", [], {"foo": "\\\\;\\s \r\n"}),
    ":gravel.mozilla.org 432  #momo :Erroneous Nickname: Illegal characters": Message(
        "432", ["#momo", "Erroneous Nickname: Illegal characters"], {}, "gravel.mozilla.org"
    ),
    ":gravel.mozilla.org MODE #tckk +n ": Message("MODE", ["#tckk", "+n"], {}, "gravel.mozilla.org"),
    r"@tag1=value\\ntest COMMAND": Message("COMMAND", [], {"tag1": "value\\ntest"}),
    r"@tag1=value\1 COMMAND": Message("COMMAND", [], {"tag1": "value1"}),
    "@tag1=value1\\ COMMAND": Message("COMMAND", [], {"tag1": "value1"}),
    "@tag1=1;tag2=3;tag3=4;tag1=5 COMMAND": Message("COMMAND", [], {"tag1": "5", "tag2": "3", "tag3": "4"}),
    "@tag1=1;tag1=;vendor/tag1=2 COMMAND": Message("COMMAND", [], {"tag1": "", "vendor/tag1": "2"}),
    ":SomeOp MODE #channel :+i": Message("MODE", ["#channel", "+i"], {}, "SomeOp"),
    ":SomeOp MODE #channel +oo SomeUser :AnotherUser": Message(
        "MODE", ["#channel", "+oo", "SomeUser", "AnotherUser"], {}, "SomeOp"
    ),
}


@pytest.mark.parametrize("line", SPLITS)
def test_a_line_is_split_as_the_published_vectors_say(line: str) -> None:
    assert parse(line.encode()) == SPLITS[line]


@pytest.mark.parametrize("line", ["", " ", "\r"])
def test_an_empty_line_is_no_message(line: str) -> None:
    assert parse(line.encode()) is None


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), max_size=20)
WORDS = TEXT.filter(lambda word: word and " " not in word and not word.startswith(":"))
TAGS = st.dictionaries(st.from_regex(r"\A\+?[a-z][a-z0-9/.-]{0,10}\Z"), st.text(max_size=10).filter(str.isprintable))


@given(st.lists(WORDS, max_size=4), TEXT, TAGS)
def test_what_is_written_is_read_back(words: list[str], last: str, tags: dict[str, str]) -> None:
    line = line_of("FOO", *words, last, source="a!b@c", tags=tags)
    assert line.endswith("\r\n")
    if len(line.encode()) < 500:
        assert parse(line.removesuffix("\r\n").encode()) == Message("FOO", [*words, last], tags, "a!b@c")


@given(st.text(max_size=40))
def test_no_parameter_ends_its_line(text: str) -> None:
    assert line_of("FOO", text, text).count("\n") == 1


@given(st.binary(max_size=600))
def test_any_bytes_are_a_message_or_an_error_of_the_chat(data: bytes) -> None:
    with suppress(ChatError):
        parse(data)


@given(st.lists(st.binary(max_size=80), max_size=8))
def test_any_lines_before_and_after_login_raise_nothing(lines: list[bytes]) -> None:
    stage = Stage()
    for client in (Irc(stage), irc(stage, "ann", "message-tags batch labeled-response draft/multiline")):
        client.wire.receive_data(b"".join(line.replace(b"\n", b" ") + b"\r\n" for line in lines))
        client.proceed()
        stage.settle()


VERBS = ["JOIN", "PART", "MODE", "KICK", "INVITE", "TOPIC", "WHO", "WHOIS", "LIST", "CHATHISTORY", "MARKREAD", "REDACT"]
PARAMS = st.lists(
    st.sampled_from(["#ops", "ann", "bob", "*", "+o", "-k", "LATEST", "msgid=#ops/1", "10", ":x y", "#ops/1"])
)


@given(st.lists(st.tuples(st.sampled_from([*VERBS, "PRIVMSG", "TAGMSG", "BATCH", "MONITOR", "CAP", "NICK"]), PARAMS)))
def test_any_commands_raise_nothing(commands: list[tuple[str, list[str]]]) -> None:
    stage = Stage()
    client = irc(stage, "ann", "message-tags batch draft/chathistory")
    client.types("JOIN #ops", *[" ".join([verb, *params]) for verb, params in commands])


@given(st.text(max_size=300), st.integers(4, 60))
def test_pieces_join_to_the_text_and_fit(text: str, size: int) -> None:
    found = list(pieces(text, size))
    assert all(len(piece.encode()) <= size for piece in found)
    assert "".join(found).replace(" ", "") == text.replace(" ", "")


MATCHES = {
    "*": ("ann!a@b", True),
    "ann!*@*": ("ANN!a@b", True),
    "an?!*@*": ("ann!a@b", True),
    "a*n": ("ann", True),
    "a*x*n": ("ann", False),
    "*ab*ab": ("abab", True),
    "*a*b": ("ba", False),
    "[a]": ("a", False),
}


@pytest.mark.parametrize("mask", MATCHES)
def test_a_mask_matches_with_stars_and_question_marks(mask: str) -> None:
    text, expected = MATCHES[mask]
    assert matcher(mask)(text) is expected


@pytest.mark.parametrize(
    ("mask", "full"),
    [("ann", "ann!*@*"), ("ann!a", "ann!a@*"), ("a@b", "*!a@b"), ("host.example", "*!*@host.example"), ("", "*!*@*")],
)
def test_a_mask_gets_the_parts_that_are_missing(mask: str, full: str) -> None:
    assert full_mask(mask) == full
