"""Sockets that listen, and what the kernel is told about them."""

from __future__ import annotations

import errno
import socket

from ..exceptions import ChatError, UsageProblem
from .limits import BACKLOG, KEEPALIVE_PROBES, KEEPALIVE_SECONDS, SEND_BUFFER_BYTES, USER_TIMEOUT_MS

_WHY = {
    errno.EADDRINUSE: "the port is taken; stop what listens there, or choose another with --port",
    errno.EACCES: "only root may listen there; choose a port above 1023 with --port",
    errno.EADDRNOTAVAIL: "this machine has no such address",
}


def listen(hosts: tuple[str, ...], port: int) -> list[socket.socket]:
    """Return a listening socket per address of the hosts; raises UsageProblem, ChatError."""
    sockets: list[socket.socket] = []
    try:
        for host in hosts:
            sockets += [_bound(family, address) for family, address in _addresses(host, port)]
    except ChatError:
        for bound in sockets:
            bound.close()
        raise
    return sockets


def shown(sock: socket.socket) -> str:
    """Return a socket's address as ADDR:PORT, with brackets around IPv6."""
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _addresses(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise UsageProblem(f"There is no address {host}; --host takes a name or an address of this machine.") from error
    return list(dict.fromkeys((family, address[:2]) for family, _, _, _, address in found))  # type: ignore[misc]


def _bound(family: int, address: tuple[str, int]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY only if told so
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # Accepted sockets inherit all of these.
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
        why = _WHY.get(error.errno or 0, error.strerror or str(error))
        raise ChatError(f"Cannot listen on {address[0]}:{address[1]}: {why}.") from error
    sock.setblocking(False)  # noqa: FBT003 - the name says it
    return sock
