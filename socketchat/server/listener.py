"""Listening sockets, their options, and the address at which others reach them."""

from __future__ import annotations

import errno
import socket
import struct
import sys
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from ..exceptions import ChatError, UsageProblem, reason
from .limits import (
    BACKLOG,
    KEEPALIVE_PROBES,
    KEEPALIVE_SECONDS,
    RECEIVE_BUFFER_BYTES,
    SEND_BUFFER_BYTES,
    USER_TIMEOUT_MS,
)

_WHY = {
    errno.EADDRINUSE: "the port is in use; stop the program that uses it, or choose another port with --port",
    errno.EACCES: "only root may use ports below 1024; choose another port with --port",
    errno.EADDRNOTAVAIL: "this machine does not have this address",
}


EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - the login protects it
"""Where the server listens by default: all addresses of this machine."""

_SIOCGIFADDR = 0x8915
"""The request for the address of an interface on Linux; netdevice(7)."""

_Address = tuple[int, tuple[Any, ...]]
"""A family, and the address without its port; for IPv6 with the scope, which link-local addresses need."""

FREE_PORTS = 10
"""Most ports to try until one is free at every address."""


def listen(hosts: tuple[str, ...], port: int) -> list[socket.socket]:
    """Return one listening socket per address of the hosts, all at the same port; raises UsageProblem, ChatError.

    Without hosts, listen on all addresses of this machine, with IPv6 if it is available.
    """
    addresses = _without_overlap([each for host in hosts or EVERYWHERE for each in _addresses(host)])
    if not hosts and not _has_ipv6():
        addresses = [each for each in addresses if each[0] != socket.AF_INET6]
    tries = FREE_PORTS if port == 0 and len(addresses) > 1 else 1
    while True:
        tries -= 1
        try:
            return _all_bound(addresses, port)
        except ChatError as error:
            taken = isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE
            if not tries or not taken:
                raise


def reached_at(hosts: list[str]) -> str | None:
    """Return the address at which others reach a server that listens on these hosts, or None if unknown."""
    for host in hosts:
        if host not in EVERYWHERE and not _is_loopback(host):
            return host
    own = (own_address(of_ipv6=":" in host) for host in hosts if host in EVERYWHERE)
    return next((address for address in own if address is not None), None)


def own_address(*, of_ipv6: bool) -> str | None:
    """Return this machine's address in the network, or None; sends no packets."""
    family, other = (socket.AF_INET6, "2001:db8::1") if of_ipv6 else (socket.AF_INET, "192.0.2.1")
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((other, 9))  # an unused address: only the route matters
        found = str(probe.getsockname()[0])
        if not _is_loopback(found):
            return found
    # Without a default route, an interface may still have an address.
    if not of_ipv6 and (inside := _of_interfaces()) is not None:
        return inside
    with suppress(OSError, UnicodeError):
        for _, _, _, _, address in socket.getaddrinfo(socket.gethostname(), None, family, socket.SOCK_STREAM):
            if not _is_loopback(str(address[0])):
                return str(address[0])
    return None


def _of_interfaces() -> str | None:
    """Return the first address of an interface other than loopback (Linux only)."""
    if sys.platform != "linux":
        return None
    from fcntl import ioctl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            with suppress(OSError):  # it has no address
                found = socket.inet_ntoa(ioctl(probe, _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))[20:24])
                if not _is_loopback(found):
                    return found
    return None


def _is_loopback(host: str) -> bool:
    return ip_address(host.partition("%")[0]).is_loopback


def shown(sock: socket.socket) -> str:
    """Return a socket's address as ADDR:PORT, with brackets around IPv6."""
    host, port, *rest = sock.getsockname()
    if rest and (scope := rest[-1]) and "%" not in host:
        host = f"{host}%{socket.if_indextoname(scope)}"  # a link-local address is unreachable without it
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _without_overlap(addresses: list[_Address]) -> list[_Address]:
    """Drop duplicates, and addresses that a wildcard address covers."""
    everywhere = {(family, where) for family, where in addresses if where[0] in EVERYWHERE}
    families = {family for family, _ in everywhere}
    return [each for each in dict.fromkeys(addresses) if each in everywhere or each[0] not in families]


def _all_bound(addresses: list[_Address], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for family, address in addresses:
            sockets.append(_bound(family, (address[0], port, *address[1:])))
            port = sockets[0].getsockname()[1]
    except ChatError:
        for bound in sockets:
            bound.close()
        raise
    return sockets


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def _addresses(host: str) -> list[_Address]:
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise UsageProblem(f"Unknown address {host}. --host takes a name or an address of this machine.") from error
    return [(family, (str(address[0]), *address[2:])) for family, _, _, _, address in found]


def _bound(family: int, address: tuple[Any, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY only if told so
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # Accepted sockets inherit all of these.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_KEEPIDLE"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_SECONDS)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        why = _WHY.get(error.errno or 0, reason(error))
        raise ChatError(f"Cannot listen on {address[0]}:{address[1]}: {why}.") from error
    sock.setblocking(False)  # noqa: FBT003 - the name says it
    return sock
