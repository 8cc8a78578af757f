"""What a client proves when it logs in: the bytes that its key signs, and keys, nonces and signatures as words."""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64

from ...exceptions import UsageProblem
from ..names import name_key

KEY_BYTES = 32
"""An Ed25519 public key, and the seed of a private one."""

NONCE_BYTES = 16
"""128 random bits never come twice, so that a proof is good for one challenge."""

SIGNATURE_BYTES = 64

BINDING_BYTES = 32
"""A SHA-256, of the certificate (DER) that one side shows and the other sees."""

_CONTEXT = b"socketchat-auth-v1\0"
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/", b"+/!!")


def signed_bytes(binding: bytes, server_nonce: bytes, client_nonce: bytes, name: str) -> bytes:
    """Return what is signed: on another connection, for another challenge or another name it is worthless.

    ``binding`` is b"" where there is no certificate.
    """
    return _CONTEXT + binding.ljust(BINDING_BYTES, b"\0") + server_nonce + client_nonce + name_key(name).encode()


def fingerprint(key: str) -> str:
    """Return what a public key is called where people read it: the first 64 bits of its SHA-256, in hex."""
    from hashlib import sha256

    digits = sha256(from_word(key, KEY_BYTES, "A key")).hexdigest()
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))


def to_word(data: bytes) -> str:
    """Return bytes as base64url without padding."""
    return b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL).decode()


def from_word(word: str | None, size: int, what: str) -> bytes:
    """Return so many bytes from base64url without padding; raises UsageProblem, in which ``what`` is named."""
    try:
        data = a2b_base64((word or "").encode().translate(_FROM_URL) + b"==")
    except (Error, UnicodeEncodeError):
        data = b""
    # Other words for the same bytes would be other keys to whoever compares words.
    if len(data) != size or to_word(data) != word:
        raise UsageProblem(f"{what} is {size} bytes in base64url without padding.")
    return data
