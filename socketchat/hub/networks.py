"""Addresses as limits count them: one IPv4 address, or one /64 of IPv6, which is what one customer gets."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

PREFIX_BITS = 64
"""What belongs to one network of IPv6; a counter per address would be one per guess."""

ADDRESS_CHARACTERS = 64
"""Longest address with a zone; longer words are no addresses, and are not remembered."""


def network(peer: str) -> str:
    """Return the network that an address belongs to, as a word; what is no address is its own."""
    address = _address(peer)
    if isinstance(address, IPv6Address):
        return f"{address.packed[: PREFIX_BITS // 8].hex()}/{PREFIX_BITS}"
    return peer if address is None else str(address)


def is_address(word: str) -> bool:
    """Tell whether a word is an address rather than a name."""
    return _address(word) is not None


def is_loopback(peer: str) -> bool:
    """Tell whether an address is this machine's own."""
    address = _address(peer)
    return address is not None and address.is_loopback


def _address(peer: str) -> IPv4Address | IPv6Address | None:
    return _parsed(peer) if len(peer) <= ADDRESS_CHARACTERS else None


@lru_cache(maxsize=1024)
def _parsed(peer: str) -> IPv4Address | IPv6Address | None:
    """Return what is meant: an IPv4 address may be written as IPv6, and a zone belongs to this machine alone."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
