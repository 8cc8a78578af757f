"""Trust in a server: pins, authorities, and a man in the middle with his own certificate."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import socket
import ssl
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Self

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from socketchat.cli import run
from socketchat.client.address import Address
from socketchat.client.asyncio.connect import connect
from socketchat.client.blocking.client import send_once
from socketchat.client.identity.profiles import Profile, Profiles
from socketchat.client.identity.trust import Trust
from socketchat.client.session.login import no_secret
from socketchat.exceptions import BadFile, CertificateChanged, NameTaken, UnknownServer, Unreachable, UsageProblem
from socketchat.protocol.authentication.certificates import to_fingerprint
from socketchat.server.tls.certificate import Identity, load_identity, own_identity
from tests.certificate import identity, trusting
from tests.client.scripted import Listener, lines, ok, welcome
from tests.client.serving import serving
from tests.keys import key_of
from tests.server.house import House, opened

OURS = identity().certificate.fingerprint


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profiles(str(tmp_path / "client")).server("127.0.0.1", 5000)


@pytest.fixture
def strange(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let loopback count as somewhere else."""
    monkeypatch.setattr("socketchat.client.identity.trust.is_loopback", lambda _: False)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    """Return the identity of another server."""
    return own_identity(tmp_path_factory.mktemp("other"))


def der(of: Identity) -> bytes:
    shown = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        trusting().wrap_bio(*shown),
        of.context.wrap_bio(*reversed(shown), server_side=True),
    )
    for _ in range(3):
        for end in ends:
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
    return ends[0].getpeercert(binary_form=True)


def pin_file(tmp_path: Path) -> Path:
    return tmp_path / "client" / "localhost_5000.pin"


# The saved state


def test_a_local_server_is_pinned_at_login_and_another_key_is_refused(
    profile: Profile, other: Identity, tmp_path: Path
) -> None:
    host = profile.trust.check(der(identity()), "127.0.0.1")
    assert (host.is_known, host.key, host.binding) == (True, *reversed(identity().certificate))
    assert not pin_file(tmp_path).exists()
    profile.trust.confirm()
    assert pin_file(tmp_path).read_text() == OURS + "\n"
    assert pin_file(tmp_path).stat().st_mode & 0o777 == 0o600
    assert profile.trust.is_new
    again = Profiles(str(tmp_path / "client")).server("localhost", 5000).trust
    assert again.check(der(identity()), "::1").is_known
    again.confirm()
    assert not again.is_new
    with pytest.raises(CertificateChanged) as changed:
        again.check(der(other), "127.0.0.1")
    theirs = other.certificate.fingerprint
    for words in (OURS, theirs, f"socketchat trust localhost:5000 {theirs}", "Nothing was sent"):
        assert words in str(changed.value)
    assert (changed.value.exit_code, changed.value.code) == (7, "certificate_changed")


def test_ports_are_different_servers(profile: Profile, other: Identity, tmp_path: Path) -> None:
    profile.trust.check(der(identity()), "127.0.0.1")
    profile.trust.confirm()
    assert Profiles(str(tmp_path / "client")).server("127.0.0.1", 5001).trust.check(der(other), "127.0.0.1").is_known


@pytest.mark.parametrize(
    "host", ["chat.example.org", "localhost.example.org", "127.0.0.2", "127.1", "::ffff:127.0.0.1"]
)
def test_a_host_name_that_resolves_to_loopback_is_not_trusted(host: str, tmp_path: Path) -> None:
    for peer in ("127.0.0.1", "::1"):
        trust = Profiles(str(tmp_path / "client")).server(host, 5000).trust
        known = trust.check(der(identity()), peer)
        assert (known.is_known, known.read_secret) == (False, no_secret)
        assert trust.context(peer).verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize("command", [["send", "--as", "ann", "hi"], ["join", "ann"]])
def test_a_host_name_that_resolves_to_loopback_gets_no_message(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys, tmp_path: Path
) -> None:
    really = socket.getaddrinfo

    def leads_here(host: bytes | str, *rest: object, **options: object) -> object:
        is_elsewhere = host in {"chat.example.org", b"chat.example.org"}
        return really("127.0.0.1" if is_elsewhere else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", leads_here)
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with serving(tmp_path / "server", "--open") as server:
        assert run([command[0], "--host", f"chat.example.org:{server.port}", *command[1:]]) == 4
    assert "is not known yet; its fingerprint is SHA256:" in capsys.readouterr().err
    assert list(tmp_path.rglob("*.pin")) == []


def test_a_remote_server_is_unknown_until_the_user_accepts_it(profile: Profile, tmp_path: Path) -> None:
    trust = profile.trust
    assert not trust.check(der(identity()), "192.0.2.1").is_known
    for words in (OURS, "--invite-file", f"socketchat trust 127.0.0.1:5000 {OURS}"):
        assert words in str(trust.unknown())
    assert trust.unknown().exit_code == 4
    trust.accept(OURS)
    assert not pin_file(tmp_path).exists()
    assert trust.check(der(identity()), "192.0.2.1").is_known
    trust.confirm()
    assert (
        Profiles(str(tmp_path / "client")).server("127.0.0.1", 5000).trust.check(der(identity()), "192.0.2.1").is_known
    )


def test_an_accepted_key_does_not_cover_a_later_key(profile: Profile, other: Identity) -> None:
    profile.trust.check(der(identity()), "192.0.2.1")
    profile.trust.accept(OURS)
    with pytest.raises(CertificateChanged):
        profile.trust.check(der(other), "192.0.2.1")


def test_an_invite_with_another_key_is_refused_and_nothing_is_trusted(
    profile: Profile, other: Identity, tmp_path: Path
) -> None:
    profile.trust.expect(OURS)
    with pytest.raises(CertificateChanged, match="The invite is for a server with the fingerprint") as refused:
        profile.trust.check(der(other), "192.0.2.1")
    assert "Ask for a new invite." in str(refused.value)
    assert "socketchat trust" not in str(refused.value)
    assert refused.value.exit_code == 7
    assert not pin_file(tmp_path).exists()


def test_trust_accepts_a_new_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for key in (bytes(32), identity().certificate.key):
        assert run(["trust", "chat.lan:4000", to_fingerprint(key)]) == 0
    assert capsys.readouterr().out.endswith(f"Trusting chat.lan:4000 with the fingerprint {OURS}.\n")
    trust = Profiles().server("chat.lan", 4000).trust
    assert trust.check(der(identity()), "192.0.2.1").is_known
    assert run(["trust", "chat.lan", "SHA256:no"]) == 2
    assert "is not a fingerprint" in capsys.readouterr().err


def test_twenty_concurrent_clients_pin_the_same_key(tmp_path: Path) -> None:
    barrier, certificate = threading.Barrier(20), der(identity())

    def meet() -> None:
        trust = Profiles(str(tmp_path / "client")).server("127.0.0.1", 5000).trust
        trust.check(certificate, "127.0.0.1")
        barrier.wait()
        trust.confirm()

    with ThreadPoolExecutor(20) as pool:
        for done in [pool.submit(meet) for _ in range(20)]:
            done.result()
    assert os.listdir(tmp_path / "client") == ["localhost_5000.pin"]  # noqa: PTH208
    assert pin_file(tmp_path).read_text() == OURS + "\n"


def test_one_of_two_concurrent_clients_with_different_keys_gets_an_error(
    profile: Profile, other: Identity, tmp_path: Path
) -> None:
    second = Profiles(str(tmp_path / "client")).server("127.0.0.1", 5000).trust
    profile.trust.check(der(identity()), "127.0.0.1")
    second.check(der(other), "127.0.0.1")
    profile.trust.confirm()
    with pytest.raises(CertificateChanged):
        second.confirm()
    assert pin_file(tmp_path).read_text() == OURS + "\n"


@pytest.mark.parametrize("mode", [0o666, 0o644, 0o620])
def test_a_pin_that_others_can_write_is_refused(profile: Profile, tmp_path: Path, mode: int) -> None:
    profile.keep_pin(OURS)
    pin_file(tmp_path).chmod(mode)
    with pytest.raises(BadFile, match="Run: chmod 600"):
        profile.trust.context("127.0.0.1")


def test_a_pin_that_is_a_link_is_refused(profile: Profile, tmp_path: Path) -> None:
    profile.keep_pin(OURS)
    pin_file(tmp_path).rename(tmp_path / "elsewhere")
    pin_file(tmp_path).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadFile, match="is a link"):
        profile.trust.context("127.0.0.1")


@pytest.mark.parametrize("content", ["", "nonsense", "SHA256:short", "\x00\xff"])
def test_the_error_for_a_damaged_pin_says_what_to_do(profile: Profile, tmp_path: Path, content: str) -> None:
    profile.keep_pin(OURS)
    pin_file(tmp_path).write_text(content)
    with pytest.raises(BadFile, match=r"socketchat trust 127\.0\.0\.1:5000 FINGERPRINT"):
        profile.trust.check(der(identity()), "127.0.0.1")


def test_a_bot_can_pass_the_fingerprint(other: Identity) -> None:
    async def test() -> None:
        async with opened() as house:
            for fingerprint in (OURS, None):
                async with connect("127.0.0.1", house.port, name="bot", key=key_of("b"), fingerprint=fingerprint):
                    pass
            with pytest.raises(CertificateChanged):
                await connect(
                    "127.0.0.1", house.port, name="bot", fingerprint=other.certificate.fingerprint
                ).__aenter__()
            with pytest.raises(UsageProblem):
                connect("127.0.0.1", house.port, name="bot", fingerprint="12:34")

    asyncio.run(test())


# An authority's word


class Authority:
    """A certificate authority, which the system trusts while SSL_CERT_FILE names its certificate."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A test")])
        self.file = directory / "authority.pem"
        own = self._signed(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None))
        self.file.write_bytes(own.public_bytes(serialization.Encoding.PEM))

    def _signed(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType):
        now = dt.datetime.now(dt.UTC)
        builder = x509.CertificateBuilder(self._name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - dt.timedelta(1)).not_valid_after(now + dt.timedelta(1))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        return builder.add_extension(key_id, critical=False).sign(self._key, hashes.SHA256())

    def identity(self, *names: x509.GeneralName) -> Identity:
        """Return a new identity that the authority vouches for under these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(x509.Name([]), key, x509.SubjectAlternativeName(names))
        key_file, certificate_file = self._directory / "key.pem", self._directory / "certificate.pem"
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        key_file.chmod(0o640)
        certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return load_identity(certificate_file, key_file)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


HERE = x509.IPAddress(ip_address("127.0.0.1"))


@pytest.mark.usefixtures("strange")
def test_a_certificate_of_a_known_authority_needs_no_question_and_can_be_renewed(
    authority: Authority, other: Identity
) -> None:
    async def come(house: House) -> None:
        async with connect("127.0.0.1", house.port, name="ann", key=key_of("a"), profile=None):
            pass

    async def send(house: House) -> None:
        address = Address("127.0.0.1", house.port)
        trust = Profiles().server(*address).trust
        options = {"name": "ann", "signer": key_of("a"), "trust": trust, "to": "#lobby", "text": "hi", "seconds": 10}
        await asyncio.to_thread(send_once, address, **options)

    async def test() -> None:
        async with opened() as house:
            house.server._handshakes.identity = authority.identity(HERE)
            await house.native("bob")
            unpinned = connect("127.0.0.1", house.port, name="bob", key=key_of("a"), profile=None)
            for _ in range(2):  # a refused login changes nothing
                with pytest.raises(NameTaken):
                    await unpinned.__aenter__()
            for way in (send, come):
                house.server._handshakes.identity = authority.identity(HERE)
                await way(house)
            pin = Path(os.environ["XDG_DATA_HOME"], "socketchat", "client", f"localhost_{house.port}.pin")
            assert pin.read_text() == "authority\n"  # noqa: ASYNC240 - nobody waits for it
            for wrong in (other, authority.identity(x509.DNSName("elsewhere.example"))):
                house.server._handshakes.identity = wrong
                for way in (send, come):
                    with pytest.raises(CertificateChanged, match="The certificate of 127"):
                        await way(house)
            assert len(house.server.hub.state.owned(key_of("a").public)) == 1

    asyncio.run(test())


@pytest.mark.usefixtures("strange", "authority")
def test_an_unknown_remote_server_gets_no_message() -> None:
    async def test() -> None:
        async with opened() as house:
            address = Address("127.0.0.1", house.port)
            options = {"name": "ann", "signer": key_of("a"), "to": "#lobby", "text": "hi", "seconds": 10}
            with pytest.raises(UnknownServer, match=OURS):
                await asyncio.to_thread(send_once, address, trust=Profiles().server(*address).trust, **options)
            with pytest.raises(UnknownServer, match=OURS):
                await connect("127.0.0.1", house.port, name="ann", key=key_of("a"), profile=None).__aenter__()
            assert not house.server.hub.state.owned(key_of("a").public)

    asyncio.run(test())


# A man in the middle


class Middle:
    """A man in the middle with his own certificate, who records what he can read."""

    def __init__(self, port: int, shown: Identity) -> None:
        self._port = port
        self._shown = shown
        self.heard = bytearray()
        self.called = 0
        self.relayed = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._relay, "127.0.0.1", 0, ssl=self._shown.context, ssl_shutdown_timeout=0.1
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.called += 1
        there, back = await asyncio.open_connection("127.0.0.1", self._port, ssl=trusting())

        async def up() -> None:
            while data := await reader.read(65_536):
                self.heard += data
                back.write(data)
            back.close()

        async def down() -> None:
            while data := await there.read(65_536):
                writer.write(data)
            writer.close()

        await asyncio.gather(up(), down(), return_exceptions=True)
        for end in (writer, back):
            end.transport.abort()
        self.relayed += 1


def test_a_man_in_the_middle_of_a_pinned_server_gets_no_byte(other: Identity) -> None:
    async def test() -> None:
        async with opened() as house, Middle(house.port, other) as middle:
            Profiles().server("127.0.0.1", middle.port).trust.replace(OURS)
            address = Address("127.0.0.1", middle.port)
            with pytest.raises(CertificateChanged):
                await connect(*address, name="ann", key=key_of("a"), profile=None).__aenter__()
            options = {"name": "ann", "signer": key_of("a"), "to": "#lobby", "text": "secret", "seconds": 10}
            with pytest.raises(CertificateChanged):
                await asyncio.to_thread(send_once, address, trust=Profiles().server(*address).trust, **options)
            while middle.called < 1 or middle.relayed < middle.called:  # noqa: ASYNC110 - until they are all gone
                await asyncio.sleep(0)
            assert bytes(middle.heard) == b""

    asyncio.run(test())


@pytest.mark.usefixtures("strange")
def test_a_man_in_the_middle_at_first_contact_gets_no_message_and_no_proof(other: Identity) -> None:
    async def test() -> None:
        async with opened() as house, Middle(house.port, other) as middle:
            address = Address("127.0.0.1", middle.port)
            options = {"name": "ann", "signer": key_of("a"), "to": "#lobby", "text": "secret", "seconds": 10}
            with pytest.raises(UnknownServer):
                await asyncio.to_thread(send_once, address, trust=Profiles().server(*address).trust, **options)
            with pytest.raises(UnknownServer, match=other.certificate.fingerprint):
                await connect(*address, name="ann", key=key_of("a"), profile=None).__aenter__()
            with pytest.raises(UnknownServer, match=other.certificate.fingerprint):  # a guest
                await connect(*address, name="ann", profile=None).__aenter__()
            assert bytes(middle.heard) == b""
            assert not house.server.hub.state.owned(key_of("a").public)

    asyncio.run(test())


def test_a_relayed_proof_is_refused(other: Identity) -> None:
    """Even if a user accepts his key, he cannot log in to the server as that user."""

    async def test() -> None:
        async with opened() as house, Middle(house.port, other) as middle:
            with pytest.raises(Exception, match="The signature does not match"):
                await connect(
                    "127.0.0.1",
                    middle.port,
                    name="ann",
                    key=key_of("a"),
                    profile=None,
                    fingerprint=other.certificate.fingerprint,
                ).__aenter__()
            assert not house.server.hub.state.owned(key_of("a").public)

    asyncio.run(test())


def test_a_server_that_answers_tls_with_plaintext_is_sent_nothing(capsys) -> None:
    hello = lines(welcome(), ok(1))
    heard = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(65_536))
        writer.write(hello)
        with suppress(ConnectionResetError):
            heard.append(await reader.read(65_536))
        writer.close()

    async def test() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(Unreachable, match="does not use TLS"):
                await connect("127.0.0.1", port, name="ann", key=key_of("a"), profile=None).__aenter__()
            arguments = ["send", "--host", "127.0.0.1", "--port", str(port), "--as", "ann", "secret"]
            assert await asyncio.to_thread(run, arguments) == 6

    asyncio.run(test())
    assert "does not use TLS" in capsys.readouterr().err
    assert {data[:2] for data in heard} <= {b"\x16\x03", b"\x15\x03", b""}  # a hello, an alert
    assert b"secret" not in b"".join(heard)


def test_a_server_that_closes_during_the_handshake_is_unreachable() -> None:
    with Listener() as listener, ThreadPoolExecutor(1) as pool:
        address = Address("127.0.0.1", listener.port)
        options = {"name": "ann", "signer": key_of("a"), "to": "#lobby", "text": "hi", "seconds": 10}
        outcome = pool.submit(send_once, address, trust=Trust(address, None), **options)
        listener._socket.accept()[0].close()
        with pytest.raises(Unreachable):
            outcome.result()


def test_a_changed_key_is_exit_code_7(tmp_path: Path, capsys) -> None:
    with serving(tmp_path) as server:
        arguments = ["send", "--port", str(server.port), "--as", "ann", "hi"]
        assert run(arguments) == 0
        server.end()
        server.begin(data="other")
        assert run(arguments) == 7
        error = capsys.readouterr().err
        accept = error.rpartition("socketchat ")[2].split()
        assert error.count("\n") == 1
        assert run(accept) == 0
        assert run(arguments) == 0
