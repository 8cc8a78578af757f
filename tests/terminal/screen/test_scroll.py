import asyncio

from rich.text import Text

from socketchat.terminal.screen.scroll import BURST, WAITING, Scroll


def texts(count):
    return [Text(str(number)) for number in range(count)]


def run(play):
    """Run a scene with a scroll, and collect its bursts."""
    bursts = []
    asyncio.run(play(Scroll(bursts.append), bursts))
    return bursts


def test_a_single_line_is_written_immediately():
    async def play(scroll, bursts):
        scroll.add(texts(1))
        assert len(bursts) == 1

    run(play)


def test_lines_in_quick_succession_are_written_together():
    async def play(scroll, bursts):
        for line in texts(20):
            scroll.add([line])
        assert list(map(len, bursts)) == [1]
        scroll.finish()

    assert list(map(len, run(play))) == [1, 19]


def test_bursts_are_written_by_a_timer_and_are_bounded():
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


def test_many_changes_without_lines_are_redrawn_together():
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


def test_a_flood_waits_for_space():
    async def play(scroll, bursts):
        scroll.add(texts(WAITING + BURST + 1))
        waiting = asyncio.create_task(scroll.room())
        await asyncio.wait({waiting})
        assert WAITING // 2 <= sum(map(len, bursts)) < WAITING
        scroll.finish()

    run(play)


def test_a_few_lines_do_not_wait():
    async def play(scroll, _bursts):
        scroll.add(texts(WAITING))
        async with asyncio.timeout(0):
            await scroll.room()
        scroll.finish()

    run(play)


def test_everything_is_written_at_the_end():
    async def play(scroll, _bursts):
        scroll.add(texts(5 * BURST))
        scroll.finish()

    assert sum(map(len, run(play))) == 5 * BURST
