"""A server that is not on this machine: another network namespace has a non-loopback address."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys

import pytest

from .screens import DEADLINE, Terminal
from .seats import PROGRAM, environment

ADDRESS = "198.51.100.1"

UP = f"ip link set lo up && ip addr add {ADDRESS}/32 dev lo"
"""The address is reached over the loopback device, but it is not a loopback address."""


def can_make_namespaces() -> bool:
    if not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        return False
    return subprocess.run(["unshare", "-n", "sh", "-c", UP], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not can_make_namespaces(), reason="network namespaces need root and iproute2")

SAY = """
import socket, sys
with socket.create_connection((sys.argv[1], 5000), timeout=20) as server:
    server.sendall(b"carol\\n")
    print(server.makefile().readline(), end="")
"""


class Elsewhere:
    """A server in a network namespace, and commands that run there."""

    def __init__(self, home, *options) -> None:
        self._home = home
        command = ["unshare", "-n", "sh", "-c", f'{UP} && exec "$@"', "sh", *PROGRAM, "serve", *options]
        self._process = subprocess.Popen(
            [*command, "--data", str(home / "server")], stdout=subprocess.PIPE, text=True, env=environment(home)
        )
        self.lines: list[str] = []
        while not (self.lines and self.lines[-1].startswith("Fingerprint: ")):
            self.lines.append(self._process.stdout.readline())
            assert self.lines[-1], self.lines
        self.fingerprint = self.lines[-1].split()[1]

    @property
    def code(self) -> str:
        return (self._home / "server" / "join-code").read_text().strip()

    def run(self, *command, **options) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._inside(command), capture_output=True, text=True, check=False, env=environment(self._home), **options
        )

    def join(self, *arguments) -> tuple[Terminal, subprocess.Popen]:
        terminal = Terminal()
        command = self._inside([*PROGRAM, "join", *arguments])
        slave = terminal.slave
        return terminal, subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment(self._home), start_new_session=True
        )

    def _inside(self, command) -> list[str]:
        return ["nsenter", "-n", "-t", str(self._process.pid), *command]

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=DEADLINE)


@pytest.fixture
def elsewhere(tmp_path):
    """Return an open server."""
    server = Elsewhere(tmp_path, "--open")
    yield server
    server.stop()


@pytest.fixture
def closed(tmp_path):
    """Return a server that requires a join code or an invite."""
    server = Elsewhere(tmp_path)
    yield server
    server.stop()


def test_plaintext_is_used_only_on_the_local_machine(elsewhere):
    assert "Server listening on 0.0.0.0:5000\n" in elsewhere.lines
    here, there = (elsewhere.run(sys.executable, "-c", SAY, host).stdout for host in ("127.0.0.1", ADDRESS))
    assert here == "[join] carol has joined the chat.\n"
    assert there.startswith("[server] This server accepts plaintext from its own machine only. Use `socketchat join")


def test_send_trusts_no_unknown_server(elsewhere):
    send = [*PROGRAM, "send", "--host", ADDRESS, "--as", "ann", "hi"]
    refused = elsewhere.run(*send, stdin=subprocess.DEVNULL)
    assert (refused.returncode, refused.stderr.count("\n")) == (4, 1)
    assert "--invite-file" in refused.stderr
    told = re.search(r"socketchat (trust \S+ (SHA256:\S+))", refused.stderr)
    assert told[2] == elsewhere.fingerprint
    assert elsewhere.run(*PROGRAM, *told[1].split()).returncode == 0
    assert elsewhere.run(*send, stdin=subprocess.DEVNULL).returncode == 0


@pytest.mark.parametrize("answer", ["n", pytest.param("", marks=pytest.mark.faults), "y"])
def test_join_asks_once_to_confirm_an_unknown_server(elsewhere, answer):
    terminal, process = elsewhere.join("ann", "--host", ADDRESS)
    terminal.until(lambda: "[y/N]" in terminal.text)
    assert elsewhere.fingerprint in terminal.text
    terminal.type(f"{answer}\r")
    if answer == "y":
        terminal.until(lambda: "#lobby ann>" in terminal.text)
        terminal.type("\x04")
        assert ends(terminal, process) == 0
        terminal, process = elsewhere.join("ann", "--host", ADDRESS)
        terminal.until(lambda: "#lobby ann>" in terminal.text)
        assert "[y/N]" not in terminal.text
        terminal.type("\x04")
        assert ends(terminal, process) == 0
    else:
        assert ends(terminal, process) == 4
        assert "is not known yet" in terminal.text


def test_a_join_code_replaces_the_question_about_the_server(closed):
    terminal, process = closed.join("ann", "--host", ADDRESS)
    terminal.until(lambda: "Join code, or [y/N]:" in terminal.text)
    terminal.type("four-words-are-none\r")
    terminal.until(lambda: "This is not a join code" in terminal.text)
    terminal.until(lambda: terminal.text.count("[y/N]:") == 2)
    terminal.type(f"{closed.code}\r")
    terminal.until(lambda: "#lobby ann>" in terminal.text)
    terminal.type("\x04")
    assert ends(terminal, process) == 0
    send = [*PROGRAM, "send", "--host", ADDRESS]
    assert closed.run(*send, "hi", stdin=subprocess.DEVNULL).returncode == 0
    assert closed.run(*send, "--as", "bob", "hi", stdin=subprocess.DEVNULL).returncode == 0  # the key is enough


def test_an_unknown_server_gets_nothing_before_the_user_decides(elsewhere, tmp_path):
    server = subprocess.Popen(
        elsewhere._inside([sys.executable, "-c", LISTEN, str(tmp_path), ADDRESS]), stdout=subprocess.PIPE, text=True
    )
    assert server.stdout.readline() == "ready\n"
    terminal, process = elsewhere.join("ann", "--host", f"{ADDRESS}:5001")
    terminal.until(lambda: "[y/N]" in terminal.text)
    assert server.communicate(timeout=DEADLINE)[0] == "b''\n"
    terminal.type("y\r")
    assert ends(terminal, process) == 6


LISTEN = """
import socket, sys
from pathlib import Path
from socketchat.server.tls.certificate import own_identity
listener = socket.create_server((sys.argv[2], 5001))
context = own_identity(Path(sys.argv[1])).context
print("ready", flush=True)
heard = b""
for _ in range(2):  # the first one ends as no authority vouches for the certificate
    with listener.accept()[0] as client:
        try:
            with context.wrap_socket(client, server_side=True) as server:
                heard += server.recv(65_536)
        except OSError:
            pass
print(heard)
"""


def test_a_code_typed_at_the_question_makes_an_open_server_prove_itself(elsewhere):
    terminal, process = elsewhere.join("ann", "--host", ADDRESS)
    terminal.until(lambda: "[y/N]" in terminal.text)
    terminal.type(f"{elsewhere.code}\r")
    terminal.until(lambda: "#lobby ann>" in terminal.text)
    terminal.type("\x04")
    assert ends(terminal, process) == 0


def test_without_a_terminal_only_an_invite_lets_a_newcomer_in(closed, tmp_path):
    join = [*PROGRAM, "join", "logbot"]
    refused = closed.run(*join, "--host", ADDRESS, input="hello\n")
    assert (refused.returncode, refused.stderr.count("\n")) == (4, 1)
    assert "--invite-file" in refused.stderr
    url = closed.run(*PROGRAM, "invite", "--data", str(tmp_path / "server"), "--host", ADDRESS).stdout
    (tmp_path / "url").write_text(url)
    assert closed.run(*join, "--invite-file", str(tmp_path / "url"), input="hello\n").returncode == 0
    assert closed.run(*join, "-", input=f"{url}hello again\n").returncode == 0
    assert closed.run(*join, "--host", ADDRESS, input="hello\n").returncode == 0
    tls = "context = ssl._create_unverified_context(); server = context.wrap_socket(server)\n    server.sendall"
    guest = closed.run(
        sys.executable, "-c", SAY.replace("server.sendall", tls).replace("import ", "import ssl, "), ADDRESS
    )
    assert guest.stdout.startswith("[error] Guests can only log in from the server's own machine")


def ends(terminal: Terminal, process: subprocess.Popen) -> int:
    """Read the rest of the output, and return the exit code."""
    pidfd = os.pidfd_open(process.pid)
    while process.poll() is None:
        assert select.select([terminal, pidfd], [], [], DEADLINE)[0], terminal.text
        terminal.read()
    os.close(pidfd)
    while terminal.read():
        pass
    terminal.close()
    return process.returncode


@pytest.mark.parametrize(
    ("network", "found"),
    [
        ("true", "None"),
        ("ip link add here type veth peer name there && ip addr add 10.77.0.1/24 dev here", "10.77.0.1"),
    ],
)
def test_an_isolated_network_counts_as_a_network(network, found):
    ask = "from socketchat.server import reached_at; print(reached_at(['0.0.0.0']))"
    command = ["unshare", "-n", "-u", "sh", "-c", f'ip link set lo up && hostname localhost && {network} && exec "$@"']
    done = subprocess.run([*command, "sh", sys.executable, "-c", ask], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"{found}\n", "")
