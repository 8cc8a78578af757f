"""How long a client waits, and how it spreads its attempts to reconnect."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds, each with its reason."""

    connect: float = 10.0
    """For a TCP connection: two lost packets of the handshake are sent again within 7 s."""

    login: float = 10.0
    """For the answer to ``hello``, which needs one fsync at most, and then for each part of it on a slow link."""

    idle: float = 20.0
    """Silence after which the client pings the server; NATs drop a connection only later."""

    answer: float = 20.0
    """For the answer to that ping: longer than a loaded server or a bad radio link needs."""

    first_delay: float = 0.5
    """Bound of the first delay before reconnecting: a server restarts in less."""

    longest_delay: float = 30.0
    """Bound of every later one: after a network is repaired, no client waits longer."""

    steady: float = 10.0
    """A connection that lasted this long was good; the delays begin again at the first."""

    quit: float = 1.0
    """For a goodbye; a user who waits for the shell notices anything longer."""

    def delay(self, attempt: int, random: Callable[[], float]) -> float:
        """Return how long to wait before an attempt, 1 being the first.

        The bound doubles with each attempt, and the delay is anywhere below it ("full jitter"), so that a thousand
        clients that lost their server together do not reconnect together.
        """
        # Long before 2**16 the longest delay is reached, and a float would overflow some day.
        return random() * min(self.longest_delay, self.first_delay * 2.0 ** min(attempt - 1, 16))


ATTENDED = Timeouts(longest_delay=10.0)
"""Longest delay for users at a terminal, who see the seconds pass; a server has fewer users than programs."""
