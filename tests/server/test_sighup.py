"""A server in a terminal that is closed, or that gets SIGHUP for another reason."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from socketchat.server.tls.certificate import own_identity

from .test_serve import SERVE

IN_TERMINAL = """
import fcntl, os, signal, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
if sys.argv[1] == "nohup":
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.execv(sys.argv[2], sys.argv[2:])
"""

STAYS = "kept the old certificate"

Start = Callable[..., "InTerminal"]


class InTerminal:
    """A server that was started in a terminal, whose certificate cannot be read again: it says so at each attempt."""

    def __init__(self, directory: Path, how: str) -> None:
        own_identity(directory)
        path = directory / "tls.pem"
        files = ("--data", str(directory / "data"), "--tls-cert", str(path), "--tls-key", str(path))
        self.terminal, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", IN_TERMINAL, how, *SERVE, "--host", "127.0.0.1", "--port", "0", *files],
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(slave)
        assert self.process.stdout is not None
        found = re.search(r":(\d+)$", self.process.stdout.readline())
        assert found
        self.port = int(found[1])
        path.write_text("nonsense")

    def hang_up(self) -> None:
        """Close the terminal, as its window does."""
        if self.terminal >= 0:
            os.close(self.terminal)
            self.terminal = -1

    def rereads(self) -> None:
        """Wait until the certificate is read again."""
        assert self.process.stderr is not None
        assert STAYS in self.process.stderr.readline()

    def close(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and the rest of the output."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        with self.process.stdout as out, self.process.stderr as error:
            code = self.process.wait(10)
            words = out.read() + error.read()
        self.hang_up()
        return code, words


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a server in a terminal; the server is killed at the end."""
    started: list[InTerminal] = []

    def begin(how: str = "plainly") -> InTerminal:
        started.append(InTerminal(tmp_path, how))
        return started[-1]

    yield begin
    for server in started:
        server.process.kill()
        server.process.wait()
        server.hang_up()


def test_a_server_ends_with_its_terminal_and_notifies_its_clients(start: Start) -> None:
    server = start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as bob:
        bob.sendall(b"bob\n")
        assert bob.recv(1)
        server.hang_up()
        with bob.makefile() as told:
            assert told.readlines()[-1] == "[server] The server is shutting down.\n"
    code, words = server.close()
    assert code == 0
    assert STAYS not in words
    assert "has stopped" not in words


def test_sighup_from_a_live_terminal_reloads_the_certificate(start: Start) -> None:
    server = start()
    server.process.send_signal(signal.SIGHUP)
    server.rereads()
    server.process.terminate()
    code, words = server.close()
    assert code == 0
    assert words.endswith("The server has stopped.\n")


def test_with_nohup_the_server_outlives_its_terminal(start: Start) -> None:
    server = start("nohup")
    server.hang_up()
    server.rereads()
    server.process.send_signal(signal.SIGHUP)
    server.rereads()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as bob:
        bob.sendall(b"bob\n")
        assert bob.recv(1)
    server.process.terminate()
    assert server.close()[0] == 0
