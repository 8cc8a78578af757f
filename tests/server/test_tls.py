"""The server's certificate and what is spoken with it, held against Mozilla's intermediate profile (5.7)."""

from __future__ import annotations

import os
import ssl
import subprocess
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from socketchat.exceptions import BadFile
from socketchat.server.tls import FILE, Identity, load_identity, own_identity
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


def handshake(change, server: Identity | None = None) -> ssl.SSLObject:
    """Shake hands in memory with a client that was changed; return its end."""
    context = trusting()
    change(context)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(back, there)
    ours = (server or identity()).context.wrap_bio(there, back, server_side=True)
    for _ in range(3):
        for end in (client, ours):
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
    assert client.version() is not None
    return client


@pytest.mark.parametrize("version", INTERMEDIATE)
def test_the_suites_are_those_of_the_profile(version: str) -> None:
    offered = {each["name"] for each in identity().context.get_ciphers() if each["protocol"] == version}
    assert offered == INTERMEDIATE[version]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_versions_of_the_profile_are_spoken_forward_secret(version: ssl.TLSVersion) -> None:
    def only(context: ssl.SSLContext) -> None:
        context.minimum_version = context.maximum_version = version

    end = handshake(only)
    assert end.cipher()[0] in INTERMEDIATE[end.version()]
    assert end.compression() is None
    assert end.session is None or not end.session.has_ticket
    assert not end.session_reused


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_older_versions_are_refused(version: ssl.TLSVersion) -> None:
    def only(context: ssl.SSLContext) -> None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version

    with pytest.raises(ssl.SSLError):
        handshake(only)


@pytest.mark.parametrize("suites", ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "AES128-GCM-SHA256"])
def test_suites_without_authentication_of_data_or_forward_secrecy_are_refused(suites: str) -> None:
    def only(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(suites)

    with pytest.raises(ssl.SSLError):
        handshake(only)


def test_nothing_is_compressed_resumed_or_negotiated_again() -> None:
    options = identity().context.options
    assert options & ssl.OP_NO_COMPRESSION
    assert options & ssl.OP_NO_RENEGOTIATION
    assert options & ssl.OP_NO_TICKET
    assert identity().context.num_tickets == 0


def test_the_certificate_that_is_made_lasts_for_decades_and_has_a_key_of_p256() -> None:
    pem = identity_file().read_bytes()
    certificate = x509.load_pem_x509_certificate(pem[pem.index(b"-----BEGIN CERTIFICATE") :])
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert certificate.public_key().curve.name == "secp256r1"
    assert certificate.not_valid_before_utc < datetime.now(UTC) - timedelta(hours=23)
    assert certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=30 * 365)


def test_a_certificate_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first = own_identity(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert own_identity(tmp_path).certificate == first.certificate


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    own_identity(tmp_path)
    (tmp_path / FILE).chmod(mode)
    with pytest.raises(BadFile, match="Mend it with: chmod 600"):
        own_identity(tmp_path)


def test_a_key_of_one_s_own_may_be_readable_by_a_group_but_not_by_all(tmp_path: Path) -> None:
    own_identity(tmp_path)
    path = tmp_path / FILE
    path.chmod(0o640)
    load_identity(path, path)
    path.chmod(0o644)
    with pytest.raises(BadFile, match="chmod 600"):
        load_identity(path, path)


@pytest.mark.parametrize("content", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, content: str) -> None:
    own_identity(tmp_path)
    (tmp_path / FILE).write_text(content)
    with pytest.raises(BadFile, match=FILE):
        own_identity(tmp_path)


def test_a_certificate_and_the_key_of_another_are_refused(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        own_identity(tmp_path / name)
    key = (tmp_path / "one" / FILE).read_text().partition("-----BEGIN CERTIFICATE")[0]
    (tmp_path / "key.pem").write_text(key)
    (tmp_path / "key.pem").chmod(0o600)
    load_identity(tmp_path / "one" / FILE, tmp_path / "key.pem")
    with pytest.raises(BadFile, match="are no certificate and its key"):
        load_identity(tmp_path / "other" / FILE, tmp_path / "key.pem")


def test_a_key_with_a_password_is_refused_without_asking_for_it(tmp_path: Path) -> None:
    own_identity(tmp_path)
    locked = tmp_path / "locked.pem"
    command = ["openssl", "ec", "-aes256", "-passout", "pass:x", "-in", str(tmp_path / FILE), "-out", str(locked)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=20)
    except FileNotFoundError:
        pytest.skip("there is no openssl")
    locked.chmod(0o600)
    with pytest.raises(BadFile, match="without a password"):
        load_identity(tmp_path / FILE, locked)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BadFile, match="Cannot use"):
        own_identity(tmp_path)
