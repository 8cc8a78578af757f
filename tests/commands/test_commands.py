from random import Random
from typing import get_args

from socketchat.commands import COMMANDS
from socketchat.hub import Cost
from socketchat.protocol import commands, events
from tests.hub.asking import ASKED, Asking
from tests.hub.stage import Stage


def test_every_command_has_a_handler() -> None:
    assert COMMANDS.keys() == set(get_args(commands.ANY))


def test_every_command_about_a_conversation_states_the_right_that_it_needs() -> None:
    unchecked = {
        kind
        for kind, row in COMMANDS.items()
        if row.right is None and {"room", "conversation", "to"} & set(kind.__struct_fields__)
    }
    assert unchecked == {commands.Send, commands.Join}  # the direct path, and a room that may not exist yet


def test_commands_that_read_history_have_their_own_allowance() -> None:
    looks = set()
    for kind, (_, make) in ASKED.items():
        for seed in range(5):
            stage = Stage()
            ann, bob = stage.native("ann"), stage.native("bob")
            bob.say("hello")
            bob.do(commands.Read)
            ann.say("hello")
            stage.settle()
            reads = len(stage.journal.reads)
            bob.ask(make(Asking(bob, "bob", 1, Random(seed))))
            stage.settle()
            if stage.journal.searches or len(stage.journal.reads) > reads:
                looks.add(kind)
    assert looks <= {kind for kind, row in COMMANDS.items() if row.cost is Cost.MUCH_READING}
    assert {commands.History, commands.Search, commands.Unread, commands.Edit, commands.Delete} <= looks


def test_only_sends_run_concurrently() -> None:
    stage = Stage()
    alice = stage.native("alice")
    alice.take()
    alice.say("one")
    alice.ask(commands.Users(id=10), commands.Send(id=11, to="#lobby", text="two"), commands.Ping(id=12))
    assert alice.waiting == 3
    stage.settle()
    assert [event.id for event in alice.told(events.Ok)][1:] == [10, 11, 12]


def test_answers_keep_the_order_of_commands() -> None:
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
