"""What a newcomer proves in order to be let in, and the server in return: that both know the same secret.

The secret is the server's join code or, for its operator, the local secret. It never travels: each side shows a MAC
that covers the server's certificate, so that whoever stands between with a certificate of his own learns nothing, not
even by trying codes at home: a code has 55 bits, and each try costs an argon2id over the key of that certificate.
"""

from __future__ import annotations

import re
from typing import Literal

from ..names import name_key
from .proofs import BINDING_BYTES

PROOF_BYTES = 32
"""An HMAC-SHA-256."""

LOCAL_SECRET = "local-secret"  # noqa: S105 - the name of the file, not what is in it
"""The file in the data directory that only the operator's own account can read."""

LOCAL_SECRET_BYTES = 32

INVITE_BYTES = 16
"""128 random bits cannot be guessed."""

CODE_WORDS = 5
"""Words of a code, of 11 bits each: 55 bits are said on the phone, and never guessed at some thousand tries a day."""

CODE_CHARACTERS = 200
"""What is read of a join code as somebody typed it: the words, and what may stand around them."""

Side = Literal["join", "host"]
SIDES: tuple[Side, Side] = ("join", "host")
"""Who shows a proof: the newcomer, and the server in return."""

_CONTEXT = b"socketchat-entry-v1\0"
_WORD = re.compile("[a-z]+")


def plain_code(typed: str) -> str:
    """Return a join code in its one form, however it was typed: words in lower case with dashes between them."""
    return "-".join(_WORD.findall(typed[:CODE_CHARACTERS].lower()))


def code_key(typed: str, host_key: bytes) -> bytes:
    """Return the key that a join code stands for at the server whose public key has this SHA-256; takes 30 ms."""
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
    """Return what one side shows to the other; all parts but the last, which is the name's, have their fixed sizes."""
    from hmac import digest

    covered = side.encode() + binding.ljust(BINDING_BYTES, b"\0") + server_nonce + client_nonce + public_key
    return digest(key, _CONTEXT + covered + name_key(name).encode(), "sha256")
