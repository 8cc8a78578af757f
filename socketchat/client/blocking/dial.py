"""Connects over a blocking socket to the right server, within a given time."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any

from ...exceptions import ChatError
from ..address import Address, unreachable
from ..identity.trust import Trust, handshake_failed
from ..lookup import Found, look_up
from ..session.login import Host

Clock = Callable[[], float]


class Dialer:
    """Connects to an address until ``deadline``; ``trust`` says whether it is the right server."""

    def __init__(self, address: Address, trust: Trust, deadline: float, clock: Clock) -> None:
        self._address = address
        self._trust = trust
        self._deadline = deadline
        self._clock = clock

    def connect(self) -> tuple[ssl.SSLSocket, Host]:
        """Return a connection to the server, and its host; raises Unreachable, and what ``trust`` raises."""
        last = unreachable(self._address, TimeoutError())
        try:
            found = self._look_up()
        except OSError as failure:
            raise unreachable(self._address, failure) from None
        for count, (family, _, _, _, where) in zip(range(len(found), 0, -1), found, strict=True):
            # Each address gets its share of the time, so that a dead one leaves enough for the next.
            share = self._clock() + (self._deadline - self._clock()) / count
            try:
                return self._connect_one(family, where, share)
            except ssl.SSLError as failure:
                last = handshake_failed(self._address, failure)
            except OSError as failure:
                last = unreachable(self._address, failure)
        raise last

    def _connect_one(self, family: int, where: Any, deadline: float) -> tuple[ssl.SSLSocket, Host]:
        try:
            connection = self._shake_hands(family, where, deadline)
        except ssl.SSLCertVerificationError as problem:
            self._trust.not_vouched_for(problem)
            connection = self._shake_hands(family, where, deadline)
        try:
            shown = connection.getpeercert(binary_form=True)
            return connection, self._trust.check(shown, where[0])
        except ChatError:
            connection.close()
            raise

    def _shake_hands(self, family: int, where: Any, deadline: float) -> ssl.SSLSocket:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(left(deadline, self._clock))
            connection.connect(where)
            # The end of a long text must not wait for the acknowledgement of its beginning.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(left(deadline, self._clock))
            context = self._trust.context(where[0])
            # As bytes, to spare the codec that a str would load.
            return context.wrap_socket(connection, server_hostname=self._address.tls_host.encode())
        except BaseException:
            connection.close()
            raise

    def _look_up(self) -> Sequence[Found]:
        """Return the addresses of the host; a silent name server does not delay this beyond the deadline."""
        from threading import Event  # not from queue, which would cost `send` a little more

        results: list[Sequence[Found] | OSError] = []
        done = Event()

        def take(found: Sequence[Found] | OSError) -> None:
            results.append(found)
            done.set()

        look_up(self._address, take)
        if not done.wait(left(self._deadline, self._clock)):
            raise TimeoutError
        (found,) = results
        if isinstance(found, OSError):
            raise found
        return found


def left(deadline: float, clock: Clock) -> float:
    """Return the seconds until a deadline; raises TimeoutError after it."""
    seconds = deadline - clock()
    if seconds <= 0:
        raise TimeoutError
    return seconds
