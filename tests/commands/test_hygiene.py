"""Hostile text in every field: no output controls a terminal."""

import msgspec
import pytest

from socketchat.protocol import commands, operator
from tests.hostile import CORPUS, dangerous
from tests.hub.stage import Peer, Stage

ON_NAMES = (
    commands.Mod,
    commands.Unmod,
    commands.Kick,
    commands.Ban,
    commands.Unban,
    commands.Mute,
    commands.Unmute,
    commands.Invite,
)


def hostile_commands(text: str) -> list[commands.Command]:
    """Return commands with a hostile text in each text field."""
    return [
        commands.Send(id=1, to="#lobby", text=text),
        commands.Send(id=2, to="#lobby", text=text, kind="action"),
        commands.Send(id=3, to="@bob", text=text),
        commands.Send(id=4, to=text, text="hi"),
        commands.Send(id=5, to="@" + text, text="hi"),
        commands.Send(id=6, to="#" + text, text="hi"),
        commands.Send(id=7, to="#lobby", text="hi", outbox=text, n=1),
        commands.Join(id=8, room=text),
        commands.Leave(id=9, room=text),
        commands.Topic(id=10, room="#lobby", text=text),
        commands.Topic(id=11, room=text),
        commands.Users(id=12, room=text),
        commands.History(id=13, conversation=text),
        commands.History(id=14, conversation="@" + text),
        commands.History(id=15, conversation="@a:" + text),
        commands.Help(id=16, topic=text),
        commands.Away(id=26, text=text[:50]),
        commands.Users(id=27),
        commands.Read(id=28, conversation=text),
        commands.Rooms(id=17),
        *[kind(id=20, room=text, name="bob") for kind in ON_NAMES],
        *[kind(id=21, room="#lobby", name=text) for kind in ON_NAMES],
        *[kind(id=22, room="#lobby", name="bob", reason=text) for kind in (commands.Mute, commands.Ban, commands.Kick)],
        commands.Access(id=23, room=text, private=True),
        commands.Ignore(id=24, name=text),
        commands.Unignore(id=25, name=text),
        commands.Ping(id=18),
        commands.Send(id=30, to="#lobby", text="hi", styled=text),
        commands.Send(id=31, to="#lobby", text="hi", tags=text),
        commands.Send(id=32, to="#lobby", text="hi", tags=f"+x={text}"),
        commands.Leave(id=33, room="#lobby", reason=text),
        commands.Rename(id=34, name=text),
        commands.Send(id=35, to="#lobby", text="hi", via=text),
        commands.Join(id=36, room="#lobby", key=text),
        commands.Mode(id=37, room="#lobby", setting="key", value=text),
        commands.Mode(id=40, room=text, setting="topic", value=""),
        commands.Mask(id=38, room="#lobby", kind="ban", mask=text),
        commands.Mask(id=41, room=text, kind="ban", mask="x"),
        commands.Delete(id=42, conversation="#lobby", seq=1, reason=text),
        commands.Delete(id=43, conversation=text, outbox=text),
        commands.Quit(id=39, reason=text),
    ]


def strings(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for pair in value.items() for each in pair for text in strings(each)]
        case list():
            return [text for each in value for text in strings(each)]
    return []


def read(peer: Peer) -> list[str]:
    return [text for line in peer.take().splitlines() for text in strings(msgspec.json.decode(line))]


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_every_text_field_of_every_command_is_cleaned(text: str) -> None:
    stage = Stage()
    alice, bob, plain = stage.native("alice"), stage.native("bob"), stage.plain("dave")
    stage.order(operator.SetOwner(id=1, name="alice"))
    for command in hostile_commands(text):
        alice.ask(command)
        stage.settle()
    answers = read(alice)
    assert {"ok", "error", "entry"} <= set(answers)
    for text_read in [*answers, *read(bob)]:
        assert dangerous(text_read) == set()
        assert "\r" not in text_read
    assert dangerous(plain.text()) == set()


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_every_name_and_token_is_cleaned(text: str) -> None:
    stage = Stage()
    bob = stage.native("bob")
    for fields in ({"name": text}, {"name": "eve", "key": text, "nonce": text}, {"name": "x" + text}, {"token": text}):
        peer = stage.connect()
        peer.ask(commands.Hello(id=1, **fields))
        stage.settle()
        for each in read(peer):
            assert dangerous(each) == set()
    assert not any(map(dangerous, read(bob)))


def test_an_error_truncates_a_long_name() -> None:
    stage = Stage()
    alice = stage.native("alice")
    alice.take()
    for command in hostile_commands("z" * 100_000):
        alice.ask(command)
        stage.settle()
    lines = alice.take().splitlines()
    errors = [line for line in lines if b'"error"' in line]
    assert len(errors) >= 10
    assert max(map(len, errors)) < 600


def test_every_text_field_is_tested() -> None:
    fields = {
        (type(command), field.name)
        for command in hostile_commands("x")
        for field in msgspec.structs.fields(type(command))
        if field.type in (str, str | None)
    }
    used = {
        (type(command), name)
        for command in hostile_commands("HOSTILE")
        for name, value in msgspec.structs.asdict(command).items()
        if isinstance(value, str) and "HOSTILE" in value
    }
    assert used == fields
