import asyncio

from socketchat.client.asyncio.reconnect import Reconnect
from socketchat.client.timeouts import ATTENDED, Timeouts

SLOW = Timeouts(first_delay=1000, longest_delay=4000, steady=10)


def test_reconnect_delays_grow_until_a_connection_is_steady() -> None:
    reconnect = Reconnect(SLOW, lambda: 1.0)
    assert [reconnect.delay() for _ in range(4)] == [1000, 2000, 4000, 4000]
    reconnect.begin(9.9)
    assert reconnect.delay() == 4000
    reconnect.begin(10.0)
    assert (reconnect.delay(), reconnect.failures) == (1000, 1)


def test_reconnect_delays_at_a_terminal_are_shorter_and_still_spread() -> None:
    early, late = Reconnect(ATTENDED, lambda: 0.25), Reconnect(ATTENDED, lambda: 1.0)
    assert [[each.delay() for _ in range(7)][-1] for each in (early, late)] == [2.5, 10.0]


def test_a_reconnect_can_be_tried_immediately() -> None:
    async def test() -> None:
        reconnect = Reconnect(SLOW, lambda: 1.0)
        reconnect.begin(0.0)
        assert reconnect.left == 0
        waiting = asyncio.create_task(reconnect.wait(reconnect.delay()))
        await asyncio.sleep(0)
        assert 990 < reconnect.left <= 1000
        reconnect.try_now()
        await waiting
        assert reconnect.left == 0
        reconnect.try_now()  # while it is tried: once more, and only once
        await reconnect.wait(reconnect.delay())
        waiting = asyncio.create_task(reconnect.wait(reconnect.delay()))
        await asyncio.sleep(0)
        assert reconnect.left > 0
        reconnect.try_now()
        await waiting
        reconnect.try_now()
        reconnect.begin(0.0)  # meant for the earlier loss
        waiting = asyncio.create_task(reconnect.wait(reconnect.delay()))
        await asyncio.wait({waiting}, timeout=0.01)
        assert not waiting.done()
        waiting.cancel()

    asyncio.run(asyncio.wait_for(test(), 30))
