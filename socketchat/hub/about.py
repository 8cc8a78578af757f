"""What the server says about itself to dialects that ask, its web site, and who operates it over IRC."""

from __future__ import annotations

from collections.abc import Callable

from .site import Site

CLOAK_BYTES = 32
"""Bytes of the key under which addresses are cloaked."""


class About:
    """The server's name; the passwords of IRC operators, by name; and the key of cloaks, new at each start."""

    def __init__(self, token: Callable[[int], str]) -> None:
        self.name = "socketchat"
        self.site = Site()
        self.operators: dict[str, str] = {}
        self.cloak_key = token(CLOAK_BYTES).encode()
