import socket
import sys

import pytest

from socketchat.protocol import events
from socketchat.server.backpressure import untaken
from socketchat.server.limits import USER_TIMEOUT_MS
from tests.server.house import LOOPS, House, run


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels tell less, and have no such timeout")
@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("tls", [False, True], ids=["", "TLS"])
def test_the_kernel_timeout_is_set_only_for_readers_that_keep_up(loop: str, *, tls: bool) -> None:
    async def scene(house: House) -> None:
        alice = await house.native("alice")
        bob = await house.native("bob", receive_buffer=4096)
        (connection,) = (each for each in house.server.connections if each.session.user.name == "bob")
        transport = connection._transport
        bob.writer.transport.pause_reading()
        assert _timeout(transport) == USER_TIMEOUT_MS
        spoken = 0
        while not connection.session.paused:
            spoken += 1
            await alice.send("x" * 30_000)
            await alice.barrier()
        assert _timeout(transport) == 0
        connection.hold_back()
        assert _timeout(transport) == 0
        held = untaken(transport)
        assert held > transport.get_write_buffer_size()
        bob.writer.transport.resume_reading()
        for _ in range(spoken):
            await bob.hears(events.Entry)
        assert not connection.session.places.is_behind
        connection.hold_back()
        assert _timeout(transport) == USER_TIMEOUT_MS
        await bob.barrier()
        assert untaken(transport) < held

    run(loop, scene, tls=tls)


def _timeout(transport) -> int:
    return transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
