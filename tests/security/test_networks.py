"""A server, a client and a man in the middle on separate machines: logins, and what he can read."""

import asyncio
import socket
import subprocess

import pytest

from socketchat.client.asyncio.connect import connect
from socketchat.client.identity.invitation import parse_invitation
from socketchat.client.identity.profiles import Profiles
from socketchat.client.session.credentials import Credentials
from socketchat.exceptions import BadProof
from socketchat.protocol import commands, events
from tests.certificate import identity, identity_file
from tests.keys import key_of
from tests.security.callers import DEADLINE, invite, join_code, local_secret
from tests.security.hosts import PORT, Host
from tests.security.machines import ADDRESS, BEHIND, CLIENT, MIDDLE, SERVER, Machines, can_make_machines
from tests.security.relay import Relay
from tests.terminal.seats import PROGRAM, environment

pytestmark = pytest.mark.skipif(not can_make_machines(), reason="network namespaces need root and iproute2")

PASSWORD = "correct horse battery"
SECRET_TEXT = "nobody else may read this"
CODE_WORDS = "wrong-words-are-no-code"


@pytest.fixture(scope="module")
def machines():
    machines = Machines()
    yield machines
    machines.end()


@pytest.fixture(scope="module")
def host(machines, tmp_path_factory):
    host = Host(machines, tmp_path_factory.mktemp("host"))
    yield host
    host.end()


@pytest.fixture(scope="module")
def ann(host):
    """Return the key of ann, who has an account and a password."""
    key = key_of("ann")
    with host.call(machine=SERVER) as caller:
        assert caller.comes("ann", key, local=local_secret(host.data)) == "ann"
        caller.say(commands.Password(password=PASSWORD, id=3))
        assert isinstance(caller.hears(events.Ok, events.Error), events.Ok)
    return key


# Logins from another machine


def test_newcomers_need_a_join_code_or_an_invite(host) -> None:
    token = parse_invitation(invite(host.data)).token
    cells = [
        ("nothing", {}, "code_needed"),
        ("wrong", {"code": CODE_WORDS}, "bad_code"),
        ("guess", {"local": bytes(32)}, "bad_code"),
        ("code", {"code": join_code(host.data)}, "code"),
        ("invited", {"invite": token}, "invited"),
        ("spent", {"invite": token}, "bad_invite"),
    ]
    for name, shown, expected in cells:
        with host.call() as caller:
            assert caller.comes(name, key_of(name), **shown) == expected


@pytest.mark.usefixtures("ann")
def test_owners_log_in_with_a_key_or_a_password(host) -> None:
    for name, shown, expected in (
        ("ann", {}, "ann"),
        ("another device", {"password": "wrong horse"}, "wrong_password"),
        ("another device", {"password": PASSWORD}, "ann"),
        ("another device", {}, "ann"),
        ("a third device", {}, "name_taken"),
    ):
        with host.call() as caller:
            assert caller.comes("ann", key_of(name), **shown) == expected


@pytest.mark.usefixtures("ann")
def test_a_login_without_a_key_needs_a_password_over_tls(host) -> None:
    with host.call() as caller:
        caller.say(commands.Hello(name="gus", id=1))
        assert caller.answer() == "no_guests"
    with host.call() as caller:
        caller.write(b"gus\n")
        assert caller.line().startswith(b"[error] Guests can only log in from the server's own machine")
    with host.call() as caller:
        caller.write(f"/login ann\n{PASSWORD}\n".encode())
        while not (line := caller.line()).startswith(b"=== Connected!"):
            assert line
    for said in (b"gus\n", b'{"type":"hello","name":"gus"}\n', f"/login ann\n{PASSWORD}\n".encode()):
        with host.call(tls=False) as caller:
            caller.write(said)
            assert b"This server accepts plaintext from its own machine only" in caller.line()
            assert caller.rest() == b""


def test_local_guests_can_use_plaintext(host) -> None:
    with host.call(tls=False, machine=SERVER) as caller:
        caller.write(b"gus\n")
        assert caller.line() == b"[join] gus has joined the chat.\n"


# A man in the middle


@pytest.fixture
def relay(machines):
    """Return a man in the middle, who has the server's address and relays to the server."""
    with machines.on(MIDDLE):
        listening = socket.create_server((ADDRESS, PORT))

    def dial() -> socket.socket:
        with machines.on(MIDDLE):
            return socket.create_connection((BEHIND, PORT), DEADLINE)

    relay = Relay(listening, dial, identity_file())
    yield relay
    relay.end()


@pytest.fixture
def client(machines, tmp_path):
    """Return a function that runs the program on the client's machine; it returns exit code and stderr."""

    def call(*arguments: str, stdin: str = SECRET_TEXT) -> tuple[int, str]:
        command = machines.command(CLIENT, *PROGRAM, *arguments)
        options = {"text": True, "capture_output": True, "timeout": DEADLINE, "env": environment(tmp_path)}
        done = subprocess.run(command, input=stdin, check=False, **options)
        return done.returncode, done.stderr

    return call


def assert_he_has_nothing(host, relay, name: str) -> None:
    """He read no message, no login succeeded, and the name is still free."""
    assert SECRET_TEXT.encode() not in relay.overheard
    with host.call(machine=SERVER) as caller:
        assert caller.comes(name, key_of(f"the true {name}"), local=local_secret(host.data)) == name


def test_at_first_contact_a_man_in_the_middle_gets_no_secret_and_no_message(host, machines, relay, tmp_path) -> None:
    """With the client as `join` uses it, which would send waiting messages immediately after a login."""
    code = join_code(host.data)
    profile = Profiles(str(tmp_path)).server(ADDRESS, PORT)

    async def come() -> None:
        async with connect(ADDRESS, PORT, name="cat", profile=profile, credentials=Credentials(code=code)) as client:
            await client.send("#lobby", SECRET_TEXT)

    with machines.hijacked(), machines.on(CLIENT), pytest.raises(BadProof):
        asyncio.run(asyncio.wait_for(come(), DEADLINE))
    assert b'"code":"' in relay.overheard  # a proof, for another certificate than the server's
    assert not any(word.encode() in relay.overheard for word in code.split("-"))
    assert_he_has_nothing(host, relay, "cat")
    assert profile.read_pin() is None


def test_a_man_in_the_middle_gets_nothing_from_a_careful_client(host, machines, relay, client, tmp_path):
    (tmp_path / "url").write_text(invite(host.data, "--host", ADDRESS))
    invited = ("send", "--as", "dan", "--invite-file", str(tmp_path / "url"))
    with machines.hijacked():
        code, complaint = client(*invited)
        assert (code, host.fingerprint in complaint) == (7, True)
        assert client("send", "--as", "dan", "--host", ADDRESS)[0] == 4
        assert relay.came
    assert_he_has_nothing(host, relay, "fay")
    assert client(*invited) == (0, "")
    for command in (["send", "--as", "dan"], ["join", "dan"]):
        came = relay.came
        with machines.hijacked():
            code, complaint = client(*command, "--host", ADDRESS)
        assert (code, complaint.count("\n"), relay.came) == (7, 1, came + 1)
        assert host.fingerprint in complaint
        assert identity().certificate.fingerprint in complaint
    assert relay.overheard == b""
    assert client("send", "--as", "dan", "--host", ADDRESS) == (0, "")


@pytest.mark.usefixtures("host")
def test_a_man_in_the_middle_reads_a_client_that_trusts_his_certificate(machines, relay, client) -> None:
    """This shows that the tests above can fail."""
    trusted = client("trust", ADDRESS, identity().certificate.fingerprint)
    with machines.hijacked():
        code, complaint = client("send", "--as", "hal", "--host", ADDRESS)
    assert (trusted, code) == ((0, ""), 4)
    assert b'"name":"hal"' in relay.overheard
    assert "code" in complaint
