import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.hub.policy.rate_limiter import RateLimiter


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_free_and_then_the_rate_applies() -> None:
    time = Time()
    rates = RateLimiter(5, 2.0, time)
    assert [rates.take("a") for _ in range(7)] == [0, 0, 0, 0, 0, 2, 2]
    time.now += 1.5
    assert rates.take("a") == 0.5
    time.now += 0.5
    assert [rates.take("a"), rates.take("a")] == [0, 2]
    assert rates.take("b") == 0
    time.now += 10
    assert [rates.take("a") for _ in range(6)] == [0, 0, 0, 0, 0, 2]


def test_a_charge_can_exceed_the_burst() -> None:
    time = Time()
    rates = RateLimiter(5, 2.0, time)
    rates.charge("a", 2.5)
    assert [rates.take("a") for _ in range(3)] == [0, 0, 1]
    rates.charge("a", 100)
    assert rates.take("a") == 201
    time.now += 300
    assert rates.take("a") == 0


def test_refunded_charges_can_be_used_again() -> None:
    rates = RateLimiter(2, 60, Time())
    for _ in range(100):
        assert rates.take("a") == 0
        rates.give_back("a")
    rates.give_back("never seen")
    assert [rates.take("a") for _ in range(3)] == [0, 0, 60]


@given(st.lists(st.floats(0, 5), min_size=1, max_size=200), st.integers(1, 8), st.sampled_from([0.25, 1.0, 3.0]))
def test_no_window_holds_more_than_burst_and_rate_allow(pauses: list[float], burst: int, seconds: float) -> None:
    time = Time()
    rates = RateLimiter(burst, seconds, time)
    taken = []
    for pause in pauses:
        time.now += pause
        if not rates.take("a"):
            taken.append(time.now)
    for first, start in enumerate(taken):
        for count, end in enumerate(taken[first:], 1):
            assert count <= burst + (end - start) / seconds + 1e-6


@pytest.mark.parametrize("jump", [3600, 10 * 365 * 86_400])
def test_idle_time_saves_at_most_one_burst(jump: float) -> None:
    time = Time()
    rates = RateLimiter(3, 1, time)
    rates.take("a")
    time.now += jump
    assert sum(not rates.take("a") for _ in range(100)) == 3


def test_the_memory_of_the_limiter_is_bounded() -> None:
    rates = RateLimiter(1, 60, Time(), most=10)
    for number in range(100):
        assert rates.take(str(number)) == 0
    assert len(rates) == 10
    assert rates.take("99") == 60
