"""A connection leaves no received data in memory when it ends."""

import gc
from collections import Counter

import pytest

from socketchat.server.tls.records import TlsRecords
from socketchat.wire import Wire
from tests.server.house import House, run

HEAVY = (TlsRecords, Wire)
"""The keys of a connection, and its incomplete line."""

SAID = {
    "nothing": b"",
    "half a name": b"nam",
    "half a line": b'{"type":"hello","name":"' + b"x" * 10_000,
    "another protocol": b"GET / HTTP/1.1\r\n\r\n",
    "a name": b"dave\n",
    "a name, and the end": b"dave\n/quit\n",
    "a lot": b"dave\n" + b"hello\n" * 300,
}


def counted() -> Counter[type]:
    return Counter(type(each) for each in gc.get_objects() if isinstance(each, HEAVY))


@pytest.mark.parametrize("loop", ["uvloop", pytest.param("asyncio", marks=pytest.mark.faults)])
@pytest.mark.parametrize("tls", [False, True], ids=["", "TLS"])
@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
def test_a_closed_connection_is_freed_without_the_garbage_collector(loop: str, said: bytes, *, tls: bool) -> None:
    async def scene(house: House) -> None:
        alice = await house.native("alice")
        await alice.barrier()
        gc.collect()
        before = counted()
        for _ in range(5):
            caller = await house.call()
            await caller.write(said)
            while house.server.connection_limits.open < 2 and said[-5:] != b"quit\n":
                await alice.barrier()
            for _ in range(5):
                await alice.barrier()
            caller.hang_up()
            while house.server.connection_limits.open > 1:
                await alice.barrier()
        await alice.barrier()
        assert counted() - before == Counter()

    gc.collect()
    gc.freeze()  # else each look at all objects includes those of thousands of tests
    gc.disable()
    try:
        run(loop, scene, tls=tls)
    finally:
        gc.enable()
        gc.unfreeze()
