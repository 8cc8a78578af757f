"""Proofs of a key: the bytes that a client signs to log in, and keys, nonces and signatures as base64url."""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64

from ...exceptions import UsageProblem
from ..names import name_key

KEY_BYTES = 32
"""An Ed25519 public key, and the seed of a private one."""

NONCE_BYTES = 16
"""128 random bits never repeat, so a proof is valid for one challenge only."""

SIGNATURE_BYTES = 64

BINDING_BYTES = 32
"""The SHA-256 of the server's certificate (DER)."""

_CONTEXT = b"socketchat-auth-v1\0"
_WEB_CONTEXT = b"socketchat-web-v1\0"
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/", b"+/!!")


def signed_bytes(binding: bytes, server_nonce: bytes, client_nonce: bytes, name: str) -> bytes:
    """Return the bytes to sign, which are valid only for this connection, this challenge and this name.

    ``binding`` is b"" without TLS.
    """
    return _CONTEXT + binding.ljust(BINDING_BYTES, b"\0") + server_nonce + client_nonce + name_key(name).encode()


def web_signed_bytes(origin: str, server_nonce: bytes, client_nonce: bytes, name: str) -> bytes:
    """Return the bytes that a page signs, which are valid only for this origin, this challenge and this name.

    A page cannot see the certificate of its server. The browser tells each server the page's true ``origin``, such as
    ``https://chat.example.org:5000``; no origin holds a NUL byte, which ends it here.
    """
    return _WEB_CONTEXT + origin.encode() + b"\0" + server_nonce + client_nonce + name_key(name).encode()


def fingerprint(key: str) -> str:
    """Return the fingerprint by which people know a public key: the first 64 bits of its SHA-256, in hex."""
    from hashlib import sha256

    digits = sha256(from_word(key, KEY_BYTES, "A key")).hexdigest()
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))


def to_word(data: bytes) -> str:
    """Return bytes as base64url without padding."""
    return b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL).decode()


def from_word(word: str | None, size: int, what: str) -> bytes:
    """Return ``size`` bytes from base64url without padding; raises UsageProblem, which names ``what``."""
    try:
        data = a2b_base64((word or "").encode().translate(_FROM_URL) + b"==")
    except (Error, UnicodeEncodeError):
        data = b""
    # Two words for the same bytes would count as two keys, so only one is accepted.
    if len(data) != size or to_word(data) != word:
        raise UsageProblem(f"{what} must be {size} bytes in base64url without padding.")
    return data
