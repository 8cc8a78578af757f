"""No turn of the event loop does more than a bounded amount of work, whatever commands and stored history contain."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from msgspec.structs import fields

from socketchat.commands import COMMANDS
from socketchat.commands.rooms import TOPIC_BYTES
from socketchat.hub import Channel
from socketchat.hub.policy.limits import ROOMS_JOINED, SESSIONS_PER_USER
from socketchat.protocol import commands
from socketchat.protocol.limits import HISTORY_ENTRIES, TEXT_BYTES
from socketchat.wire.native import NATIVE
from socketchat.wire.plain import PLAIN
from tests.hub.asking import ASKED, OWNED, WORD, Asking
from tests.hub.stage import Peer
from tests.hub.stall_meter import MeteredStage, Work
from tests.keys import key_of

MOST = Work(calls=40_000, characters=6_000_000)
"""Of one turn: a full write buffer of 256 KiB, rendered in rows. Mentions in 200 texts took 100 times as much."""

MOST_WITHOUT_TEXT = Work(calls=10_000, characters=2_000_000)
"""Of one turn about a field of 240 KB that is no message: it is looked at a few times, to find that it is too long."""

PRIVATE = Channel(peer="::1", is_loopback=True)

GUESTS, ROOMS, ENTRIES = 300, 60, 70


def longest(piece: str) -> str:
    """Return the longest allowed text of these pieces."""
    return f"{WORD} " + piece * ((TEXT_BYTES - 30) // len(piece.encode())) + "x"


TEXTS = {
    "short words outside ASCII": longest("é "),
    "the reader's name": longest("ann, "),
    "the beginnings of the reader's name": longest("ann\u0301an "),
    "empty lines": longest("\n"),
    "tabs": longest("\t"),
    "tabs in short lines": longest("\t\n"),
    "emoji and tabs in short lines": longest("👍\t\n"),
    "joined emoji": longest("👩\u200d"),
    "links": longest("https://a.b/ "),
    "escapes": longest("\x1b"),
    "marks": longest("a" + "\u0301\u0323\u05b0\u0f71" * 15),
    "wide characters": longest("会"),
    "bidirectional controls": longest("\u202e"),
    "one word": longest("x"),
    "digits of other scripts": longest("١٢ "),
}

FLOODS = {
    "marks to sort": "\u0301\u0323",
    "short words": "a ",
    "quotes": '"',
    "escapes": "\x1b",
    "bidirectional controls": "\u202e",
    "colons": "1:",
    "digits": "9",
}

PEOPLE = ("ann", "ben", "cat", "dan")


@pytest.fixture(scope="module")
def stage() -> Iterator[MeteredStage]:
    """Return a server with a hostile history, rooms and names."""
    stage = MeteredStage()
    ann, ben, cat, dan = (stage.native(name) for name in PEOPLE)
    for number in range(GUESTS):
        stage.guest(f"guest{number}")
    for peer, room in ((ben, "#den"), (cat, "#dev")):
        peer.do(commands.Join, room=room)
    for number in range(ROOMS):
        for peer in (dan, ann):
            peer.do(commands.Join, room=f"#room{number}")
    ann.session.user.mark_read("#lobby", 0)
    texts = list(TEXTS.values())
    for number in range(ENTRIES):
        for to in ("#lobby", "@ann"):
            dan.say(texts[number % len(texts)], to=to)
        stage.settle()
        for peer in (ann, ben, cat, dan):
            peer.take()
    with stage.meter.wrapped():
        yield stage


def work_of(stage: MeteredStage, peer: Peer, command: commands.Command) -> Work:
    """Return the most work in one turn while a command is answered."""
    stage.meter.most = Work()
    with stage.meter.turn():
        peer.ask(command)
    stage.settle()
    return stage.meter.most


def hostile(kind: type[commands.Command], peer: Peer, by: str) -> Iterator[commands.Command]:
    """Yield commands of a kind: random ones, and those that read the most."""
    for seed in range(3):
        yield ASKED[kind][1](Asking(peer, by, 1, Random(seed)))
    room = OWNED.get(by, "#lobby")
    if kind is commands.Send:
        yield from (commands.Send(to=to, text=text) for text in TEXTS.values() for to in ("#lobby", "@ann"))
    elif kind is commands.History:
        yield from (commands.History(conversation=to, limit=HISTORY_ENTRIES) for to in ("#lobby", "@dan"))
        yield from (commands.History(conversation="#lobby", around=seq) for seq in range(1, ENTRIES, 7))
    elif kind is commands.Search:
        yield from (commands.Search(words=words) for words in (WORD, f"{WORD} " * 8))
    elif kind is commands.Edit:
        yield from (commands.Edit(conversation="#lobby", seq=1, text=text) for text in TEXTS.values())
    elif kind in {commands.Topic, commands.Away}:
        fields = {"room": room} if kind is commands.Topic else {}
        yield from (kind(text=text, **fields) for text in TEXTS.values())
    elif kind in {commands.Users, commands.Read}:
        yield kind()


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__.lower())
@pytest.mark.parametrize("rendering", [NATIVE, PLAIN], ids=["native", "plain"])
def test_no_command_blocks_the_loop_however_hostile_the_history_is(
    stage: MeteredStage, kind: type[commands.Command], rendering
) -> None:
    for by in ("ann", "dan"):
        commands_asked = list(hostile(kind, stage.native(by), by))
        for command in commands_asked:
            peer = stage.native(by)
            peer.session.places.render_as(rendering)
            work = work_of(stage, peer, command)
            assert work.calls <= MOST.calls, (command, work)
            assert work.characters <= MOST.characters, (command, work)
            peer.drop()
            stage.settle()


@pytest.mark.parametrize("flood", FLOODS)
@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__.lower())
def test_no_command_blocks_the_loop_however_long_its_fields_are(
    stage: MeteredStage, kind: type[commands.Command], flood: str
) -> None:
    text = FLOODS[flood] * (240_000 // len(FLOODS[flood].encode()))
    for field in fields(kind):
        for start in ("", "#", "@") if "str" in str(field.type) else ():
            peer = stage.connect(channel=PRIVATE) if COMMANDS[kind].before_login else stage.native("ben")
            peer.session.channel = PRIVATE
            others = {"words": WORD, "room": "#den", "name": "ben", "conversation": "#den", "password": "long enough"}
            asked = {each.name: others.get(each.name, "#den") for each in fields(kind) if each.required}
            work = work_of(stage, peer, kind(**(asked | {field.name: start + text})))
            assert work.calls <= MOST_WITHOUT_TEXT.calls, (field.name, work)
            assert work.characters <= MOST_WITHOUT_TEXT.characters, (field.name, work)
            peer.drop()
            stage.settle()


def test_a_reader_who_returns_to_a_hostile_history_delays_no_other_user(stage: MeteredStage) -> None:
    epoch = stage.hub.logins.epoch
    peer = stage.connect()
    stage.meter.most = Work()
    with stage.meter.turn():
        peer.log_in(key_of("ann"), name="ann", epoch=epoch, positions={"#lobby": 0})
    stage.settle()
    assert len(peer.heard()) >= ENTRIES
    assert stage.meter.most.calls <= MOST.calls
    assert stage.meter.most.characters <= MOST.characters


@pytest.mark.parametrize("text", TEXTS)
def test_a_direct_message_to_many_plain_sessions_is_rendered_once(text: str) -> None:
    stage = MeteredStage()
    dan = stage.native("dan")
    readers = [stage.native("ann") for _ in range(SESSIONS_PER_USER)]
    for reader in readers:
        reader.session.places.render_as(PLAIN)
    with stage.meter.wrapped():
        work = work_of(stage, dan, commands.Send(to="@ann", text=TEXTS[text]))
    assert WORD in readers[-1].text()
    assert work.calls <= MOST.calls
    assert work.characters <= MOST.characters


@pytest.mark.parametrize("rendering", [NATIVE, PLAIN], ids=["native", "plain"])
def test_an_owner_who_returns_to_as_many_rooms_as_allowed_delays_no_other_user(rendering) -> None:
    stage = MeteredStage()
    dan = stage.native("dan")
    for number in range(ROOMS_JOINED):
        dan.do(commands.Join, room=f"#room{number}")
        dan.do(commands.Topic, room=f"#room{number}", text="\u202e" * (TOPIC_BYTES // 6))
        dan.say(TEXTS["tabs in short lines"], to=f"#room{number}")
    stage.settle()
    positions = {conversation.id: 0 for conversation in dan.session.places.heard}
    dan.drop()
    peer = stage.connect(rendering)
    stage.meter.most = Work()
    with stage.meter.wrapped(), stage.meter.turn():
        peer.session.rendering = NATIVE
        peer.log_in(key_of("dan"), name="dan", epoch=stage.hub.logins.epoch, positions=positions)
        peer.session.places.render_as(rendering)
    stage.settle()
    assert len(peer.session.places.heard) == ROOMS_JOINED + 1
    assert stage.meter.most.calls <= MOST.calls
    assert stage.meter.most.characters <= MOST.characters
