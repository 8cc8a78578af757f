from socketchat.protocol import commands, events
from socketchat.protocol.slash.help import everyday, moderating
from socketchat.protocol.slash.table import SLASHES
from tests.hub.stage import Stage


def test_help_explains_every_slash_command() -> None:
    stage = Stage()
    alice = stage.native("alice")
    alice.take()
    number = alice.do(commands.Help)
    told, ok = (event for event in alice.events() if not isinstance(event, events.Presence))
    assert all(slash.usage in told.text for slash in everyday())
    assert all(f"/{slash.name}" in told.text for slash in moderating())
    assert (told.id, ok) == (number, events.Ok(id=number))
    alice.do(commands.Help, topic="/dm")
    assert SLASHES["dm"].help in alice.told(events.Help)[0].text
    alice.do(commands.Help, topic="topc")
    (error,) = alice.told(events.Error)
    assert (error.code, error.text) == (
        "no_such_command",
        "No such command: /topc. Did you mean /topic? /help lists the commands.",
    )
