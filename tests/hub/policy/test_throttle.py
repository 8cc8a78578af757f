import pytest

from socketchat.hub.policy.limits import (
    COMMAND_BURST,
    COMMANDS_PER_SECOND,
    READ_BURST,
    READS_PER_SECOND,
    STRANGER_COMMANDS,
)
from socketchat.protocol import commands, events
from tests.hub.stage import Stage


def test_a_session_over_the_rate_waits_and_loses_nothing() -> None:
    stage = Stage(limited=True)
    alice, bob = stage.native("alice"), stage.native("bob")
    for number in range(COMMAND_BURST + 500):
        alice.say(str(number))
    stage.settle()
    heard = bob.heard()
    assert COMMAND_BURST <= len(heard) <= COMMAND_BURST + STRANGER_COMMANDS
    stage.turns.wait(4)
    more = bob.heard()
    assert len(more) == pytest.approx(4 * COMMANDS_PER_SECOND, abs=COMMANDS_PER_SECOND / 5)
    stage.turns.wait(500 / COMMANDS_PER_SECOND)
    everything = heard + more + bob.heard()
    assert [text for _, _, text in everything] == [str(number) for number in range(COMMAND_BURST + 500)]
    assert alice.last_words is None


def test_a_pause_restores_one_burst() -> None:
    stage = Stage(limited=True)
    alice, bob = stage.native("alice"), stage.native("bob")
    for _ in range(2):
        stage.turns.wait(3600)
        bob.take()
        for number in range(COMMAND_BURST + 1000):
            alice.say(str(number))
        stage.settle()
        assert COMMAND_BURST <= len(bob.heard()) <= 2 * COMMAND_BURST + STRANGER_COMMANDS


def test_a_throttled_session_does_not_delay_others() -> None:
    stage = Stage(limited=True)
    alice, bob, again = stage.native("alice"), stage.native("bob"), stage.native("alice")
    for number in range(COMMAND_BURST + 1000):
        alice.say(str(number))
    stage.settle()
    again.take()
    bob.say("bob is heard")
    stage.settle()
    assert [text for _, _, text in again.heard()] == ["bob is heard"]


def test_a_session_before_login_gets_few_answers() -> None:
    stage = Stage(limited=True)
    stranger = stage.connect()
    for _ in range(1000):
        stranger.ask(commands.Users(id=1))
    stage.settle()
    assert len(stranger.told(events.Error)) == STRANGER_COMMANDS
    stage.turns.wait(5)
    assert 4 <= len(stranger.told(events.Error)) <= 5


def test_without_limits_no_session_is_throttled() -> None:
    stage = Stage()
    alice, bob = stage.native("alice"), stage.native("bob")
    for number in range(2 * COMMAND_BURST):
        alice.say(str(number))
    stage.settle()
    assert len(bob.heard()) == 2 * COMMAND_BURST


@pytest.mark.parametrize(
    ("kind", "fields"),
    [(commands.Users, {}), (commands.Rooms, {}), (commands.History, {"conversation": "#lobby"})],
)
def test_expensive_reads_have_their_own_allowance_per_user(kind: type[commands.Command], fields: dict) -> None:
    stage = Stage(limited=True)
    alice, again, bob = stage.native("alice"), stage.native("alice"), stage.native("bob")
    for peer in (alice, again):
        for _ in range(READ_BURST):
            peer.do(kind, **fields)
    assert len(alice.told(events.Ok)) == READ_BURST
    assert len(again.told(events.Ok)) == 0
    assert again.waiting == READ_BURST
    alice.say("saying something costs none of it")
    stage.settle()
    assert len(alice.heard()) == 1
    bob.do(commands.Users)
    assert len(bob.told(events.Ok)) == 1
    stage.turns.wait(10)
    assert len(again.told(events.Ok)) == pytest.approx(10 * READS_PER_SECOND, abs=2)
    stage.turns.wait(READ_BURST / READS_PER_SECOND)
    assert again.waiting == 0
