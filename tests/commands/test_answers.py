"""A dialect renders an answer with its session and its command, which IRC's numerics need."""

import pytest

from socketchat.hub import Session
from socketchat.protocol import commands, events
from socketchat.wire.native import NativeRendering
from tests.hub.stage import Peer, Stage


class Noting(NativeRendering):
    """Records the answers, with their sessions and commands."""

    def __init__(self) -> None:
        self.answers: list[tuple[events.Event, Session, commands.Command | None]] = []
        self.others: list[events.Event] = []

    def event(self, event: events.Event) -> bytes:
        self.others.append(event)
        return super().event(event)

    def answer(self, event: events.Event, session: Session, command: commands.Command | None) -> bytes:
        if command is None:
            self.others.append(event)  # news for one session
        else:
            self.answers.append((event, session, command))
        return super().answer(event, session, command)


def noting() -> tuple[Stage, Peer, Noting]:
    stage, rendering = Stage(), Noting()
    stage.native("bob").do(commands.Join, room="#bobs")
    alice = stage.connect(rendering)
    alice.ask(commands.Hello(id=1, name="alice"))
    stage.settle()
    return stage, alice, rendering


ASKED = [
    commands.Send(id=2, to="#lobby", text="hi"),
    commands.Send(id=2, to="#nowhere", text="hi"),
    commands.Send(id=2, to="@bob", text="hi"),
    commands.Join(id=2, room="#bobs"),
    commands.Join(id=2, room="#new"),
    commands.Leave(id=2, room="#lobby"),
    commands.Topic(id=2, room="#lobby"),
    commands.Rooms(id=2),
    commands.Users(id=2),
    commands.Away(id=2, text="lunch"),
    commands.History(id=2, conversation="#lobby"),
    commands.Search(id=2, words="hi"),
    commands.Ignore(id=2),
    commands.Read(id=2),
    commands.Unread(id=2),
    commands.Devices(id=2),
    commands.Help(id=2),
    commands.Ping(id=2),
    commands.Kick(id=2, room="#bobs", name="bob"),
]


@pytest.mark.parametrize("command", ASKED, ids=lambda command: type(command).__name__)
def test_an_answer_is_rendered_with_its_session_and_its_command(command: commands.Command) -> None:
    stage, alice, rendering = noting()
    rendering.answers.clear(), rendering.others.clear()
    alice.ask(command)
    stage.settle()
    assert rendering.answers
    assert {(session, asked) for _, session, asked in rendering.answers} == {(alice.session, command)}
    assert not [event for event in rendering.others if getattr(event, "id", None) is not None]


def test_a_welcome_and_a_refusal_to_welcome_answer_a_hello() -> None:
    _, alice, rendering = noting()
    (welcome, session, hello), *_ = rendering.answers
    assert isinstance(welcome, events.Welcome)
    assert (session, hello) == (alice.session, commands.Hello(id=1, name="alice"))
    rendering.answers.clear()
    alice.ask(commands.Hello(id=5, name="bob"))
    ((error, _, asked),) = rendering.answers
    assert isinstance(error, events.Error)
    assert asked == commands.Hello(id=5, name="bob")
