from typing import get_args

from socketchat.commands import BEFORE_LOGIN, HANDLERS
from socketchat.protocol import commands, events
from tests.hub.stage import Stage


def test_every_command_has_its_handler() -> None:
    assert HANDLERS.keys() == set(get_args(commands.ANY))
    assert HANDLERS.keys() >= BEFORE_LOGIN


def test_only_sends_are_under_way_together() -> None:
    stage = Stage()
    alice = stage.native("alice")
    alice.take()
    alice.say("one")
    alice.ask(commands.Users(id=10), commands.Send(id=11, to="#lobby", text="two"), commands.Ping(id=12))
    assert alice.waiting == 3
    stage.settle()
    assert [event.id for event in alice.told(events.Ok)][1:] == [10, 11, 12]


def test_answers_keep_the_order_of_questions() -> None:
    stage = Stage()
    alice = stage.native("alice")
    alice.take()
    alice.ask(
        commands.Join(id=10, room="#new"),
        commands.History(id=11, conversation="#new"),
        commands.Topic(id=12, room="#new", text="x"),
        commands.Rooms(id=13),
        commands.Leave(id=14, room="#new"),
        commands.Ping(id=15),
    )
    stage.settle()
    assert [event.id for event in alice.told(events.Ok)] == [10, 11, 12, 13, 14, 15]
