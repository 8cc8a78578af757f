from contextlib import suppress
from functools import partial
from random import Random

import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.strategies import booleans, randoms, sampled_from

from socketchat.exceptions import TooMany
from socketchat.server.connection_limits import ConnectionLimits, Slot
from socketchat.server.limits import (
    CONNECTIONS_PER_ADDRESS,
    PAGES_BURST,
    STRANGER_BYTES,
    STRANGERS_BURST,
    STRANGERS_BYTES,
    STRANGERS_PER_ADDRESS,
    STRANGERS_SECONDS,
    STRANGERS_SHARE,
)

ONE, OTHER = "192.0.2.1", "192.0.2.2"


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Door:
    """The limits, and the admitted connections."""

    def __init__(self, slots: int = 10_000, **options) -> None:
        self.time = Time()
        self.limits = ConnectionLimits(self.time, slots, **options)
        self.slots: list[Slot] = []

    def come(self, peer: str = ONE) -> bool:
        with suppress(TooMany):
            self.slots.append(self.limits.open_slot(peer))
            return True
        return False

    def crowd(self, size: int, peer: str = ONE) -> int:
        """Return the number of admitted connections."""
        return sum(self.come(peer) for _ in range(size))

    def log_in(self, *, owner: bool = True) -> None:
        for slot in self.slots:
            slot.log_in(owner=owner)

    def go(self) -> None:
        for slot in self.slots:
            slot.end()


def test_strangers_share_a_bound_on_received_bytes() -> None:
    door = Door()
    assert door.crowd(3, ONE) == 3
    greedy, late, modest = door.slots
    greedy.receive(STRANGERS_BYTES + 1 - STRANGER_BYTES)
    late.receive(STRANGER_BYTES)
    for more in (greedy, late):
        with pytest.raises(TooMany, match="Too many bytes from connections that have not logged in"):
            more.receive(1)
    modest.receive(STRANGER_BYTES)
    greedy.end()
    modest.receive(STRANGERS_BYTES - 2 * STRANGER_BYTES - 1)
    modest.log_in(owner=True)
    late.receive(STRANGERS_BYTES - STRANGER_BYTES - 1)
    door.go()
    assert door.limits.bytes == 0


def test_connections_before_login_are_limited_by_address() -> None:
    door = Door()
    assert door.crowd(1000) == STRANGERS_PER_ADDRESS
    assert door.come(OTHER)
    door.log_in()
    assert door.crowd(1000) == STRANGERS_PER_ADDRESS


def test_all_connections_are_limited_by_address() -> None:
    door = Door()
    for _ in range(100):
        door.crowd(STRANGERS_PER_ADDRESS)
        door.log_in()
    assert door.limits.open == CONNECTIONS_PER_ADDRESS
    with pytest.raises(TooMany, match=r"^Limit reached: 256 connections per address\. Close one, or wait\.$"):
        door.limits.open_slot(ONE)
    door.slots[0].end()
    assert door.crowd(2) == 1


@pytest.mark.parametrize("known", [False, True])
def test_an_address_that_never_logs_in_is_slowed_down(*, known: bool) -> None:
    door = Door()
    came = 0
    for _ in range(1000):
        came += door.come()
        if known:
            door.log_in(owner=False)  # a guest has no account
        door.go()
    assert came == STRANGERS_BURST
    door.time.now += STRANGERS_SECONDS
    assert door.come()
    assert not door.come()
    with pytest.raises(
        TooMany, match=r"^Too many connections from your address have not logged in; try again in a minute\.$"
    ):
        door.limits.open_slot(ONE)


def test_an_address_that_logs_in_is_not_slowed_down() -> None:
    door = Door()
    for _ in range(1000):
        assert door.come()
        door.log_in()
        door.go()


def test_an_ipv6_network_counts_as_one_address() -> None:
    door = Door()
    assert sum(door.come(f"2001:db8::{number:x}") for number in range(100)) == STRANGERS_PER_ADDRESS
    assert door.come("2001:db8:0:1::1")


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1"])
def test_loopback_is_not_limited_by_address(peer: str) -> None:
    door = Door()
    assert door.crowd(1000, peer) == 1000


def crowded(slots: int = 1000) -> Door:
    """Return limits with the most strangers allowed, each from a separate network, all silent."""
    door = Door(slots)
    for number in range(int(slots * STRANGERS_SHARE)):
        assert door.come(f"10.0.{number // 250}.{number % 250}")
    return door


def test_connections_before_login_leave_most_slots_free() -> None:
    door = crowded()
    for number in range(5000):
        assert door.come(f"10.1.{number // 250}.{number % 250}")
    assert door.limits.strangers == STRANGERS_SHARE * 1000
    assert not door.limits.is_full


def test_a_newcomer_replaces_the_connection_that_was_silent_longest() -> None:
    door = crowded()
    ended = []
    for slot in door.slots:
        slot.on_crowd = partial(ended.append, slot)
    first, second, third, *_ = door.slots
    first.speak()
    third.log_in(owner=True)
    assert door.come(OTHER)  # in place of the third
    assert door.come(OTHER)
    assert ended == [second]


def test_if_none_is_silent_the_oldest_connection_before_login_is_replaced() -> None:
    door = crowded()
    ended = []
    for slot in reversed(door.slots):
        slot.on_crowd = partial(ended.append, slot)
        slot.speak()
    assert door.come(OTHER)
    assert ended == [door.slots[-2]]


def test_a_connection_refused_for_its_address_replaces_no_other() -> None:
    door = crowded()
    for _ in range(STRANGERS_PER_ADDRESS):
        assert door.come(ONE)
    silent = list(door.limits.silent)
    assert not door.come(ONE)
    assert list(door.limits.silent) == silent


def test_a_login_frees_its_slot_for_another_connection() -> None:
    door = Door(1000)
    while door.limits.open < 900:
        assert door.come(f"10.0.{door.limits.open // 250}.{door.limits.open % 250}")
        door.log_in()


def test_a_full_server_says_so_until_a_connection_ends() -> None:
    door = Door(10, limited=False)
    assert door.crowd(10) == 10
    assert door.limits.is_full
    door.slots[3].end()
    assert not door.limits.is_full


def test_without_limits_only_the_total_is_bounded() -> None:
    door = Door(1000, limited=False)
    assert door.crowd(1000) == 1000


class Doorkeeping(RuleBasedStateMachine):
    """Users connect, log in and leave in any order, some of them repeatedly."""

    def __init__(self) -> None:
        super().__init__()
        self.door = Door(60)
        self.inside: dict[Slot, bool] = {}

    @rule(peer=sampled_from([ONE, OTHER, "2001:db8::1", "127.0.0.1"]))
    def come(self, peer: str) -> None:
        if not self.door.limits.is_full and self.door.come(peer):
            slot = self.door.slots[-1]
            self.inside[slot] = True
            slot.on_crowd = partial(self.inside.pop, slot)

    @precondition(lambda self: self.door.slots)
    @rule(random=randoms(use_true_random=False), owner=booleans())
    def log_in(self, random: Random, *, owner: bool) -> None:
        slot = random.choice(self.door.slots)
        slot.log_in(owner=owner)
        if slot in self.inside:
            self.inside[slot] = False

    @precondition(lambda self: self.door.slots)
    @rule(random=randoms(use_true_random=False))
    def go(self, random: Random) -> None:
        slot = random.choice(self.door.slots)
        slot.end()
        self.inside.pop(slot, None)

    @precondition(lambda self: self.door.slots)
    @rule(random=randoms(use_true_random=False))
    def speak(self, random: Random) -> None:
        random.choice(self.door.slots).speak()

    @invariant()
    def counts_are_right(self) -> None:
        limits = self.door.limits
        assert (limits.open, limits.strangers) == (len(self.inside), sum(self.inside.values()))
        assert {*limits.silent, *limits.speaking} == {each for each, is_new in self.inside.items() if is_new}
        assert not limits.silent.keys() & limits.speaking.keys()
        assert sum(count[0] for count in limits.counts.values()) == len(self.inside)
        assert all(count[0] for count in limits.counts.values())


TestDoorkeeping = Doorkeeping.TestCase


def test_connections_that_load_the_page_have_a_limit_of_their_own() -> None:
    limits = ConnectionLimits(Time(), 1000)
    for _ in range(PAGES_BURST):
        slot = limits.open_slot("203.0.113.1")
        slot.serve()
        slot.end()
    for _ in range(STRANGERS_BURST):
        slot = limits.open_slot("203.0.113.1")
        slot.serve()
        slot.end()
    with pytest.raises(TooMany):
        limits.open_slot("203.0.113.1")
