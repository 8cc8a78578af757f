from socketchat.client.timeouts import Timeouts


def test_delays_double_up_to_a_bound() -> None:
    timeouts = Timeouts(first_delay=0.5, longest_delay=30.0)
    assert [timeouts.delay(attempt, lambda: 1.0) for attempt in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert timeouts.delay(100_000, lambda: 1.0) == 30.0


def test_delays_are_random_so_that_many_clients_spread_out() -> None:
    assert [Timeouts().delay(3, iter([share]).__next__) for share in (0.0, 0.25, 0.5)] == [0.0, 0.5, 1.0]
