import os
import shutil
import socket
import subprocess
import sys

import pytest

from socketchat.exceptions import ChatError, UsageProblem
from socketchat.server.limits import (
    KEEPALIVE_PROBES,
    KEEPALIVE_SECONDS,
    SEND_BUFFER_BYTES,
    USER_TIMEOUT_MS,
    WRITE_BUFFER_HIGH,
    WRITE_BUFFER_LOW,
)
from socketchat.server.listener import listen, shown


def test_port_0_takes_a_free_port_and_shows_it() -> None:
    (sock,) = listen(("127.0.0.1",), 0)
    with sock:
        assert shown(sock) == f"127.0.0.1:{sock.getsockname()[1]}"
        assert not sock.getblocking()


def test_an_ipv6_address_has_brackets_and_does_not_bind_ipv4() -> None:
    (sock,) = listen(("::1",), 0)
    with sock:
        port = sock.getsockname()[1]
        assert shown(sock) == f"[::1]:{port}"
        (other,) = listen(("127.0.0.1",), port)
        other.close()


def test_a_host_name_can_have_several_addresses() -> None:
    sockets = listen(("localhost", "127.0.0.1"), 0)
    families = {sock.family for sock in sockets}
    for sock in sockets:
        sock.close()
    assert socket.AF_INET in families


@pytest.mark.parametrize(
    ("hosts", "bound"),
    [
        (("0.0.0.0", "127.0.0.1"), ["0.0.0.0"]),
        (("127.0.0.1", "0.0.0.0"), ["0.0.0.0"]),
        (("::", "::1", "127.0.0.1"), ["::", "127.0.0.1"]),
        (("127.0.0.1", "127.0.0.1"), ["127.0.0.1"]),
        (("127.0.0.1", "127.0.0.2"), ["127.0.0.1", "127.0.0.2"]),
    ],
)
def test_hosts_that_overlap_are_one(hosts: tuple[str, ...], bound: list[str]) -> None:
    sockets = listen(hosts, 0)
    assert [sock.getsockname()[0] for sock in sockets] == bound
    for sock in sockets:
        sock.close()


LINK_LOCAL = """
import socket
from socketchat.client.address import parse_host
from socketchat.server.listener import listen, shown
(sock,) = listen(("fe80::1%here",), 0)
host, port = parse_host(shown(sock))
print(host)
with socket.create_connection((host, port)):
    pass
"""


def test_a_link_local_address_keeps_its_interface() -> None:
    make = "ip link set lo up && ip link add here type veth peer name there && ip link set here up && "
    make += "ip link set there up && ip addr add fe80::1/64 dev here nodad"
    command = ["unshare", "-n", "sh", "-c", f'{make} && exec "$@"', "sh", sys.executable, "-c", LINK_LOCAL]
    if not shutil.which("unshare") or not shutil.which("ip") or os.geteuid():
        pytest.skip("network namespaces need root and iproute2")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert (done.stdout, done.stderr) == ("fe80::1%here\n", "")


def test_accepted_sockets_keep_their_options() -> None:
    (sock,) = listen(("127.0.0.1",), 0)
    with sock, socket.create_connection(sock.getsockname()):
        sock.settimeout(10)
        accepted, _ = sock.accept()
        with accepted:
            size = accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
            assert SEND_BUFFER_BYTES <= size <= 2 * SEND_BUFFER_BYTES
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            if hasattr(socket, "TCP_KEEPIDLE"):
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == KEEPALIVE_SECONDS
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == KEEPALIVE_PROBES
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == USER_TIMEOUT_MS


def test_a_killed_server_can_listen_again_immediately() -> None:
    (sock,) = listen(("127.0.0.1",), 0)
    port = sock.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)) as caller:
        sock.settimeout(10)
        accepted, _ = sock.accept()
        accepted.close()
        sock.close()
        assert caller.recv(1) == b""
        (again,) = listen(("127.0.0.1",), port)
        again.close()


def test_the_error_for_a_taken_port_is_one_helpful_sentence() -> None:
    (sock,) = listen(("127.0.0.1",), 0)
    port = sock.getsockname()[1]
    with sock, pytest.raises(ChatError) as caught:
        listen(("127.0.0.1",), port)
    assert str(caught.value) == (
        f"Cannot listen on 127.0.0.1:{port}: the port is in use; "
        "stop the program that uses it, or choose another port with --port."
    )
    assert caught.value.exit_code == 1


def test_bound_addresses_are_released_if_a_later_one_fails() -> None:
    (taken,) = listen(("::1",), 0)
    port = taken.getsockname()[1]
    with taken, pytest.raises(ChatError):
        listen(("127.0.0.1", "::1"), port)
    (again,) = listen(("127.0.0.1",), port)
    again.close()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 70, "a..b"])
def test_an_invalid_host_is_a_usage_error(host: str) -> None:
    with pytest.raises(UsageProblem, match="Unknown address"):
        listen((host,), 0)


def test_an_address_of_another_machine_is_an_error() -> None:
    with pytest.raises(ChatError, match="this machine does not have this address"):
        listen(("192.0.2.1",), 0)


def test_the_write_buffer_limits_are_in_order() -> None:
    assert SEND_BUFFER_BYTES <= WRITE_BUFFER_LOW < WRITE_BUFFER_HIGH
