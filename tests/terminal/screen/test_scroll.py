import asyncio

from rich.text import Text

from socketchat.terminal.screen.scroll import BURST, WAITING, Scroll


def texts(count):
    return [Text(str(number)) for number in range(count)]


def run(play):
    """Play with a scroll whose bursts are collected."""
    bursts = []
    asyncio.run(play(Scroll(bursts.append), bursts))
    return bursts


def test_a_lone_line_is_written_at_once():
    async def play(scroll, bursts):
        scroll.add(texts(1))
        assert len(bursts) == 1

    run(play)


def test_what_comes_soon_after_is_written_together():
    async def play(scroll, bursts):
        for line in texts(20):
            scroll.add([line])
        assert list(map(len, bursts)) == [1]
        scroll.finish()

    assert list(map(len, run(play))) == [1, 19]


def test_bursts_come_by_themselves_and_are_bounded():
    done = asyncio.Event()
    bursts = []

    def write(lines):
        bursts.append(list(lines))
        if sum(map(len, bursts)) == 2 * BURST + 1:
            done.set()

    async def play():
        Scroll(write).add(texts(2 * BURST + 1))
        await done.wait()

    asyncio.run(asyncio.wait_for(play(), 20))
    assert list(map(len, bursts)) == [BURST, BURST, 1]
    assert [line.plain for burst in bursts for line in burst] == [str(number) for number in range(2 * BURST + 1)]


def test_a_change_without_lines_is_a_burst_too_but_not_each_of_many():
    done = asyncio.Event()
    bursts = []

    def write(lines):
        bursts.append(lines)
        if len(bursts) == 2:
            done.set()

    async def play():
        scroll = Scroll(write)
        for _ in range(50):
            scroll.add(())
        await done.wait()

    asyncio.run(asyncio.wait_for(play(), 20))
    assert bursts == [[], []]


def test_a_flood_has_to_wait_for_room():
    async def play(scroll, bursts):
        scroll.add(texts(WAITING + BURST + 1))
        waiting = asyncio.create_task(scroll.room())
        await asyncio.wait({waiting})
        assert WAITING // 2 <= sum(map(len, bursts)) < WAITING
        scroll.finish()

    run(play)


def test_a_little_does_not():
    async def play(scroll, _bursts):
        scroll.add(texts(WAITING))
        async with asyncio.timeout(0):
            await scroll.room()
        scroll.finish()

    run(play)


def test_at_the_end_all_is_written():
    async def play(scroll, _bursts):
        scroll.add(texts(5 * BURST))
        scroll.finish()

    assert sum(map(len, run(play))) == 5 * BURST
