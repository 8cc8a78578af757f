"""Opens a connection to the right server within a given time."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress

from ...exceptions import ChatError, Unreachable
from ..address import Address, unreachable
from ..identity.trust import Trust, handshake_failed
from ..lookup import Found, look_up
from .connection import Connection


async def dial(address: Address, make: Callable[[], Connection], seconds: float, trust: Trust) -> Connection:
    """Connect within this time, and say hello; raises Unreachable, and what ``trust`` raises."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    try:
        async with asyncio.timeout_at(deadline):
            found = await _look_up(address)
    except OSError as problem:
        raise unreachable(address, problem) from None
    last = unreachable(address, TimeoutError())
    for left, (family, _, _, _, where) in zip(range(len(found), 0, -1), found, strict=True):
        # Each address gets its share of the time, so that a dead one leaves enough for the next.
        share = loop.time() + (deadline - loop.time()) / left
        try:
            async with asyncio.timeout_at(share):
                return await _dial_one(address, family, where, make, trust)
        except ssl.SSLError as problem:
            last = handshake_failed(address, problem)
        except OSError as problem:
            last = unreachable(address, problem)
    raise last


async def _look_up(address: Address) -> Sequence[Found]:
    """Return the addresses of a host; raises OSError.

    The loop's own ``getaddrinfo`` runs in the default executor, and ``asyncio.run`` waits for that when it ends.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[Sequence[Found]] = loop.create_future()

    def take(found: Sequence[Found] | OSError) -> None:
        if result.done():
            return
        if isinstance(found, OSError):
            result.set_exception(found)
        else:
            result.set_result(found)

    def done(found: Sequence[Found] | OSError) -> None:
        with suppress(RuntimeError):  # the loop is closed, so the result no longer matters
            loop.call_soon_threadsafe(take, found)

    look_up(address, done)
    return await result


async def _dial_one(
    address: Address, family: int, where: tuple[object, ...], make: Callable[[], Connection], trust: Trust
) -> Connection:
    try:
        connection = await _shake_hands(address, family, where, make, trust)
    except ssl.SSLCertVerificationError as problem:
        trust.not_vouched_for(problem)
        connection = await _shake_hands(address, family, where, make, trust)
    try:
        connection.begin(trust)
    except ChatError as error:
        await connection.close(error)
        raise
    return connection


async def _shake_hands(
    address: Address, family: int, where: tuple[object, ...], make: Callable[[], Connection], trust: Trust
) -> Connection:
    loop = asyncio.get_running_loop()
    connection: Connection | None = None
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(0)
        await loop.sock_connect(sock, where)
        context = trust.context(str(where[0]))
        connection = made = make()
        await loop.create_connection(lambda: made, sock=sock, ssl=context, server_hostname=address.tls_host)
    except BaseException:
        if connection is not None:
            # If the handshake has just ended, asyncio would say goodbye to the server for 30 s, over a closed socket.
            connection.lose(Unreachable("The attempt to connect was given up."))
        sock.close()
        raise
    return connection
