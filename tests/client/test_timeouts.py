from socketchat.client.timeouts import Patience


def test_delays_double_up_to_a_bound() -> None:
    patience = Patience(first_delay=0.5, longest_delay=30.0)
    assert [patience.delay(attempt, lambda: 1.0) for attempt in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert patience.delay(100_000, lambda: 1.0) == 30.0


def test_a_delay_is_anywhere_below_its_bound_so_that_many_clients_come_back_spread_out() -> None:
    assert [Patience().delay(3, iter([share]).__next__) for share in (0.0, 0.25, 0.5)] == [0.0, 0.5, 1.0]
