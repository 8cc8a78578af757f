"""The proof that a newcomer and the server give each other: that both know the same secret.

The secret is the server's join code or, for its operator, the local secret. It is never sent. Each side sends a MAC
that covers the server's certificate, so that a man in the middle with another certificate learns nothing. Guessing a
code offline does not help either: it has 55 bits, and each try costs an Argon2id over the key of that certificate.
"""

from __future__ import annotations

import re
from typing import Literal

from ..names import name_key
from .proofs import BINDING_BYTES

PROOF_BYTES = 32
"""An HMAC-SHA-256."""

LOCAL_SECRET = "local-secret"  # noqa: S105 - the name of the file, not its content
"""A file in the data directory that only the operator's account can read."""

LOCAL_SECRET_BYTES = 32

INVITE_BYTES = 16
"""128 random bits cannot be guessed."""

CODE_WORDS = 5
"""Words of a code, of 11 bits each: short enough for the phone, and too many to guess at 1,000 tries a day."""

CODE_CHARACTERS = 200
"""Longest input that is read as a join code: its words, and other characters around them."""

Side = Literal["join", "host"]
SIDES: tuple[Side, Side] = ("join", "host")
"""The sides that give a proof: the newcomer, and then the server."""

_CONTEXT = b"socketchat-entry-v1\0"
_WORD = re.compile("[a-z]+")


def plain_code(typed: str) -> str:
    """Return a join code in its canonical form: words in lower case, joined by dashes."""
    return "-".join(_WORD.findall(typed[:CODE_CHARACTERS].lower()))


def code_key(typed: str, host_key: bytes) -> bytes:
    """Return the key for a join code at the server whose public key has this SHA-256; takes 30 ms."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    kdf = Argon2id(salt=host_key, length=PROOF_BYTES, iterations=2, lanes=1, memory_cost=19_456)
    return kdf.derive(plain_code(typed).encode())


def entry_proof(
    key: bytes,
    side: Side,
    *,
    binding: bytes,
    server_nonce: bytes,
    client_nonce: bytes,
    public_key: bytes,
    name: str,
) -> bytes:
    """Return the proof of one side; all covered parts have a fixed size, except the last, the key of the name."""
    from hmac import digest

    covered = side.encode() + binding.ljust(BINDING_BYTES, b"\0") + server_nonce + client_nonce + public_key
    return digest(key, _CONTEXT + covered + name_key(name).encode(), "sha256")
