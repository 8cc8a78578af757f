import pytest

from socketchat.hub import Channel
from socketchat.hub.logins import RESUME_SECONDS
from socketchat.hub.policy.limits import (
    COMMAND_BURST,
    COMMAND_BYTES,
    COMMANDS_PER_SECOND,
    DEPARTURES_BURST,
    DEPARTURES_SECONDS,
    FACTS_BURST,
    FACTS_SECONDS,
    LOGIN_CONVERSATIONS,
    LOGIN_CONVERSATIONS_PER_SECOND,
    LOOPBACK_GUESTS,
    LOOPBACK_TIMES,
    READ_BURST,
    READS_PER_SECOND,
    REPLAY_BURST,
    REPLAY_PER_SECOND,
    ROOMS_JOINED,
    SESSIONS_PER_USER,
    STRANGER_COMMANDS,
)
from socketchat.protocol import commands, events
from tests.hub.stage import Peer, Stage
from tests.presence import presences


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


def guest(stage: Stage, name: str, peer: str) -> Peer:
    """Log in a guest from an address."""
    caller = stage.connect(channel=Channel(peer, binding=b"b" * 32))
    caller.log_in(name=name)
    return caller


@pytest.mark.parametrize("guests", [False, True], ids=["an account", "guests"])
def test_a_user_who_reconnects_gets_no_new_burst(*, guests: bool) -> None:
    stage = Stage(limited=True)
    bob = stage.native("bob")
    stored = 0
    for number in range(40):
        mallory = guest(stage, f"guest{number}", "192.0.2.1") if guests else stage.native("mallory")
        for _ in range(COMMAND_BURST // 4):
            mallory.say("again")
        stage.settle()
        stored += len(bob.heard())
        bob.take()
        mallory.drop()
        stage.settle()
        stage.turns.wait(0.1)
    assert COMMAND_BURST <= stored <= COMMAND_BURST + 5 * COMMANDS_PER_SECOND


def test_the_bytes_of_a_user_count_in_all_sessions_together() -> None:
    stage = Stage(limited=True)
    bob = stage.native("bob")
    stored = 0
    for _ in range(10):
        mallory = stage.native("mallory")
        mallory.session.spend(COMMAND_BYTES * COMMAND_BURST // 5)
        mallory.say("behind a long line")
        stage.settle()
        stored += len(bob.heard())
        bob.take()
    assert stored == COMMAND_BURST // (COMMAND_BURST // 5 + 1)


def test_the_sessions_of_a_user_share_one_allowance_and_others_have_their_own() -> None:
    stage = Stage(limited=True)
    one, other, bob = stage.native("alice"), stage.native("alice"), stage.native("bob")
    assert one.session.allowance is other.session.allowance
    assert one.session.allowance is not bob.session.allowance


def test_the_guests_of_loopback_have_their_own_allowances_and_new_ones_share_a_burst() -> None:
    stage = Stage(limited=True)
    guests = [guest(stage, f"gus{number}", "127.0.0.1") for number in range(2 * LOOPBACK_TIMES)]
    left = [each.session.allowance.left for each in guests]
    assert left == sorted(left, reverse=True)
    assert left[0] > COMMAND_BURST - 10
    assert left[-1] > 0
    assert sum(left) < LOOPBACK_TIMES * COMMAND_BURST


@pytest.mark.parametrize(
    "changes",
    [
        [commands.Topic(room="#mine", text="one"), commands.Topic(room="#mine", text="two")],
        [commands.Leave(room="#mine"), commands.Join(room="#mine")],
        [commands.Mute(room="#mine", name="bob"), commands.Unmute(room="#mine", name="bob")],
        [commands.Ignore(name="bob"), commands.Unignore(name="bob")],
    ],
    ids=["topics", "joins", "mutes", "ignored"],
)
def test_facts_of_one_user_are_rated(changes: list[commands.Command]) -> None:
    stage = Stage(limited=True)
    alice, _ = stage.native("alice"), stage.native("bob")
    alice.do(commands.Join, room="#mine")
    before = len(stage.journal._store.facts)
    for number in range(3 * FACTS_BURST):
        alice.ask(changes[number % 2])
    stage.settle()
    assert len(stage.journal._store.facts) - before <= FACTS_BURST
    stage.turns.wait(100)
    assert len(stage.journal._store.facts) - before <= FACTS_BURST + 100 / FACTS_SECONDS
    stage.turns.wait(3 * FACTS_BURST * FACTS_SECONDS)
    assert alice.waiting == 0


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


def test_a_user_who_keeps_joining_and_quitting_is_announced_only_a_few_times() -> None:
    stage = Stage(limited=True)
    bob = stage.native("bob")
    stage.turns.wait(1)
    bob.take()
    for _ in range(5 * DEPARTURES_BURST):
        stage.native("mallory").do(commands.Quit)
        stage.turns.wait(1)
    told = presences(bob.told(events.Presence))
    assert told == ["+mallory", "-mallory"] * DEPARTURES_BURST + ["+mallory"]
    stage.turns.wait(RESUME_SECONDS)
    assert presences(bob.told(events.Presence)) == ["-mallory"]
    stage.turns.wait(DEPARTURES_SECONDS)
    stage.native("mallory").do(commands.Quit)
    stage.turns.wait(1)
    assert presences(bob.told(events.Presence)) == ["+mallory", "-mallory"]


def test_the_sessions_of_a_user_are_limited_and_a_resumed_one_replaces_the_old_one() -> None:
    stage = Stage(limited=True)
    mine = [stage.native("alice") for _ in range(SESSIONS_PER_USER)]
    (welcome,) = mine[0].told(events.Welcome)
    more = stage.native("alice")
    assert [error.code for error in more.told(events.Error)] == ["too_many"]
    assert more.session.user is None
    again = stage.connect()
    again.ask(commands.Hello(token=welcome.token))
    assert again.told(events.Welcome)
    assert mine[0].last_words is not None
    mine[1].do(commands.Quit)
    assert stage.native("alice").told(events.Welcome)
    assert stage.native("bob").told(events.Welcome)


def test_loopback_guests_who_keep_joining_are_announced_ten_times_as_often_as_a_user() -> None:
    stage = Stage(limited=True)
    bob = stage.native("bob")
    burst = DEPARTURES_BURST * LOOPBACK_TIMES
    guests = [guest(stage, f"guest{number}", "127.0.0.1") for number in range(burst + 3)]
    stage.turns.wait(1)  # the last ones have few commands left of the burst that new guests share
    for each in guests:
        each.do(commands.Quit)
    assert [user.name for user in stage.hub.online.present.values()] == [
        "bob",
        *(f"guest{number}" for number in range(burst, burst + 3)),
    ]
    stage.turns.wait(RESUME_SECONDS)
    assert list(stage.hub.online.present.values()) == [bob.session.user]


def test_the_guests_of_loopback_are_limited() -> None:
    stage = Stage(limited=True)
    peers = [guest(stage, f"guest{number}", "::1") for number in range(LOOPBACK_GUESTS)]
    more = guest(stage, "more", "127.0.0.1")
    assert [error.code for error in more.told(events.Error)] == ["too_many"]
    assert guest(stage, "elsewhere", "192.0.2.1").told(events.Welcome)
    peers[0].do(commands.Quit)
    assert guest(stage, "more", "127.0.0.1").told(events.Welcome)


def test_logins_are_charged_by_the_conversations_that_they_list() -> None:
    stage = Stage(limited=True)
    owner = stage.native("owner")
    state, user = stage.hub.state, owner.session.user
    for number in range(ROOMS_JOINED):
        state.set_member(user, state.add_room(f"#r{number}", "nobody"), member=True)

    def refused(**hello: str) -> list[str]:
        peer = stage.native("owner", **hello)
        codes = [error.code for error in peer.told(events.Error)]
        peer.drop()
        return codes

    assert not any(refused() for _ in range(LOGIN_CONVERSATIONS // ROOMS_JOINED))
    while not (last := refused()):
        pass
    assert last == ["too_many"]
    assert refused(listen="none") == ["too_many"]
    assert stage.native("bob").told(events.Welcome)
    stage.turns.wait(ROOMS_JOINED / LOGIN_CONVERSATIONS_PER_SECOND)
    assert not refused()


def test_a_user_who_keeps_requesting_the_same_replay_waits_and_gets_all_of_it() -> None:
    stage = Stage(limited=True)
    mallory = stage.native("mallory")
    (welcome,) = mallory.told(events.Welcome)
    texts = [f"{number} ".ljust(30_000, "x") for number in range(40)]
    for text in texts:
        mallory.say(text)
    stage.settle()
    sent = 0
    while sent < REPLAY_BURST:
        peer = stage.native("mallory", epoch=welcome.epoch, positions={"#lobby": 0})
        sent += len(peer.take())
        peer.drop()
    last = stage.native("mallory", epoch=welcome.epoch, positions={"#lobby": 0})
    heard = last.heard()
    assert len(heard) < len(texts) / 2
    other = stage.native("bob", epoch=welcome.epoch, positions={"#lobby": 0})
    assert len(other.heard()) == len(texts)
    mallory.say("another one")
    stage.turns.wait(40 * 33_000 / REPLAY_PER_SECOND + 1)
    heard += last.heard()
    assert [text for _, _, text in heard] == [*texts, "another one"]
