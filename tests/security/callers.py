"""A client at a socket of a real server, which sends valid or invalid data and waits for answers."""

from __future__ import annotations

import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Self

from socketchat.client.identity.keys import Key
from socketchat.protocol import commands, events
from socketchat.protocol.authentication.certificates import read_certificate
from socketchat.protocol.authentication.entry_proof import code_key
from socketchat.protocol.codec import decode_event, encode
from tests.certificate import trusting
from tests.keys import hello_of, proof_of, shown_of

_code_key = cache(code_key)

DEADLINE = 20.0
"""Seconds before a test fails; it usually waits for milliseconds."""


class Caller:
    """One connection, under TLS or in plaintext; ``received`` is all output of the server.

    ``token`` is that of the session, once one is let in.
    """

    def __init__(self, port: int, host: str = "127.0.0.1", *, tls: bool = True, source: str = "") -> None:
        self._socket = socket.create_connection((host, port), DEADLINE, (source, 0))
        self.binding = self.host_key = b""
        if tls:
            self._socket = trusting().wrap_socket(self._socket)
            self.binding, self.host_key = read_certificate(self._socket.getpeercert(binary_form=True))
        self._lines = self._socket.makefile("rb")
        self.received = b""
        self.token = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._lines.close()
        self._socket.close()

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def say(self, *said: commands.Command) -> None:
        self.write(b"".join(map(encode, said)))

    def line(self) -> bytes:
        """Return the next line, b"" at the end of everything."""
        line = self._lines.readline()
        self.received += line
        return line

    def rest(self) -> bytes:
        """Return the output until the server closes."""
        rest = self._lines.read()
        self.received += rest
        return rest

    def hears(self, *kinds: type[events.Event]) -> events.Event:
        """Return the next event of these kinds, and forget those before it."""
        while line := self.line():
            event = decode_event(line.rstrip(b"\n"))
            if isinstance(event, kinds):
                return event
        raise EOFError(self.received)

    def asks(self, name: str, key: Key) -> events.Challenge:
        """Say hello with a key, and return the challenge."""
        self.say(hello_of(key, name=name, id=1))
        return self.hears(events.Challenge)

    def comes(self, name: str, key: Key, *, code: str = "", local: bytes = b"", **shown: str) -> str:
        """Log in by a key and other proofs; return the name, or the code word of the error."""
        challenge = self.asks(name, key)
        secrets = {}
        if code:
            secrets["code"] = _code_key(code, self.host_key)
        if local:
            secrets["local"] = local
        proofs = {
            kind: shown_of(secret, key, challenge, name, binding=self.binding) for kind, secret in secrets.items()
        }
        self.say(proof_of(key, challenge, name, binding=self.binding, id=2, **proofs, **shown))
        return self.answer()

    def answer(self) -> str:
        """Return the name of the welcome, or the code word of the error."""
        told = self.hears(events.Welcome, events.Error, events.Bye)
        if isinstance(told, events.Welcome):
            self.token = told.token
            return told.name
        return told.code


def local_secret(data: Path) -> bytes:
    return bytes.fromhex((data / "local-secret").read_text())


def join_code(data: Path) -> str:
    return (data / "join-code").read_text().strip()


def invite(data: Path, *options: str) -> str:
    """Return the URL of an invite to the server over this data."""
    return _printed("invite", "--data", str(data), *options)


def reset(data: Path, name: str, *options: str) -> str:
    """Return the link by which a name is taken back."""
    return _printed("admin", "--data", str(data), "users", "reset", name, *options)


def _printed(*arguments: str) -> str:
    command = [sys.executable, "-m", "socketchat", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=DEADLINE).stdout.strip()
