"""The server's certificate and key, and its TLS settings."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from ...exceptions import BadFile, ProtocolError, reason
from ...files import check_private, write
from ...protocol.authentication.certificates import Certificate, read_certificate
from ...wire.tls_client_hello import PROTOCOLS

CIPHERS = ":".join(
    f"ECDHE-{key}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for key in ("ECDSA", "RSA")
)
"""The cipher suites of TLS 1.2: those of Mozilla's intermediate profile, all AEAD; TLS 1.3 has no others."""

VALID_DAYS = 50 * 365
"""Life of the certificate: clients pin the key and ignore the date, but other tools reject expired certificates."""

FILE = "tls.pem"
"""The generated key and certificate in the data directory: one file, so that they always match."""


PROVES = "which proves that this is the server"


class Identity(NamedTuple):
    """The server's TLS identity: a TLS context, and the values that clients derive from its certificate.

    ``names`` are those that the certificate is for, as browsers write them. It is ``self_signed`` if no other key
    signed it.
    """

    context: ssl.SSLContext
    certificate: Certificate
    names: frozenset[str] = frozenset()
    self_signed: bool = True


def own_identity(directory: Path) -> Identity:
    """Return the identity in the data directory, created at first use; raises BadFile."""
    path = directory / FILE
    try:
        if not path.exists():
            write(path, _make())
        check_private(path, PROVES, path.stat())
    except OSError as problem:
        raise _bad(path, problem) from None
    return load_identity(path, path)


def load_identity(certificate: Path, key: Path) -> Identity:
    """Return the identity in two PEM files; raises BadFile, also if other accounts can read or write the key."""
    try:
        mode = key.stat().st_mode
        first = _first_certificate(certificate.read_bytes())
    except (OSError, ValueError) as problem:
        raise _bad(certificate, problem) from None
    if mode & 0o007:
        raise BadFile(f"Other accounts can use {key}, {PROVES}. Run: chmod 600 {quote(str(key))}")
    context = new_context()
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
        return Identity(context, read_certificate(first), *_vouched(first))
    except (ssl.SSLError, ProtocolError, ValueError):
        raise BadFile(f"{certificate} and {key} are not a matching certificate and key (PEM, no password).") from None
    except OSError as problem:
        raise _bad(key, problem) from None


def new_context() -> ssl.SSLContext:
    """Return the TLS context: TLS 1.2 and 1.3, with forward secrecy and AEAD, without resumption."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    context.num_tickets = 0  # connections last long, and tickets weaken forward secrecy
    context.set_alpn_protocols(list(PROTOCOLS))
    return context


def _first_certificate(pem: bytes) -> bytes:
    """Return the first certificate (DER) of a PEM file, which may contain other text; raises ValueError."""
    begin, end = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
    body = pem.partition(begin)[2].partition(end)[0]
    return ssl.PEM_cert_to_DER_cert((begin + body + end).decode("ascii"))


def _vouched(der: bytes) -> tuple[frozenset[str], bool]:
    """Return the names of a certificate (RFC 5280, 4.2.1.6), and whether it is self-signed; raises ValueError."""
    from cryptography import x509

    certificate = x509.load_der_x509_certificate(der)
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset(), certificate.issuer == certificate.subject
    names = [name.lower() for name in found.get_values_for_type(x509.DNSName)]
    addresses = found.get_values_for_type(x509.IPAddress)
    names += [f"[{address}]" if address.version == 6 else str(address) for address in addresses]
    return frozenset(names), certificate.issuer == certificate.subject


def _no_password() -> str:
    """Keep OpenSSL from asking for a password at the terminal."""
    return ""


def _make() -> bytes:
    """Return a new P-256 key and a self-signed certificate, as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "socketchat")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # some clients' clocks are behind
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def _bad(path: Path, problem: Exception) -> BadFile:
    words = reason(problem) if isinstance(problem, OSError) else "it is not a certificate in PEM"
    return BadFile(f"Cannot use {path}: {words}.")
