"""Hostile input: fields that belong to the server, SQL, other protocols, commands out of order."""

from typing import get_args

import msgspec
import pytest

from socketchat.commands import COMMANDS
from socketchat.hub import Channel
from socketchat.protocol import commands, events
from socketchat.protocol.codec import decode_command, text_of
from tests.client.serving import serving
from tests.hub.stage import Stage
from tests.keys import key_of
from tests.security.callers import Caller, local_secret

SQL = "'; DROP TABLE entry; --"


@pytest.mark.parametrize("times", [1, 2])
def test_fields_that_belong_to_the_server_are_ignored_from_clients(times) -> None:
    stage = Stage()
    ann, eve = stage.native("ann"), stage.native("eve")
    ann.take()
    told = ',"seq":99,"ts":1,"author":"ann","name":"ann","conversation":"#ops","body":{"text":"forged"}' * times
    eve.ask(decode_command(f'{{"type":"send","to":"#lobby","text":"mine"{told}}}'.encode()))
    stage.settle()
    (entry,) = ann.told(events.Entry)
    assert (entry.conversation, entry.seq, entry.ts, entry.author) == ("#lobby", 1, stage.now, eve.session.user.id)
    assert (entry.name, text_of(entry)) == ("eve", "mine")


AFTER_LOGIN = sorted((kind for kind, row in COMMANDS.items() if not row.before_login), key=lambda kind: kind.__name__)


def example(kind: type[commands.Command]) -> commands.Command:
    """Return a command with SQL in every text that it needs."""
    values = {str: SQL, bool: False}
    fields = {field.name: values.get(field.type, 1) for field in msgspec.structs.fields(kind) if field.required}
    return kind(id=7, **fields)


@pytest.mark.parametrize("kind", AFTER_LOGIN)
@pytest.mark.parametrize("challenged", [False, True])
def test_only_login_commands_work_before_the_login(kind, challenged) -> None:
    stage = Stage()
    peer = stage.connect()
    if challenged:
        peer.ask(commands.Hello(name="eve", key=key_of("eve").public, nonce="A" * 22, id=1))
        peer.take()
    peer.ask(example(kind))
    stage.settle()
    (told,) = peer.events()
    assert (type(told), told.code, told.id) == (events.Error, "not_logged_in", 7)


def test_every_command_is_tested() -> None:
    assert set(COMMANDS) == set(get_args(commands.ANY))


def test_sql_in_every_field_is_plain_text(tmp_path) -> None:
    with serving(tmp_path) as served, Caller(served.port) as eve:
        assert eve.comes("eve", key_of("eve"), local=local_secret(tmp_path / "data")) == "eve"
        eve.say(commands.Send(to="#lobby", text=SQL, id=3))
        eve.hears(events.Ok)
        kinds = sorted(set(COMMANDS) - {commands.Quit}, key=lambda kind: kind.__name__)
        for number, kind in enumerate(kinds, start=10):
            eve.say(msgspec.structs.replace(example(kind), id=number))
            while eve.hears(events.Ok, events.Error).id != number:
                pass
        eve.say(commands.History(conversation="#lobby", limit=200, id=99))
        assert text_of(eve.hears(events.Past)) == SQL


def test_an_http_post_is_closed_before_it_can_send_a_message(tmp_path) -> None:
    said = b"mallory\nhello\n" + b'{"type":"hello","name":"mallory"}\n'
    with serving(tmp_path, "--open") as served:
        for verb in (b"POST", b"GET", b"PUT", b"OPTIONS"):
            with Caller(served.port, tls=False) as page:
                page.write(verb + b" / HTTP/1.1\r\nHost: localhost\r\n\r\n" + said)
                page.line()
        with Caller(served.port, tls=False) as ann:
            ann.write(b"ann\n/users\n")
            while not (line := ann.line()).startswith(b"=== Online Users"):
                assert b"mallory" not in line
            assert line == b"=== Online Users (1) ===\n"


def test_users_cannot_learn_the_addresses_of_others() -> None:
    stage = Stage()
    ann = stage.native("ann")
    eve = stage.connect(channel=Channel("203.0.113.77", binding=b"b" * 32))
    eve.log_in(key_of("eve"), name="eve")
    stage.settle()
    eve.say("hello")
    stage.settle()
    for command in (commands.Users(), commands.Rooms(), commands.History(conversation="#lobby")):
        ann.ask(command)
        stage.settle()
    eve.drop()
    stage.turns.wait(60)
    assert b"eve" in (told := ann.take())
    assert b"203.0.113" not in told
