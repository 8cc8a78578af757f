"""What hashes passwords, slowly and somewhere else: the hub only awaits it."""

from __future__ import annotations

from typing import Protocol

from ...exceptions import Refused


class Hasher(Protocol):
    """Hashes and compares; all raise Busy where too many wait already."""

    async def hash(self, password: str) -> str:
        """Return what is stored of a password."""

    async def verify(self, stored: str, password: str) -> bool:
        """Tell whether a password is the one stored; with "" for nobody's it is as much work, and false."""

    def is_outdated(self, stored: str) -> bool:
        """Tell whether a password should be hashed anew when it is known the next time."""


class NoPasswords:
    """Takes no passwords."""

    async def hash(self, password: str) -> str:  # noqa: ARG002 - nothing is done with it
        """Refuse."""
        raise Refused("This server does not accept passwords.")

    async def verify(self, stored: str, password: str) -> bool:  # noqa: ARG002 - likewise
        """Refuse."""
        raise Refused("This server does not accept passwords.")

    def is_outdated(self, stored: str) -> bool:  # noqa: ARG002 - likewise
        """Tell that nothing is."""
        return False
