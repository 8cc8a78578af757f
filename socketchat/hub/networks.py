"""Addresses as limits count them: one IPv4 address, or one IPv6 /64, the usual size for one customer."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

PREFIX_BITS = 64
"""Prefix of an IPv6 network; with a counter per address, an attacker could change address for each guess."""

ADDRESS_CHARACTERS = 64
"""Longest address with a zone; longer words are not addresses, and are not cached."""


def network(peer: str) -> str:
    """Return the network of an address, as a word; a word that is not an address is returned unchanged."""
    address = _address(peer)
    if isinstance(address, IPv6Address):
        return f"{address.packed[: PREFIX_BITS // 8].hex()}/{PREFIX_BITS}"
    return peer if address is None else str(address)


def is_address(word: str) -> bool:
    """Tell whether a word is an address rather than a name."""
    return _address(word) is not None


def is_loopback(peer: str) -> bool:
    """Tell whether an address is a loopback address."""
    address = _address(peer)
    return address is not None and address.is_loopback


def _address(peer: str) -> IPv4Address | IPv6Address | None:
    return _parsed(peer) if len(peer) <= ADDRESS_CHARACTERS else None


@lru_cache(maxsize=1024)
def _parsed(peer: str) -> IPv4Address | IPv6Address | None:
    """Return the address without a zone, and as IPv4 if it is an IPv4-mapped IPv6 address."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
