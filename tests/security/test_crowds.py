"""Many connections of one address, from another machine: only that address is refused."""

import socket
from contextlib import ExitStack

import pytest

from socketchat.hub.policy.limits import SESSIONS_PER_USER
from socketchat.protocol import commands, events
from socketchat.server.limits import CONNECTIONS_PER_ADDRESS, STRANGERS_BURST, STRANGERS_PER_ADDRESS
from tests.keys import key_of
from tests.security.callers import DEADLINE
from tests.security.hosts import PORT, Host
from tests.security.machines import ADDRESS, CLIENT, ELSEWHERE, SERVER, Machines, can_make_machines

pytestmark = pytest.mark.skipif(not can_make_machines(), reason="network namespaces need root and iproute2")

TOO_MANY_STRANGERS = b"[server] Too many connections from your address have not logged in; try again in a minute.\n"
TOO_MANY = f"[server] Limit reached: {CONNECTIONS_PER_ADDRESS} connections per address. Close one, or wait.\n".encode()


@pytest.fixture(scope="module")
def machines():
    machines = Machines()
    yield machines
    machines.end()


@pytest.fixture
def host(machines, tmp_path):
    """An open server, so that every accepted connection can log in."""
    host = Host(machines, tmp_path, "--open", "--plaintext-from", "192.0.2.0/24")
    yield host
    host.end()


def told(host: Host) -> bytes:
    """Connect from the client's address without sending anything; return the output until the server closes."""
    with host.call(tls=False) as caller:
        return caller.rest()


def comes_in(host: Host, *, machine: str = CLIENT, source: str = "") -> bool:
    """Tell whether an owner can log in; a refused connection is closed during the handshake."""
    name = f"at-{machine}{source.rpartition('.')[2]}"
    try:
        with host.call(machine=machine, source=source) as caller:
            return caller.comes(name, key_of(name)) == name
    except (OSError, EOFError):
        return False


def test_only_an_address_with_too_many_unauthenticated_connections_is_refused(host, machines) -> None:
    with ExitStack() as strangers:
        with machines.on(CLIENT):
            for _ in range(STRANGERS_PER_ADDRESS):
                strangers.enter_context(socket.create_connection((ADDRESS, PORT), DEADLINE))
        assert told(host) == TOO_MANY_STRANGERS
        assert not comes_in(host)
        assert comes_in(host, source=ELSEWHERE)
        assert comes_in(host, machine=SERVER)
    while not comes_in(host):  # until the server has noticed that they are gone
        pass


@pytest.mark.faults
def test_only_an_address_that_never_logs_in_is_slowed_down(host) -> None:
    for _ in range(STRANGERS_BURST // 2):
        assert comes_in(host)
    said = [b""]
    while said[-1] != TOO_MANY_STRANGERS and len(said) <= 2 * STRANGERS_BURST:
        with host.call(tls=False) as caller:
            caller.write(b"GET / HTTP/1.1\n")  # answered and closed before the next one connects
            said.append(caller.rest())
    assert said[-1] == TOO_MANY_STRANGERS
    assert len(said) > STRANGERS_BURST
    assert comes_in(host, source=ELSEWHERE)


def test_logged_in_connections_are_limited_by_address(host) -> None:
    with ExitStack() as stack:
        for number in range(CONNECTIONS_PER_ADDRESS):
            caller = stack.enter_context(host.call(tls=False))
            name = f"ann{number // SESSIONS_PER_USER}"
            assert caller.comes(name, key_of(name)) == name
        assert told(host) == TOO_MANY
        assert comes_in(host, source=ELSEWHERE)
        caller.say(commands.Send(to="#lobby", text="still here", id=9))
        assert isinstance(caller.hears(events.Ok, events.Error), events.Ok)
