import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import BadName, ChatError
from socketchat.hub import Channel, Session, User
from socketchat.protocol import commands, events
from socketchat.protocol.limits import TEXT_BYTES
from socketchat.wire.plain import LINE_BYTES, PLAIN
from socketchat.wire.plain import wire as plain_wire
from socketchat.wire.wire import SHORT_BYTES
from tests.hostile import CORPUS, dangerous
from tests.hub.stage import Stage
from tests.wire.splits import cut_at, read_all, splits

HERE = Channel("127.0.0.1", is_loopback=True)


def greeted() -> Session:
    """Return a session that has said its name, in the lobby."""
    session = Session(PLAIN, Stage().connect(), bytearray().extend)
    session.user = User("u1", "dave", "dave")
    session.room = "#lobby"
    return session


def read(*reads: bytes, session: Session | None = None, together: int = 0) -> list:
    """Return the commands of a client; an empty line is none."""
    return read_all(plain_wire(b"".join(reads)), session or greeted(), reads, together)


LINES = (
    b"hello\n",
    b"hello\r\n",
    b"7 \t o'clock \r\r\n",
    "grüße 👋\n".encode(),
    b"caf\xe9\n",
    b"bell \x07\x00\n",
    b"\xff\xfb\x1fhello\n",
    b"  hello\n",
    b" /quit\n",
    b"/users\n",
    b"//etc\n",
    b"/password\n",
    b"\n",
    b"\r\n",
    b"x" * SHORT_BYTES + b"\n",
    b"x" * (LINE_BYTES + 1) + b"\n",
)


@given(st.lists(st.sampled_from(LINES)), st.integers(1, 9), st.lists(st.integers(0, 3000)))
def test_messages_taken_together_are_those_taken_one_by_one(lines: list[bytes], most: int, cuts: list[int]) -> None:
    stream = b"".join(lines)
    session, other = greeted(), greeted()
    session.put_out = other.put_out = "#lobby" if most % 2 else ""
    together = read(*cut_at(stream, cuts), session=session, together=most)
    assert list(map(repr, together)) == list(map(repr, read(stream, session=other)))


def test_texts_are_taken_together_up_to_a_command() -> None:
    wire = plain_wire(b"")
    wire.begin(greeted())
    wire.receive_data(b"one\ntwo\r\nthree\n/users\nfour\n")
    assert [[each.text for each in wire.next_messages(2)] for _ in range(3)] == [["one", "two"], ["three"], []]
    assert not wire.needs_data


def test_the_first_line_is_the_name() -> None:
    session = greeted()
    session.user = None
    assert read(b"  alice \r\n", session=session) == [commands.Hello(name="alice")]
    assert read(b"\n", session=session) == [commands.Hello(name="")]


@pytest.mark.parametrize("line", [b"/help\n", b" /quit\r\n", b"/\n"])
def test_a_command_before_the_name_asks_for_the_name(line: bytes) -> None:
    session = greeted()
    session.user = None
    wire = plain_wire(b"")
    wire.begin(session)
    wire.receive_data(line + b"alice\n")
    with pytest.raises(BadName, match=r"^Send your name first, .* /login NAME asks for a password\.$"):
        wire.next_command()
    assert wire.next_command() == commands.Hello(name="alice")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (b"hello", commands.Send(to="#lobby", text="hello")),
        (b"  hello  ", commands.Send(to="#lobby", text="  hello  ")),
        ("grüße 👋".encode(), commands.Send(to="#lobby", text="grüße 👋")),
        (b"//etc/hosts", commands.Send(to="#lobby", text="/etc/hosts")),
        (b"/dm bob hi there", commands.Send(to="@bob", text="hi there")),
        (b"/me waves", commands.Send(to="#lobby", text="waves", kind="action")),
        (b"/join #ops", commands.Join(room="#ops")),
        (b"/leave", commands.Leave(room="#lobby")),
        (b"/users", commands.Users()),
        (b"/rooms", commands.Rooms()),
        (b"/topic", commands.Topic(room="#lobby")),
        (b"/topic all is well", commands.Topic(room="#lobby", text="all is well")),
        (b"/help", commands.Help()),
        (b"/quit", commands.Quit()),
        (b'{"type":"ping"}', commands.Send(to="#lobby", text='{"type":"ping"}')),
        (b"GET / HTTP/1.1", commands.Send(to="#lobby", text="GET / HTTP/1.1")),
    ],
)
def test_a_line_is_a_text_or_a_slash_command(line: bytes, command: commands.Command) -> None:
    for end in (b"\n", b"\r\n"):
        assert read(line + end) == [command]


@pytest.mark.parametrize("line", [b"", b" ", b"\t", b"\r", "\u2003".encode()])
def test_empty_lines_are_ignored(line: bytes) -> None:
    assert read(line + b"\nhello\n") == [commands.Send(to="#lobby", text="hello")]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"/nosuch", "no_such_command"),
        (b"/", "no_such_command"),
        (b"/dm bob", "usage"),
        (b"/join", "usage"),
        (b"/join a/b", "bad_name"),
        (b"caf\xe9", "bad_text"),
        (b"\xed\xa0\x80", "bad_text"),
        (b"\xc0\xaf", "bad_text"),
        (b"x" * (LINE_BYTES + 1), "too_long"),
    ],
)
def test_an_invalid_line_is_an_error_and_the_next_line_is_read(line: bytes, code: str) -> None:
    wrong, right = read(line + b"\nhello\n")
    assert isinstance(wrong, ChatError)
    assert wrong.code == code
    assert right == commands.Send(to="#lobby", text="hello")


def test_the_longest_text_fits_into_a_line() -> None:
    assert read(b"/dm " + b"n" * 20 + b" " + b"x" * TEXT_BYTES + b"\r\n") == [
        commands.Send(to="@" + "n" * 20, text="x" * TEXT_BYTES)
    ]


TELNET = {
    "will": b"\xff\xfb\x1f",
    "do echo": b"\xff\xfd\x01",
    "no operation": b"\xff\xf1",
    "interrupt, timing mark": b"\xff\xf4\xff\xfd\x06",
    "window size": b"\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0",
    "escaped 255": b"\xff\xff",
}


@pytest.mark.parametrize("said", TELNET.values(), ids=TELNET)
def test_telnet_negotiation_is_removed_for_any_chunks(said: bytes) -> None:
    stream = b"he" + said + b"llo\r\n" + said + b"\r\n" + b"bye" + said + b"\r\n"
    expected = [commands.Send(to="#lobby", text="hello"), commands.Send(to="#lobby", text="bye")]
    for reads in splits(stream):
        assert read(*reads) == expected


def test_endless_telnet_negotiation_costs_linear_time() -> None:
    before = time.process_time()
    for endless in (b"\xff\xfa", b"\xff\xfa\x1f", b"\xff\xff\xfa", b"\xff"):
        (told,) = read((endless * LINE_BYTES)[:LINE_BYTES] + b"\n") or [None]
        assert told is None or isinstance(told, ChatError)
    assert time.process_time() - before < 1  # once it took ten


STREAM = (
    "alice\r\nhello\n\n/dm bob grüße 👋\r\n/nosuch\n\n  \n/topic\n".encode()
    + b"\xff\xfb\x1fcaf\xe9\n/me waves\r\n//x\nan unfinished line"
)


def test_a_stream_means_the_same_for_any_chunks() -> None:
    whole = [repr(each) for each in read(STREAM)]
    assert len(whole) == 8
    for reads in splits(STREAM):
        assert [repr(each) for each in read(*reads)] == whole


@given(st.binary(max_size=300), st.lists(st.integers(0, 300)))
def test_arbitrary_bytes_are_commands_or_errors_for_any_chunks(stream: bytes, cuts: list[int]) -> None:
    stream += b"\n"
    whole = [repr(each) for each in read(stream)]
    assert [repr(each) for each in read(*cut_at(stream, cuts))] == whole


# Output for a plain client


def entry(text: str, conversation: str = "#lobby", kind: str = "message", **more) -> events.Entry:
    body = msgspec.Raw(msgspec.json.encode({"text": text} | more))
    return events.Entry(conversation=conversation, seq=1, ts=1, author="u1", name="alice", kind=kind, body=body)


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (entry("hello"), "alice: hello\n"),
        (entry("one\ntwo"), "alice: one\nalice: two\n"),
        (entry("waves", kind="action"), "* alice waves\n"),
        (entry("news", kind="topic"), "[topic] alice set the topic of #lobby: news\n"),
        (entry("hi", "@u1:u2", to="bob"), "[DM from alice] hi\n"),
        (entry("a\nb", "@u1:u2", to="bob"), "[DM from alice] a\n[DM from alice] b\n"),
        (entry("x", kind="later"), ""),
    ],
)
def test_an_entry_has_one_prefixed_line_per_line_of_text(told: events.Entry, line: str) -> None:
    assert PLAIN.entry(told).decode() == line


def test_author_and_addressee_of_a_direct_message_get_different_lines() -> None:
    told = entry("hi", "@u1:u2", to="bob")
    assert PLAIN.entry(told, own=True) == b"[DM to bob] hi\n"
    assert PLAIN.entry(told) == b"[DM from alice] hi\n"


def test_the_greeting_is_that_of_the_seed() -> None:
    welcome = events.Welcome(epoch="", user="", name="alice", token="", version="", limits={}, conversations=[])
    assert PLAIN.event(welcome) == (
        b"[join] alice has joined the chat.\n\n=== Connected! Type /help for commands ===\n\n"
    )


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_an_unclean_stored_text_does_not_drive_a_terminal(text: str) -> None:
    for kind in ("message", "action", "topic", "notice", "edit", "delete"):
        for conversation in ("#lobby", "@u1:u2"):
            for own in (False, True):
                shown = PLAIN.entry(entry(text, conversation, kind), own=own).decode()
                assert not dangerous(shown)


def test_a_native_client_has_less_time_to_log_in_than_a_plain_one() -> None:
    assert plain_wire(b"").greeting_seconds == 120


def asking(line: bytes, *answers: bytes, user: User | None = None, channel: Channel = HERE) -> tuple[list, bytes]:
    """Return the commands of a client that types a line and its answers, and the prompts meanwhile."""
    shown = bytearray()
    session = Session(PLAIN, Stage().connect(), shown.extend, channel)
    session.user, session.room = user, "#lobby"
    return read(line, *answers, session=session), bytes(shown)


GUEST, OWNER = User("u1", "gus", "gus"), User("u2", "alice", "alice", "key")


@pytest.mark.parametrize("user", [None, GUEST], ids=["first line", "guest"])
def test_the_line_after_login_is_the_password_with_its_spaces(user: User | None) -> None:
    said, shown = asking(b"/login alice\n", b" /my secret \n", b"/help\n", user=user)
    assert said[0] == commands.Login(name="alice", password=" /my secret ")
    assert shown == b"Password: "
    assert len(said) == 2


def test_a_new_password_is_typed_twice() -> None:
    said, shown = asking(b"/password\n", b"correct horse\n", b"correct horse\n", user=OWNER)
    assert said == [commands.Password(password="correct horse")]
    assert shown == b"New password: Once more: "
    said, _ = asking(b"/password\n", b"correct horse\n", b"correct house\n", b"hello\n", user=OWNER)
    assert [str(each) for each in said[:1]] == ["The two passwords differ. Nothing was changed."]
    assert said[1:] == [commands.Send(to="#lobby", text="hello")]


def test_another_password_is_asked_for_after_the_old_one() -> None:
    user = User("u3", "ann", "ann", "key")
    user.password = "hashed"
    said, shown = asking(b"/password\n", b"old horse\n", b"correct horse\n", b"correct horse\n", user=user)
    assert said == [commands.Password(password="correct horse", old="old horse")]
    assert shown == b"Old password (Enter if you forgot it): New password: Once more: "


@pytest.mark.parametrize("start", [b"/login alice\r\n", b"\xff\xfd\x01/login alice\n"], ids=["CR LF", "negotiates"])
def test_telnet_does_not_echo_a_password(start: bytes) -> None:
    said, shown = asking(start, b"\xff\xfd\x01secret\r\n", b"\xff\xfe\x01/help\r\n", user=None)
    assert said[0] == commands.Login(name="alice", password="secret")
    assert shown == b"Password: \xff\xfb\x01\xff\xfc\x01\n"


@pytest.mark.parametrize(
    ("line", "user", "channel"),
    [
        (b"/login alice\n", None, Channel("192.168.1.9")),
        (b"/login bob\n", OWNER, HERE),
        (b"/password\n", GUEST, HERE),
        (b"/password\n", OWNER, Channel("192.168.1.9")),
    ],
)
def test_a_login_that_would_be_refused_asks_for_no_password(line: bytes, user: User | None, channel: Channel) -> None:
    said, shown = asking(line, user=user, channel=channel)
    assert [each.password for each in said] == [""]
    assert shown == b""
