from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import TooMany
from socketchat.hub.policy.guess_limits import GuessLimits
from socketchat.hub.policy.limits import (
    ACCOUNT_GUESSES,
    ACCOUNT_SECONDS,
    FREE_GUESSES,
    GUESS_SECONDS,
    LOOPBACK_TIMES,
    MOST_GUESSES,
)

ONE, OTHER = "192.0.2.1", "192.0.2.2"


class Guessing:
    """Guesses, and the clock."""

    def __init__(self, **options) -> None:
        self.now = 5000.0
        self.guesses = GuessLimits(lambda: self.now, **options)

    def wrong(self, peer: str = ONE, name: str = "") -> bool:
        """Guess wrong, and tell whether the guess was checked."""
        with suppress(TooMany):
            self.guesses.check(peer, name)
            return True
        return False

    def right(self, peer: str = ONE, name: str = "") -> None:
        self.guesses.check(peer, name)
        self.guesses.succeeded(peer, name)

    def looked_at(self, tries: int, peer: Callable[[int], str], name: str = "", pause: float = 0.0) -> int:
        """Try this many times; return how many tries were checked."""
        looked_at = 0
        for number in range(tries):
            looked_at += self.wrong(peer(number), name)
            self.now += pause
        return looked_at


def test_the_wait_doubles_after_the_first_wrong_guesses() -> None:
    guessing = Guessing()
    assert guessing.looked_at(20, lambda _: ONE) == FREE_GUESSES
    for seconds in (1, 2, 4, 8, 16):
        guessing.now += seconds - 0.1
        assert not guessing.wrong()
        guessing.now += 0.2
        assert guessing.wrong()
    with pytest.raises(TooMany, match=r"^Too many wrong passwords from your address; try again in 10 minutes"):
        guessing.guesses.check(ONE)
    guessing.now += GUESS_SECONDS - 1
    assert not guessing.wrong()
    guessing.now += 1
    assert guessing.wrong()


def test_the_error_says_when_to_try_again() -> None:
    guessing = Guessing()
    guessing.looked_at(FREE_GUESSES, lambda _: ONE)
    with pytest.raises(TooMany, match=r"try again in 1 second\.$"):
        guessing.guesses.check(ONE)
    guessing.now += 1
    guessing.wrong()
    with pytest.raises(TooMany, match=r"try again in 2 seconds\.$"):
        guessing.guesses.check(ONE)


@given(st.lists(st.floats(0, 120), min_size=20, max_size=200))
def test_the_guesses_of_an_address_are_bounded_in_any_ten_minutes(pauses: list[float]) -> None:
    guessing = Guessing()
    times = []
    for pause in pauses:
        guessing.now += pause
        if guessing.wrong():
            times.append(guessing.now)
    for start in times:
        assert sum(start <= time < start + GUESS_SECONDS for time in times) <= MOST_GUESSES


def test_of_a_thousand_simultaneous_guesses_five_are_checked() -> None:
    guessing = Guessing()
    looked_at = 0
    for _ in range(1000):
        with suppress(TooMany):
            guessing.guesses.check(ONE)  # all of them are pending
            looked_at += 1
    assert looked_at == FREE_GUESSES


def test_a_right_guess_neither_counts_nor_resets_the_count() -> None:
    guessing = Guessing()
    for _ in range(100):
        guessing.right()
    assert guessing.looked_at(FREE_GUESSES - 1, lambda _: ONE) == FREE_GUESSES - 1
    guessing.right()  # with an own account, to be given new guesses
    assert guessing.looked_at(5, lambda _: ONE) == 1


def test_guesses_of_one_address_do_not_slow_another() -> None:
    guessing = Guessing()
    guessing.looked_at(100, lambda _: ONE)
    assert guessing.wrong(OTHER)


def test_an_ipv6_network_counts_as_one_address() -> None:
    assert Guessing().looked_at(100, lambda number: f"2001:db8::{number:x}") == FREE_GUESSES


def test_loopback_gets_more_guesses_because_of_tunnels() -> None:
    guessing = Guessing()
    assert guessing.looked_at(1000, lambda _: "127.0.0.1") == FREE_GUESSES * LOOPBACK_TIMES
    assert guessing.looked_at(10_000, lambda _: "127.0.0.1", pause=0.05) <= MOST_GUESSES * LOOPBACK_TIMES
    guessing.now += GUESS_SECONDS / (MOST_GUESSES * LOOPBACK_TIMES)
    guessing.right("127.0.0.1", "alice")  # no user is locked out for minutes


def test_two_hundred_addresses_share_the_guesses_at_one_account() -> None:
    guessing = Guessing()
    assert guessing.looked_at(1000, lambda number: f"198.51.100.{number % 200}", "alice") == ACCOUNT_GUESSES
    with pytest.raises(
        TooMany,
        match=r"^Too many wrong passwords for this name; try again in 1 hour, or log in with its key\.$",
    ):
        guessing.guesses.check(OTHER, "alice")
    guessing.guesses.check(OTHER, "bob")
    guessing.now += ACCOUNT_SECONDS
    guessing.guesses.check(OTHER, "alice")


def test_simultaneous_guesses_at_one_account_are_bounded() -> None:
    guessing = Guessing()
    assert guessing.looked_at(1000, lambda number: f"198.51.{number // 250}.{number % 250}", "alice") == ACCOUNT_GUESSES


def test_a_check_that_failed_does_not_count() -> None:
    guessing = Guessing()
    for _ in range(100):
        guessing.guesses.check(ONE, "alice")
        guessing.guesses.undo(ONE, "alice")
    assert guessing.looked_at(1000, lambda number: f"198.51.100.{number % 200}", "alice") == ACCOUNT_GUESSES
    assert guessing.wrong(ONE)


def test_guesses_before_a_restart_count_for_the_rest_of_their_hour() -> None:
    guessing = Guessing()
    for seconds in (ACCOUNT_SECONDS, *[ACCOUNT_SECONDS - 60] * 5, *[60.0] * 10, -1e9):
        guessing.guesses.recall("alice", seconds)  # the last by a clock that went wrong
    assert guessing.looked_at(100, lambda number: f"198.51.100.{number}", "alice") == ACCOUNT_GUESSES - 16
    guessing.now += 60
    assert guessing.looked_at(100, lambda number: f"198.51.100.{number}", "alice") == 5


def test_the_owner_can_still_log_in_from_a_known_address() -> None:
    guessing = Guessing()
    guessing.right(ONE, "alice")
    guessing.looked_at(200, lambda number: f"198.51.100.{number}", "alice")
    guessing.wrong(ONE, "alice")
    guessing.right(ONE, "Alice")
    with pytest.raises(TooMany):
        guessing.guesses.check(ONE, "bob" if guessing.looked_at(99, lambda n: f"203.0.113.{n}", "bob") else "")


def test_guesses_at_every_spelling_of_a_name_are_counted_together() -> None:
    guessing = Guessing()
    names = ("alice", "ALICE", "ａｌｉｃｅ")  # the last in full width
    looked_at = sum(guessing.wrong(f"198.51.100.{number}", names[number % 3]) for number in range(100))
    assert looked_at == ACCOUNT_GUESSES


def test_loopback_never_counts_as_a_known_address() -> None:
    guessing = Guessing()
    guessing.right("127.0.0.1", "alice")
    guessing.looked_at(200, lambda number: f"198.51.100.{number}", "alice")
    assert not guessing.wrong("127.0.0.1", "alice")


def test_the_memory_is_bounded_and_quiet_addresses_are_forgotten_first() -> None:
    guessing = Guessing(most=100)
    for number in range(1000):
        guessing.wrong(f"10.0.{number // 250}.{number % 250}", f"name{number}")
        guessing.right(f"10.1.{number // 250}.{number % 250}", f"name{number}")
        guessing.wrong(ONE)
    guesses = guessing.guesses
    assert [len(guesses._by_network), len(guesses._by_account), len(guesses._known)] == [100, 100, 100]
    assert not guessing.wrong(ONE)
