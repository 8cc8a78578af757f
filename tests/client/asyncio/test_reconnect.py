import asyncio

from socketchat.client.asyncio.reconnect import Comeback
from socketchat.client.timeouts import ATTENDED, Patience

SLOW = Patience(first_delay=1000, longest_delay=4000, steady=10)


def test_the_tries_come_ever_later_until_a_link_has_held() -> None:
    comeback = Comeback(SLOW, lambda: 1.0)
    assert [comeback.delay() for _ in range(4)] == [1000, 2000, 4000, 4000]
    comeback.begin(9.9)
    assert comeback.delay() == 4000
    comeback.begin(10.0)
    assert (comeback.delay(), comeback.failures) == (1000, 1)


def test_who_waits_at_a_terminal_waits_less_and_is_spread_all_the_same() -> None:
    early, late = Comeback(ATTENDED, lambda: 0.25), Comeback(ATTENDED, lambda: 1.0)
    assert [[each.delay() for _ in range(7)][-1] for each in (early, late)] == [2.5, 10.0]


def test_who_is_in_a_hurry_has_it_tried_at_once() -> None:
    async def test() -> None:
        comeback = Comeback(SLOW, lambda: 1.0)
        comeback.begin(0.0)
        assert comeback.left == 0
        waiting = asyncio.create_task(comeback.wait(comeback.delay()))
        await asyncio.sleep(0)
        assert 990 < comeback.left <= 1000
        comeback.hurry()
        await waiting
        assert comeback.left == 0
        comeback.hurry()  # while it is tried: once more, and only once
        await comeback.wait(comeback.delay())
        waiting = asyncio.create_task(comeback.wait(comeback.delay()))
        await asyncio.sleep(0)
        assert comeback.left > 0
        comeback.hurry()
        await waiting
        comeback.hurry()
        comeback.begin(0.0)  # what was meant for the loss before
        waiting = asyncio.create_task(comeback.wait(comeback.delay()))
        await asyncio.wait({waiting}, timeout=0.01)
        assert not waiting.done()
        waiting.cancel()

    asyncio.run(asyncio.wait_for(test(), 30))
