"""Cloaks: host names shown in place of clients' addresses; equal addresses have equal cloaks on one server."""

from __future__ import annotations

from hashlib import blake2b

from ...hub import Hub
from ...hub.networks import network

_DIGITS = 8


def cloak(hub: Hub, peer: str) -> str:
    """Return a host name for an address, from which the address cannot be computed without the server's key."""
    place = network(peer)
    wide = place.rpartition(".")[0] or place[:12]
    return f"{_digest(hub, place)}.{_digest(hub, wide)}.cloak"


def _digest(hub: Hub, place: str) -> str:
    return blake2b(place.encode(), key=hub.about.cloak_key, digest_size=_DIGITS // 2).hexdigest()
