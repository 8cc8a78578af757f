"""The server's certificate and TLS parameters, checked against Mozilla's intermediate profile (5.7)."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import rsa as rsa_keys

from socketchat.exceptions import BadFile
from socketchat.server.tls.certificate import FILE, Identity, load_identity, own_identity
from tests.certificate import identity, identity_file, trusting

INTERMEDIATE = {
    "TLSv1.2": {
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
    },
    "TLSv1.3": {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"},
}


WEAK_SUITES = {
    "no authentication of data": ("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES128-SHA256"),
    "no forward secrecy": ("AES128-GCM-SHA256", "AES256-SHA256"),
    "no certificate": ("AECDH-AES128-SHA", "ADH-AES128-GCM-SHA256"),
    "no encryption": ("ECDHE-ECDSA-NULL-SHA", "NULL-SHA256"),
    "not in the profile": ("DHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-CCM8", "ECDHE-ECDSA-ARIA128-GCM-SHA256"),
}


def handshake(change, server: Identity | None = None, session: ssl.SSLSession | None = None) -> ssl.SSLObject:
    """Shake hands in memory with a client that was changed; return its end."""
    context = trusting()
    change(context)
    return shake(context, server, session)


def shake(
    context: ssl.SSLContext, server: Identity | None = None, session: ssl.SSLSession | None = None
) -> ssl.SSLObject:
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(back, there, session=session)
    ours = (server or identity()).context.wrap_bio(there, back, server_side=True)
    for _ in range(3):
        for end in (client, ours):
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
    assert client.version() is not None
    return client


@pytest.mark.parametrize("version", INTERMEDIATE)
def test_the_cipher_suites_are_those_of_the_profile(version: str) -> None:
    offered = {each["name"] for each in identity().context.get_ciphers() if each["protocol"] == version}
    assert offered == INTERMEDIATE[version]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_versions_of_the_profile_use_forward_secrecy(version: ssl.TLSVersion) -> None:
    def only(context: ssl.SSLContext) -> None:
        context.minimum_version = context.maximum_version = version

    end = handshake(only)
    assert end.cipher()[0] in INTERMEDIATE[end.version()]
    assert end.compression() is None
    assert end.session is None or not end.session.has_ticket
    assert not end.session_reused


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_older_tls_versions_are_refused(version: ssl.TLSVersion) -> None:
    def only(context: ssl.SSLContext) -> None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version

    with pytest.raises(ssl.SSLError):
        handshake(only)


@pytest.mark.parametrize("version", [0x0002, 0x0300, 0x0301, 0x0302])
def test_a_client_hello_of_an_older_version_is_answered_with_an_alert(version: int) -> None:
    """Also of those that the library at hand cannot speak itself."""
    body = version.to_bytes(2) + bytes(32) + b"\0" + b"\0\x04\xc0\x2b\xc0\x09" + b"\x01\0"
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    there.write(b"\x16\x03\0" + (len(body) + 4).to_bytes(2) + b"\x01" + len(body).to_bytes(3) + body)
    with pytest.raises(ssl.SSLError):
        identity().context.wrap_bio(there, back, server_side=True).do_handshake()
    assert back.read()[5:] in {b"\x02\x46", b"\x02\x28"}  # fatal: protocol_version, or handshake_failure


@pytest.mark.parametrize("suite", [each for suites in WEAK_SUITES.values() for each in suites])
def test_weak_cipher_suites_are_refused(suite: str) -> None:
    def only(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.set_ciphers(f"{suite}:@SECLEVEL=0")
        except ssl.SSLError:
            pytest.skip("this OpenSSL does not have it")

    with pytest.raises(ssl.SSLError):
        handshake(only)


@pytest.fixture(scope="module")
def rsa(tmp_path_factory) -> Identity:
    """Return an RSA identity, which does not restrict the curves as P-256 does."""
    path = tmp_path_factory.mktemp("rsa") / "rsa.pem"
    key = rsa_keys.generate_private_key(65537, 2048)
    name, now = x509.Name([]), datetime.now(UTC)
    dates = {"not_valid_before": now, "not_valid_after": now + timedelta(days=1)}
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, **dates).sign(key, hashes.SHA256())
    path.touch(0o600)
    format_ = serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, format_, serialization.NoEncryption()))
    with path.open("ab") as file:
        file.write(made.public_bytes(serialization.Encoding.PEM))
    return load_identity(path, path)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("curve", ["X25519", "prime256v1", "secp384r1"])
def test_the_curves_of_the_profile_are_accepted(rsa: Identity, version: ssl.TLSVersion, curve: str) -> None:
    """OpenSSL has some stronger ones besides, which Python cannot turn off without turning off all but one."""

    def only(context: ssl.SSLContext) -> None:
        context.minimum_version = context.maximum_version = version
        context.set_ecdh_curve(curve)

    assert handshake(only, rsa).version() is not None


@pytest.mark.parametrize("curve", ["prime192v1", "secp224r1", "secp160r1", "sect163k1", "secp256k1"])
def test_other_curves_are_refused(rsa: Identity, curve: str) -> None:
    def only(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ALL:@SECLEVEL=0")
        try:
            context.set_ecdh_curve(curve)
        except (ValueError, ssl.SSLError):
            pytest.skip("this OpenSSL does not have it")

    with pytest.raises(ssl.SSLError):
        handshake(only, rsa)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_tls_session_is_not_resumed(version: ssl.TLSVersion) -> None:
    context = trusting()
    context.minimum_version = context.maximum_version = version
    session = shake(context).session
    assert not session.has_ticket
    assert not shake(context, session=session).session_reused


def test_compression_resumption_and_renegotiation_are_disabled() -> None:
    options = identity().context.options
    assert options & ssl.OP_NO_COMPRESSION
    assert options & ssl.OP_NO_RENEGOTIATION
    assert options & ssl.OP_NO_TICKET
    assert identity().context.num_tickets == 0


def test_a_renegotiation_is_refused() -> None:
    """The module ssl cannot ask for it, so that a program does."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        asking = subprocess.Popen(
            ["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{listening.getsockname()[1]}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        with identity().context.wrap_socket(listening.accept()[0], server_side=True) as ours:
            ours.settimeout(20)
            asking.stdin.write(b"R\n")
            asking.stdin.flush()
            with suppress(ssl.SSLError):
                assert ours.recv(1) == b""
            _, told = asking.communicate(timeout=20)
    assert b"RENEGOTIATING" in told
    assert b"no renegotiation" in told


def test_the_generated_certificate_lasts_decades_and_has_a_p256_key() -> None:
    pem = identity_file().read_bytes()
    certificate = x509.load_pem_x509_certificate(pem[pem.index(b"-----BEGIN CERTIFICATE") :])
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert certificate.public_key().curve.name == "secp256r1"
    assert certificate.not_valid_before_utc < datetime.now(UTC) - timedelta(hours=23)
    assert certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=30 * 365)


def test_a_certificate_is_generated_once_and_its_key_is_private(tmp_path: Path) -> None:
    first = own_identity(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert own_identity(tmp_path).certificate == first.certificate


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_readable_by_others_is_refused(tmp_path: Path, mode: int) -> None:
    own_identity(tmp_path)
    (tmp_path / FILE).chmod(mode)
    with pytest.raises(BadFile, match="Run: chmod 600"):
        own_identity(tmp_path)


def test_a_supplied_key_can_be_group_readable_but_not_world_readable(tmp_path: Path) -> None:
    own_identity(tmp_path)
    path = tmp_path / FILE
    path.chmod(0o640)
    load_identity(path, path)
    path.chmod(0o644)
    with pytest.raises(BadFile, match="chmod 600"):
        load_identity(path, path)


@pytest.mark.parametrize("content", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_the_error_for_a_damaged_file_is_one_sentence(tmp_path: Path, content: str) -> None:
    own_identity(tmp_path)
    (tmp_path / FILE).write_text(content)
    with pytest.raises(BadFile, match=FILE):
        own_identity(tmp_path)


@pytest.mark.parametrize("before", ["﻿", "Subject: CN=Grüße\n", "Bag Attributes\n    friendlyName: ключ\n"])
def test_text_around_a_certificate_is_ignored(tmp_path: Path, before: str) -> None:
    own = own_identity(tmp_path)
    pem = (tmp_path / FILE).read_text()
    (tmp_path / "cert.pem").write_text(before + pem[pem.index("-----BEGIN CERTIFICATE") :] + "after: ü\n")
    assert load_identity(tmp_path / "cert.pem", tmp_path / FILE).certificate == own.certificate


def test_a_certificate_with_the_key_of_another_is_refused(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        own_identity(tmp_path / name)
    key = (tmp_path / "one" / FILE).read_text().partition("-----BEGIN CERTIFICATE")[0]
    (tmp_path / "key.pem").write_text(key)
    (tmp_path / "key.pem").chmod(0o600)
    load_identity(tmp_path / "one" / FILE, tmp_path / "key.pem")
    with pytest.raises(BadFile, match="are not a matching certificate and key"):
        load_identity(tmp_path / "other" / FILE, tmp_path / "key.pem")


def test_an_encrypted_key_is_refused_without_asking_for_its_password(tmp_path: Path) -> None:
    own_identity(tmp_path)
    locked = tmp_path / "locked.pem"
    command = ["openssl", "ec", "-aes256", "-passout", "pass:x", "-in", str(tmp_path / FILE), "-out", str(locked)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=20)
    except FileNotFoundError:
        pytest.skip("there is no openssl")
    locked.chmod(0o600)
    with pytest.raises(BadFile, match="no password"):
        load_identity(tmp_path / FILE, locked)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_directory_is_an_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BadFile, match="Cannot use"):
        own_identity(tmp_path)
