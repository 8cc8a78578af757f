"""The parts of a server's certificate that clients use: the binding for proofs, and the fingerprint of its key."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from ...exceptions import ProtocolError, UsageProblem
from .proofs import from_word, to_word

FINGERPRINT_BYTES = 32
"""A SHA-256."""

_PREFIX = "SHA256:"
_SEQUENCE, _VERSION = 0x30, 0xA0
_BEFORE_KEY = ("serial number", "signature algorithm", "issuer", "validity", "subject")


class Certificate(NamedTuple):
    """``binding`` is the SHA-256 of the certificate (DER), which proofs cover, and ``key`` that of its public key.

    Clients pin the key, so a certificate can be renewed with the same key unnoticed.
    """

    binding: bytes
    key: bytes

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the key, as users compare it."""
        return to_fingerprint(self.key)


def read_certificate(der: bytes) -> Certificate:
    """Return the binding and the key of a certificate; raises ProtocolError if it is invalid."""
    return Certificate(sha256(der).digest(), sha256(_public_key(der)).digest())


def to_fingerprint(key: bytes) -> str:
    """Return the fingerprint of a public key, given its SHA-256: "SHA256:" and base64url without padding."""
    return _PREFIX + to_word(key)


def from_fingerprint(text: str) -> bytes:
    """Return the SHA-256 in a fingerprint; raises UsageProblem."""
    try:
        if text.startswith(_PREFIX):
            return from_word(text.removeprefix(_PREFIX), FINGERPRINT_BYTES, "A fingerprint")
    except UsageProblem:
        pass
    raise UsageProblem(f"{text!r} is not a fingerprint. Copy it as the server shows it: {_PREFIX} and 43 characters.")


def _public_key(der: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo (RFC 5280, 4.1) of a certificate."""
    # Loading an X.509 library would take half of the start of `send`, and only the key is needed.
    try:
        start, end = _inside(der, 0, len(der))
        at, end = _inside(der, start, end)
        if der[at] == _VERSION:
            at = _after(der, at, end)
        for _ in _BEFORE_KEY:
            at = _after(der, at, end)
        if der[at] == _SEQUENCE:
            return der[at : _after(der, at, end)]
    except (IndexError, ValueError):
        pass
    raise ProtocolError("The server sent an invalid certificate.")


def _inside(der: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the start and the end of the content of the sequence at an offset."""
    if der[at] != _SEQUENCE:
        raise ValueError
    return _content(der, at, end)


def _after(der: bytes, at: int, end: int) -> int:
    return _content(der, at, end)[1]


def _content(der: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the start and the end of the content of the element at an offset; it must lie before ``end``."""
    length, start = der[at + 1], at + 2
    if length >= 0x80:
        count = length & 0x7F
        start += count
        # DER has only one form of each length, and three bytes are enough for any certificate.
        if not 1 <= count <= 3 or (length := int.from_bytes(der[at + 2 : start])) < (
            0x80 if count == 1 else 1 << 8 * (count - 1)
        ):
            raise ValueError
    if start + length > end:
        raise ValueError
    return start, start + length
