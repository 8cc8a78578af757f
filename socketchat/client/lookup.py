"""Looks up the addresses of a host without letting a silent name server hold up the caller."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any

from .address import Address

Found = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
"""One result of ``getaddrinfo``."""


def look_up(address: Address, done: Callable[[Sequence[Found] | OSError], None]) -> None:
    """Call ``done`` with the addresses of a host, or with the reason why there are none.

    The call comes immediately for a numeric address, otherwise from a daemon thread: a resolver may take half a minute
    to give up, cannot be cancelled, and must not delay the end of the program.
    """
    try:
        found = _addresses(address, socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass
    else:
        done(found)
        return
    from threading import Thread

    def run() -> None:
        try:
            result: Sequence[Found] | OSError = _addresses(address, 0)
        except OSError as failure:
            result = failure
        done(result)

    Thread(target=run, name="lookup", daemon=True).start()


def _addresses(address: Address, flags: int) -> Sequence[Found]:
    return socket.getaddrinfo(address.wire_host, address.port, type=socket.SOCK_STREAM, flags=flags)
