import hashlib
import ssl
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import ProtocolError, UsageProblem
from socketchat.protocol.authentication.certificates import from_fingerprint, read_certificate, to_fingerprint
from tests.certificate import identity_file

KEYS = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
}


def der_of(key, *, serial: int = 2**159 - 1, name: str = "x" * 200) -> bytes:
    who = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, name[:64])] * 4)
    builder = x509.CertificateBuilder(who, who, key.public_key(), serial)
    builder = builder.not_valid_before(datetime(2000, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(2060, 1, 1, tzinfo=UTC)
    )
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, digest).public_bytes(serialization.Encoding.DER)


def own() -> bytes:
    pem = identity_file().read_text()
    return ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERTIFICATE") :])


@pytest.mark.parametrize("kind", KEYS)
def test_the_key_is_found_after_any_fields_of_a_certificate(kind: str) -> None:
    key = KEYS[kind]()
    der = der_of(key, serial=1) if kind == "P-256" else der_of(key)
    spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    read = read_certificate(der)
    assert (read.binding, read.key) == (hashlib.sha256(der).digest(), hashlib.sha256(spki).digest())
    assert read.fingerprint == to_fingerprint(read.key)


def test_another_certificate_for_the_same_key_has_the_same_fingerprint() -> None:
    key = KEYS["P-256"]()
    one, other = read_certificate(der_of(key)), read_certificate(der_of(key, serial=5))
    assert one.key == other.key
    assert one.binding != other.binding


def test_a_truncated_certificate_is_refused() -> None:
    der = own()
    for size in range(len(der)):
        with pytest.raises(ProtocolError):
            read_certificate(der[:size])


@given(st.data())
def test_a_damaged_certificate_is_read_or_refused(data: st.DataObject) -> None:
    der = bytearray(own())
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ProtocolError):
        assert len(read_certificate(bytes(der)).key) == 32


@pytest.mark.parametrize(
    "der",
    [b"", b"\x30", b"\x30\x80", b"\x30\x81\x01\x30", b"\x30\x82\x00\x10", b"\x30\x84\xff\xff\xff\xff", b"\x31\x00"],
)
def test_lengths_that_are_not_der_are_refused(der: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_certificate(der)


def test_a_fingerprint_is_read_as_it_is_shown() -> None:
    key = bytes(range(32))
    assert to_fingerprint(key) == "SHA256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    assert from_fingerprint(to_fingerprint(key)) == key


@pytest.mark.parametrize("text", ["", "SHA256:", to_fingerprint(bytes(32))[7:], "SHA256:AAEC", "MD5:aa:bb"])
def test_an_invalid_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem, match="is not a fingerprint"):
        from_fingerprint(text)
