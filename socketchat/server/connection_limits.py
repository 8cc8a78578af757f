"""Which connections are let in: so many from one address, so many strangers, and no more than there are descriptors."""

from __future__ import annotations

import random
from collections.abc import Callable

from ..exceptions import TooMany
from ..hub.networks import is_loopback, network
from ..hub.policy.rate_limiter import Rates
from .limits import (
    CONNECTIONS_PER_ADDRESS,
    EARLY_SHARE,
    STRANGER_BYTES,
    STRANGERS_BURST,
    STRANGERS_BYTES,
    STRANGERS_PER_ADDRESS,
    STRANGERS_SECONDS,
    STRANGERS_SHARE,
)

_Count = list[int]
"""Connections of a network, and how many of them are strangers."""


class Admission:
    """Is asked once for each socket that is accepted; who has not logged in yet is a stranger.

    ``slots`` are the connections that there may be at all. Without ``limited`` that is the only limit. Loopback is
    exempt from limits per address, since it may be a tunnel that many share. ``chance`` returns a number below 1.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        slots: int,
        *,
        limited: bool = True,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.slots = slots
        self.open = 0
        self.strangers = 0
        self.bytes = 0  # that strangers sent
        self.counts: dict[str, _Count] = {}
        self.rates = Rates(STRANGERS_BURST, STRANGERS_SECONDS, clock)
        self.limited = limited
        self._chance = chance

    @property
    def is_full(self) -> bool:
        """Whether nobody can be accepted until somebody goes."""
        return self.open >= self.slots

    def enter(self, peer: str) -> Ticket:
        """Let a connection in; raises TooMany."""
        place = "" if is_loopback(peer) or not self.limited else network(peer)
        if self.limited and self._is_crowded():
            raise TooMany("Too many are at the door just now; try again in a minute.")
        count = self.counts.get(place, [0, 0])
        if place:
            self._check_address(place, *count)
        self.counts[place] = count
        return Ticket(self, place, count)

    def _is_crowded(self) -> bool:
        """Tell whether a newcomer is refused for the crowd of strangers; the fuller it is, the likelier that is."""
        share = self.strangers / max(self.slots, 1)
        return share > EARLY_SHARE and self._chance() < (share - EARLY_SHARE) / (STRANGERS_SHARE - EARLY_SHARE)

    def _check_address(self, place: str, connections: int, strangers: int) -> None:
        if connections >= CONNECTIONS_PER_ADDRESS:
            raise TooMany(f"Your address has {CONNECTIONS_PER_ADDRESS} connections, and no more are given to one.")
        if strangers >= STRANGERS_PER_ADDRESS or self.rates.take(place):
            raise TooMany("Your address makes too many connections that do not log in; try again in a minute.")


class Ticket:
    """A connection's place among the others, from being accepted to its end."""

    __slots__ = ("_admission", "_count", "_is_open", "_is_stranger", "_place", "_sent")

    def __init__(self, admission: Admission, place: str, count: _Count) -> None:
        self._admission = admission
        self._place = place
        self._count = count
        self._is_open = self._is_stranger = True
        self._sent = 0
        self._add(1, 1)

    def weigh(self, size: int) -> None:
        """Note that a stranger sent so many bytes; raises TooMany where all of them sent too many together."""
        self._sent += size
        self._admission.bytes += size
        if self._sent > STRANGER_BYTES and self._admission.bytes > STRANGERS_BYTES:
            raise TooMany("Too much is being said at the door just now; try again in a minute.")

    def settle(self, *, owner: bool) -> None:
        """Note that the peer has logged in, as the ``owner`` of a name or as a guest."""
        if self._is_stranger:
            self._is_stranger = False
            self._add(0, -1)
            self._forget()
            if owner:  # scripts may come as often as they like
                self._admission.rates.give_back(self._place)

    def end(self) -> None:
        """Note that the connection is gone."""
        if self._is_open:
            self._is_open = False
            self._add(-1, -self._is_stranger)
            self._is_stranger = False
            self._forget()
            if not self._count[0]:
                self._admission.counts.pop(self._place, None)

    def _forget(self) -> None:
        """Count no longer what was sent, as it is no stranger's any more."""
        self._admission.bytes -= self._sent
        self._sent = 0

    def _add(self, connections: int, strangers: int) -> None:
        self._admission.open += connections
        self._admission.strangers += strangers
        self._count[0] += connections
        self._count[1] += strangers
