"""A user's Ed25519 key: it proves on every server that its names are the user's."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ...protocol.authentication.proofs import to_word

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Key:
    """A private key, made from its 32 random bytes."""

    def __init__(self, seed: bytes) -> None:
        self.seed = seed

    def __repr__(self) -> str:
        """Return what may be logged: no secrets."""
        return f"Key({self.public})"

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        # Imported for the first proof, and only this module: every other of its package costs `send` more.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def public(self) -> str:
        """The public key, in base64url without padding."""
        return to_word(self._private.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""
        return self._private.sign(message)
