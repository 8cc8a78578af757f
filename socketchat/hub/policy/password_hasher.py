"""The interface for password hashing, which is slow and runs outside the hub."""

from __future__ import annotations

from typing import Protocol

from ...exceptions import Refused


class PasswordHasher(Protocol):
    """Hashes and verifies passwords; the coroutines raise Busy if too many are waiting."""

    async def hash(self, password: str) -> str:
        """Return the hash of a password."""

    async def verify(self, stored: str, password: str) -> bool:
        """Tell whether a password matches the stored hash; "" never matches, and takes as much work."""

    def is_outdated(self, stored: str) -> bool:
        """Tell whether a password should be hashed again at the next login."""


class NoPasswords:
    """Refuses all passwords."""

    async def hash(self, password: str) -> str:  # noqa: ARG002 - not needed
        """Refuse."""
        raise Refused("This server does not accept passwords.")

    async def verify(self, stored: str, password: str) -> bool:  # noqa: ARG002 - likewise
        """Refuse."""
        raise Refused("This server does not accept passwords.")

    def is_outdated(self, stored: str) -> bool:  # noqa: ARG002 - likewise
        """Return False."""
        return False
