"""``socketchat serve`` as a separate process: its output, its end, and its refusals."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from socketchat.hub.policy.limits import COMMAND_BURST
from socketchat.protocol import commands
from socketchat.protocol.authentication.certificates import read_certificate
from socketchat.protocol.codec import decode_event, encode
from socketchat.server.limits import OPEN_FILES, RESERVED_FILES
from socketchat.server.tls.certificate import own_identity
from tests.certificate import trusting
from tests.keys import hello_of, key_of, proof_of, shown_of

SERVE = [sys.executable, "-m", "socketchat", "serve"]


class Serving:
    """A server in a process."""

    def __init__(self, data: Path, *options: str, open_files: int | None = None) -> None:
        lowered = ["/bin/sh", "-c", f'ulimit -n {open_files}; exec "$@"', "sh"] if open_files else []
        command = [*lowered, *SERVE, "--host", "127.0.0.1", "--port", "0", "--data", str(data), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.line = self.process.stdout.readline()
        found = re.fullmatch(r"Server listening on 127\.0\.0\.1:(\d+)\n", self.line)
        assert found, self.line + self.process.stderr.read()
        self.port = int(found[1])

    def call(self, first: bytes) -> socket.socket:
        """Connect, say something, and wait until it is answered."""
        caller = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        caller.sendall(first)
        assert caller.recv(1, socket.MSG_PEEK)
        return caller

    def end(self, *signals: signal.Signals) -> tuple[int, str, str]:
        """Return exit code, standard output and standard error."""
        for number in signals:
            self.process.send_signal(number)
        # Output that came with the first line is in the buffer of stdout, which communicate() does not read.
        with self.process.stdout as out, self.process.stderr as error:
            return self.process.wait(10), out.read(), error.read()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serving]:
    serving = Serving(tmp_path / "data")
    yield serving
    if serving.process.poll() is None:
        serving.end(signal.SIGKILL)


def everything(sock: socket.socket) -> bytes:
    """Return the output until the server closes, even if it has not read all input."""
    read = b""
    with sock, suppress(ConnectionResetError):
        while data := sock.recv(65_536):
            read += data
    return read


def refused(*options: str) -> tuple[int, str]:
    """Return exit code and stderr of a server that does not start."""
    done = subprocess.run([*SERVE, *options], capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout == ""
    return done.returncode, done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_after_notifying_all_clients(server: Serving, number: signal.Signals) -> None:
    native, plain = server.call(b'{"type":"hello","name":"ann"}\n'), server.call(b"bob\n")
    silent = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    code, out, error = server.end(number)
    assert (code, error) == (0, "")
    assert out.endswith("The server has stopped.\n")
    bye = json.loads(everything(native).splitlines()[-1])
    assert bye == {
        "type": "bye",
        "code": "shutting_down",
        "text": "The server is shutting down.",
        "reconnect": True,
    }
    assert everything(plain).endswith(b"\n[server] The server is shutting down.\n")
    assert everything(silent) == b"[server] The server is shutting down.\n"


def as_ann(server: Serving, command: commands.Command) -> socket.socket:
    """Log in as the owner of a name, with the local secret if needed, and send a command."""
    key = key_of("ann")
    ann = server.call(encode(hello_of(key, name="ann")))
    challenge = decode_event(ann.recv(1000))
    shown = {}
    if challenge.entry == "code":
        secret = bytes.fromhex(Path(challenge.secret_file).read_text())
        shown["local"] = shown_of(secret, key, challenge, "ann")
    ann.sendall(encode(proof_of(key, challenge, "ann", **shown)))
    assert ann.recv(1, socket.MSG_PEEK)
    ann.sendall(encode(command))
    return ann


def test_messages_survive_a_restart(server: Serving, tmp_path: Path) -> None:
    ann = as_ann(server, commands.Send(to="#lobby", text="hello"))
    server.call(b"bob\n").close()
    assert server.end(signal.SIGTERM)[0] == 0
    assert b'"text":"hello"' in everything(ann)
    again = Serving(tmp_path / "data")
    with as_ann(again, commands.History(id=1, conversation="#lobby")) as ann, ann.makefile("rb") as told:
        assert any(b'"type":"past"' in line for line in told)
    with again.call(b"ann\n") as other:
        assert other.recv(1000) == b"[error] The name ann belongs to another user; choose another name.\n"
    assert again.end(signal.SIGTERM)[0] == 0


def test_the_join_code_is_shown_only_at_a_terminal(server: Serving, tmp_path: Path) -> None:
    code = (tmp_path / "data" / "join-code").read_text().strip()
    _, out, error = server.end(signal.SIGTERM)
    assert "Join code" not in out
    assert code not in out + error
    ours, theirs = os.openpty()
    with open(ours, "rb") as screen, open(theirs, "wb") as terminal:  # noqa: PTH123 - descriptors
        command = [*SERVE, "--host", "127.0.0.1", "--port", "0", "--data", str(tmp_path / "data")]
        with subprocess.Popen(command, stdout=terminal, stderr=subprocess.PIPE) as process:
            shown = b""
            while b"Join code" not in shown:
                shown = screen.readline()
            process.terminate()
            assert f"Join code: {code} ".encode() in shown
            assert process.wait(10) == 0


def test_an_open_server_says_so_and_shows_no_code(tmp_path: Path) -> None:
    serving = Serving(tmp_path / "data", "--open")
    assert "Open: anyone who can reach this server can log in (--open).\n" in serving.end(signal.SIGTERM)[1]


def test_with_tunnel_no_connection_counts_as_local(tmp_path: Path) -> None:
    serving = Serving(tmp_path / "data", "--tunnel", "--plaintext-from", "127.0.0.0/8")
    with serving.call(b"gus\n") as gus:
        assert gus.recv(1000).startswith(b"[error] Guests can only log in from the server's own machine")
    with serving.call(encode(hello_of(key_of("ann"), name="ann"))) as ann:
        challenge = decode_event(ann.recv(1000))
        assert (challenge.entry, challenge.secret_file) == ("code", None)
    hint = "To join from here, with the join code or an invite: socketchat join NAME --port "
    assert hint in serving.end(signal.SIGTERM)[1]
    serving = Serving(tmp_path / "data", "--tunnel")
    with serving.call(b"gus\n") as gus:
        assert b"accepts plaintext from its own machine only" in gus.recv(1000)
    assert serving.end(signal.SIGTERM)[0] == 0


@pytest.mark.faults
def test_a_stalled_reader_does_not_delay_the_shutdown(server: Serving) -> None:
    """The limit for the end is five seconds; the process is given no more than eight on a busy machine."""
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stalled.connect(("127.0.0.1", server.port))
    stalled.sendall(b"stalled\n")
    speaker = server.call(b'{"type":"hello","name":"ann"}\n')
    text = "x" * 30_000
    line = json.dumps({"type": "send", "to": "#lobby", "text": text}).encode() + b"\n"
    reading = threading.Thread(target=everything, args=[speaker])
    reading.start()
    speaker.sendall(line * 30 + b'{"type":"ping"}\n')
    server.process.send_signal(signal.SIGTERM)
    _, error = server.process.communicate(timeout=8)
    reading.join()
    assert (server.process.returncode, error) == (0, "")
    stalled.close()


def test_a_second_signal_ends_the_server_immediately(server: Serving) -> None:
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stalled.connect(("127.0.0.1", server.port))
    stalled.sendall(b"stalled\n")
    speaker = server.call(b"ann\n")
    speaker.sendall(b"\n".join([b"x" * 30_000] * 30) + b"\n/topic\n")
    read = b""
    while b"[topic]" not in read:
        read += speaker.recv(65_536)
    server.process.send_signal(signal.SIGINT)
    while b"shutting down" not in read:
        read += speaker.recv(65_536)
    code, _, error = server.end(signal.SIGINT)
    assert (code, error) == (130, "")
    stalled.close()
    speaker.close()


def test_the_data_directory_is_created_private(server: Serving, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert server.end(signal.SIGTERM)[0] == 0
    assert {stat.S_IMODE(path.stat().st_mode) for path in data.iterdir()} == {0o600}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_data_directory_of_another_account_is_refused(tmp_path: Path) -> None:
    data, link = tmp_path / "theirs", tmp_path / "link"
    data.mkdir(0o755)
    (data / "join-code").write_text("abandon-abandon-abandon-abandon-abandon\n")
    (data / "join-code").chmod(0o600)
    os.chown(data, 12345, 12345)
    link.symlink_to(data)
    for path in (data, link):
        for command in (["serve", "--port", "0"], ["backup", str(tmp_path / "b")], ["export"]):
            done = subprocess.run(
                [*SERVE[:-1], *command, "--data", str(path)], capture_output=True, text=True, check=False, timeout=20
            )
            assert done.returncode == 8, done.stderr
        assert "theirs belongs to another account (#12345)" in refused("--port", "0", "--data", str(path))[1]
    assert [path.name for path in data.iterdir()] == ["join-code"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("name", ["join-code", "local-secret", "tls.pem", "socketchat.db"])
def test_a_secret_file_of_another_account_is_refused(name: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert Serving(data).end(signal.SIGTERM)[0] == 0
    os.chown(data / name, 12345, 12345)
    code, error = refused("--port", "0", "--data", str(data))
    assert (code, error.count("\n")) == (8, 1)
    assert f"{name}, which " in error
    assert "belongs to another account (user id 12345)" in error


def test_a_data_directory_writable_by_others_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "the data"
    data.mkdir()
    for mode in (0o777, 0o1777, 0o702, 0o770, 0o2770):
        data.chmod(mode)
        code, error = refused("--port", "0", "--data", str(data))
        assert (code, list(data.iterdir())) == (8, [])
        assert error.endswith(f"Run: chmod 700 '{data}'\n")


def test_a_symlink_in_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(0o700)
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "data" / "lock").symlink_to(tmp_path / "precious")
    code, error = refused("--port", "0", "--data", str(tmp_path / "data"))
    assert (code, error.count("\n")) == (1, 1), error
    assert (tmp_path / "precious").read_text() == "precious"


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="needs Linux's /proc")
def test_the_server_raises_its_limit_of_open_files(server: Serving) -> None:
    limits = Path(f"/proc/{server.process.pid}/limits").read_text()
    soft, hard = re.search(r"Max open files +(\d+|unlimited) +(\d+|unlimited)", limits).groups()
    assert soft in {str(OPEN_FILES), hard} or int(soft) > OPEN_FILES
    server.end(signal.SIGTERM)


def test_the_error_for_a_directory_in_use_is_one_line(server: Serving, tmp_path: Path) -> None:
    code, error = refused("--port", "0", "--data", str(tmp_path / "data"))
    assert code == 1
    assert re.fullmatch(r"socketchat: .*(in use|locked|another server).*\n", error), error
    assert server.end(signal.SIGTERM)[0] == 0


def test_the_error_for_a_taken_port_is_one_line(server: Serving, tmp_path: Path) -> None:
    code, error = refused("--port", str(server.port), "--data", str(tmp_path / "other"))
    assert (code, error.count("\n")) == (1, 1)
    assert "the port is in use; stop the program that uses it, or choose another port with --port" in error
    server.end(signal.SIGTERM)


def test_the_error_for_an_impossible_directory_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, error = refused("--port", "0", "--data", str(tmp_path / "file" / "data"))
    assert (code, error.count("\n")) == (1, 1)
    assert error.startswith("socketchat: ")


@pytest.mark.parametrize("damage", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 4080])
def test_the_error_for_a_damaged_store_is_one_line_and_the_store_is_unchanged(tmp_path: Path, damage: bytes) -> None:
    data = tmp_path / "data"
    data.mkdir(0o700)
    (data / "socketchat.db").write_bytes(damage)
    code, error = refused("--port", "0", "--data", str(data))
    assert (code, error.count("\n")) == (8, 1)
    assert error.startswith("socketchat: ")
    assert (data / "socketchat.db").read_bytes() == damage


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "many"], "'many' is not a port. A port is a number from 0 to 65535."),
        (["--port", "65536"], "'65536' is not a port"),
        (["--port", "-1"], "'-1' is not a port"),
        (["--host", "no.such.host.invalid"], "Unknown address no.such.host.invalid"),
        (["--nothing"], "No such option"),
        (["--no-limits", "--host", "0.0.0.0"], "--no-limits works on this machine only, and --host 0.0.0.0 is not"),
        (["--no-limits", "--host", "127.0.0.1", "--host", "::"], "and --host :: is not"),
        (["--data", ""], "Invalid value for '--data': It is empty. Give a value, or leave it out."),
    ],
)
def test_a_usage_error_is_one_line(tmp_path: Path, options: list[str], words: str) -> None:
    code, error = refused("--data", str(tmp_path / "data"), *options)
    assert (code, error.count("\n")) == (2, 1)
    assert words in error
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("options", [[], ["--no-limits"]], ids=str)
def test_rates_are_limited_unless_the_operator_disables_limits(tmp_path: Path, options: list[str]) -> None:
    lines = 10 * COMMAND_BURST  # with limits, the last is heard after more than a minute
    server = Serving(tmp_path / "data", *options)
    with server.call(b"ann\n") as ann, server.call(b"bob\n") as bob, ann.makefile("rb") as heard:
        bob.sendall(b"".join(b"%d\n" % number for number in range(lines)))
        while heard.readline() != b"bob: %d\n" % (lines - 1 if options else COMMAND_BURST - 2):
            pass
        asked = 0 if options else 200
        for _ in range(asked):
            ann.sendall(b"/topic\n")
            while (line := heard.readline()) != b"[topic] #lobby has no topic.\n":
                assert line != b"bob: %d\n" % (lines - 1)
    _, out, _ = server.end(signal.SIGTERM)
    assert ("Limits on rates and connections are off" in out) is bool(options)


@pytest.mark.faults
def test_without_descriptors_the_server_keeps_serving_and_recovers(tmp_path: Path) -> None:
    files = RESERVED_FILES + 12
    server = Serving(tmp_path / "data", "--no-limits", open_files=files)
    guests = [server.call(b"guest%d\n" % number) for number in range(12)]
    crowd = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(200)]
    late = crowd[0]
    late.sendall(b"late\n")
    guests[1].sendall(b"still here\n")
    with guests[0].makefile("rb") as heard:
        while heard.readline() != b"guest1: still here\n":
            pass
    if (opened := Path(f"/proc/{server.process.pid}/fd")).exists():
        assert len(list(opened.iterdir())) < files - RESERVED_FILES // 4
    guests[2].close()
    assert b"late" in late.recv(100)
    for each in [*guests, *crowd]:
        each.close()
    with server.call(b"new\n") as new:
        assert b"[join] new has joined the chat." in new.recv(1000)
    assert server.end(signal.SIGTERM)[::2] == (0, "")


def test_each_address_is_listed_and_the_hint_shows_how_to_join(tmp_path: Path) -> None:
    command = [*SERVE, "--host", "::1", "--host", "127.0.0.1", "--port", "0", "--data", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    lines = [process.stdout.readline() for _ in range(4)]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    port = re.fullmatch(r"Server listening on \[::1\]:(\d+)\n", lines[0])[1]
    assert lines[1] == f"Server listening on 127.0.0.1:{port}\n"
    assert re.fullmatch(r"Fingerprint: SHA256:[-\w]{43}\n", lines[2])
    assert lines[3] == f"To join from here: socketchat join NAME --port {port}\n"
    assert process.returncode == 0


# Certificates


def shown(port: int) -> str:
    """Return the fingerprint of the server's certificate."""
    return read_certificate(ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port)))).fingerprint


def test_the_server_key_persists_and_is_shown_at_every_start(tmp_path: Path) -> None:
    told = []
    for _ in range(2):
        serving = Serving(tmp_path / "data")
        told.append(shown(serving.port))
        assert f"\nFingerprint: {told[-1]}\n" in "\n" + serving.end(signal.SIGTERM)[1]
    assert told[0] == told[1]


def test_sighup_reloads_the_certificate_and_a_bad_one_keeps_the_old(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    one, other = (own_identity(tmp_path / name).certificate.fingerprint for name in ("one", "other"))
    path = tmp_path / "one" / "tls.pem"
    serving = Serving(tmp_path / "data", "--tls-cert", str(path), "--tls-key", str(path))
    stays = ssl_of(serving.port)
    assert stays.version() == "TLSv1.3"
    assert shown(serving.port) == one
    path.write_bytes((tmp_path / "other" / "tls.pem").read_bytes())
    serving.process.send_signal(signal.SIGHUP)
    while shown(serving.port) != other:
        pass
    path.write_text("nonsense")
    serving.process.send_signal(signal.SIGHUP)
    assert "kept the old certificate" in serving.process.stderr.readline()
    assert shown(serving.port) == other
    stays.sendall(b"bob\n")
    assert stays.recv(1000).startswith(b"[join] bob")
    stays.close()
    assert serving.end(signal.SIGTERM)[0] == 0


def ssl_of(port: int) -> ssl.SSLSocket:
    """Connect with TLS to any server."""
    return trusting().wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=10))


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--tls-cert", "x.pem"], 2, "--tls-cert and --tls-key go together"),
        (["--tls-key", "x.pem"], 2, "--tls-cert and --tls-key go together"),
        (["--tls-cert", "/no/x.pem", "--tls-key", "/no/x.pem"], 8, "Cannot use /no/x.pem: no such file or directory."),
        (["--plaintext-from", "10.0.0.1/8"], 2, "write a network as in 10.0.0.0/8"),
        (["--plaintext-from", "lan"], 2, "write a network as in 10.0.0.0/8"),
    ],
)
def test_the_error_for_an_impossible_option_is_one_line(
    tmp_path: Path, options: list[str], code: int, words: str
) -> None:
    done, error = refused("--host", "127.0.0.1", "--port", "0", "--data", str(tmp_path / "data"), *options)
    assert (done, error.count("\n")) == (code, 1)
    assert words in error


def test_all_addresses_use_one_port_by_default(tmp_path: Path) -> None:
    command = [*SERVE, "--port", "0", "--data", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    lines = [process.stdout.readline()]
    while lines[-1].startswith("Server listening on "):
        lines.append(process.stdout.readline())
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    ports = {line.strip().rpartition(":")[2] for line in lines[:-1]}
    hosts = {line.split()[-1].rpartition(":")[0] for line in lines[:-1]}
    assert len(ports) == 1
    assert "0.0.0.0" in hosts
    assert hosts <= {"0.0.0.0", "[::]"}
