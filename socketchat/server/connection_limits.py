"""Limits of connections: per address, of peers that have not logged in, and in all."""

from __future__ import annotations

from collections.abc import Callable

from ..exceptions import TooMany
from ..hub.networks import is_loopback, network
from ..hub.policy.rate_limiter import RateLimiter
from .limits import (
    CONNECTIONS_PER_ADDRESS,
    PAGES_BURST,
    PAGES_SECONDS,
    STRANGER_BYTES,
    STRANGERS_BURST,
    STRANGERS_BYTES,
    STRANGERS_PER_ADDRESS,
    STRANGERS_SECONDS,
    STRANGERS_SHARE,
)

_Count = list[int]
"""The connections of a network, and how many of them are strangers."""


class ConnectionLimits:
    """Counts the accepted connections. A peer that has not logged in yet is a stranger.

    ``slots`` is the limit of all connections. Without ``limited`` it is the only limit. Loopback is exempt from limits
    per address, since it may be a tunnel that many users share.
    """

    def __init__(self, clock: Callable[[], float], slots: int, *, limited: bool = True) -> None:
        self.slots = slots
        self.open = 0
        self.ended = 0
        self.strangers = 0
        self.bytes = 0  # received from strangers
        self.counts: dict[str, _Count] = {}
        self.rates = RateLimiter(STRANGERS_BURST, STRANGERS_SECONDS, clock)
        self.pages = RateLimiter(PAGES_BURST, PAGES_SECONDS, clock)
        self.limited = limited
        self.silent: dict[Slot, None] = {}  # strangers that have sent nothing useful, oldest first
        self.speaking: dict[Slot, None] = {}  # the other strangers

    @property
    def is_full(self) -> bool:
        """Whether all slots are taken."""
        return self.open >= self.slots

    def open_slot(self, peer: str) -> Slot:
        """Give a connection a slot; if slots are scarce, the oldest silent stranger gives way. Raises TooMany."""
        place = "" if is_loopback(peer) or not self.limited else network(peer)
        count = self.counts.get(place, [0, 0])
        if place:
            self._check_address(place, *count)
        if self.limited and self.strangers >= self.slots * STRANGERS_SHARE:
            self._make_room()
        self.counts[place] = count
        return Slot(self, place, count)

    def _make_room(self) -> None:
        """End the oldest silent stranger, or else the oldest stranger: real clients speak immediately."""
        for strangers in (self.silent, self.speaking):
            for oldest in strangers:
                oldest.give_way()
                return

    def _check_address(self, place: str, connections: int, strangers: int) -> None:
        if connections >= CONNECTIONS_PER_ADDRESS:
            raise TooMany(f"Limit reached: {CONNECTIONS_PER_ADDRESS} connections per address. Close one, or wait.")
        if strangers >= STRANGERS_PER_ADDRESS or self.rates.take(place):
            raise TooMany("Too many connections from your address have not logged in; try again in a minute.")


class Slot:
    """A connection's slot, from when it is accepted to its end.

    ``on_crowd`` ends the connection if a newcomer needs the slot.
    """

    __slots__ = ("_count", "_is_open", "_is_stranger", "_limits", "_place", "_sent", "on_crowd")

    def __init__(self, limits: ConnectionLimits, place: str, count: _Count) -> None:
        self._limits = limits
        self._place = place
        self._count = count
        self._is_open = self._is_stranger = True
        self._sent = 0
        self.on_crowd: Callable[[], None] | None = None
        limits.silent[self] = None
        self._add(1, 1)

    def speak(self) -> None:
        """Note that the peer has sent something useful; silent peers then give way first."""
        if self._is_stranger:
            self._limits.silent.pop(self, None)
            self._limits.speaking[self] = None

    def give_way(self) -> None:
        """End the connection, because a newcomer needs the slot."""
        on_crowd = self.on_crowd
        self.end()
        if on_crowd is not None:
            on_crowd()

    def receive(self, size: int) -> None:
        """Count bytes from a stranger; raises TooMany if all strangers together have sent too many."""
        self._sent += size
        self._limits.bytes += size
        if self._sent > STRANGER_BYTES and self._limits.bytes > STRANGERS_BYTES:
            raise TooMany("Too many bytes from connections that have not logged in; try again in a minute.")

    def log_in(self, *, owner: bool) -> None:
        """Note that the peer has logged in, as the ``owner`` of a name or as a guest."""
        if self._is_stranger:
            self._is_stranger = False
            self._add(0, -1)
            self._forget()
            self.on_crowd = None
            if owner:  # scripts may connect as often as they like
                self._limits.rates.give_back(self._place)

    def serve(self) -> None:
        """Note that the peer has loaded a page, as a browser does before its user logs in."""
        if self._is_stranger and self._place and not self._limits.pages.take(self._place):
            self._limits.rates.give_back(self._place)

    def end(self) -> None:
        """Note that the connection is gone."""
        if self._is_open:
            self._is_open = False
            self._add(-1, -self._is_stranger)
            self._is_stranger = False
            self._forget()
            self.on_crowd = None
            self._limits.ended += 1
            if not self._count[0]:
                self._limits.counts.pop(self._place, None)

    def _forget(self) -> None:
        """Stop counting this connection as a stranger."""
        self._limits.silent.pop(self, None)
        self._limits.speaking.pop(self, None)
        self._limits.bytes -= self._sent
        self._sent = 0

    def _add(self, connections: int, strangers: int) -> None:
        self._limits.open += connections
        self._limits.strangers += strangers
        self._count[0] += connections
        self._count[1] += strangers
