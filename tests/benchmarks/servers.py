"""The compared chat servers: how to start each without limits, log in, and read its lines."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from . import compiler

HERE = ("--host", "127.0.0.1")
"""The address of all servers."""


class Server(Protocol):
    """A line-based chat server, as the generator sees it; a room of None is the lobby."""

    name: str
    line_end: bytes
    logins: int
    """Concurrent logins: they fit in the server's accept queue."""
    has_rooms: bool
    """Whether it has rooms besides the lobby."""

    def missing(self) -> str | None:
        """Return the reason why the server cannot be measured here."""

    def command(self, directory: Path) -> Sequence[str | Path]:
        """Prepare the directory and return the command that serves from it, in the foreground."""

    def port(self, output: str) -> int | None:
        """Return the port once the server's output shows that it accepts connections."""

    def login(self, name: str, room: str | None) -> list[bytes]:
        """Return the lines of a login, each to be sent after the answer to the previous one."""

    def answers(self, *, rooms: bool) -> list[bytes]:
        """Return the patterns of the answers to each line of a login, with a room or without."""

    def say(self, room: str | None) -> bytes:
        """Return the prefix that sends a text to the room."""

    def heard(self, name: str, room: str | None) -> bytes:
        """Return the prefix that other clients see before a text of that client."""


class _Plain:
    """The common part of the servers that speak the plain dialect."""

    line_end = b"\n"
    logins = 100
    has_rooms = True

    def login(self, name: str, room: str | None) -> list[bytes]:
        return [name.encode()] + ([f"/join #{room}".encode()] if room else [])

    def answers(self, *, rooms: bool) -> list[bytes]:
        return [b"=== Connected!", b"#r"] if rooms else [b"=== Connected!"]

    def say(self, room: str | None) -> bytes:  # noqa: ARG002 - lines go to the current room
        return b""

    def heard(self, name: str, room: str | None) -> bytes:  # noqa: ARG002 - likewise
        return f"{name}: ".encode()


class Socketchat(_Plain):
    """This project's server, in its plain dialect, with its data on disk: a copy of the history given, or none.

    ``program`` is the installed command of another version, measured beside this checkout under the name "before".
    """

    def __init__(self, history: Path | None = None, *, program: Path | None = None) -> None:
        self._history = history
        self.name = "before" if program else "socketchat"
        self.program: Sequence[str | Path] = [program] if program else [sys.executable, "-m", "socketchat"]

    def missing(self) -> str | None:
        return None

    def command(self, directory: Path) -> Sequence[str | Path]:
        if self._history:
            shutil.copytree(self._history, directory / "data")
            os.sync()  # or the copy is written while messages are timed
        return self.serve(directory / "data")

    def serve(self, data: Path) -> Sequence[str | Path]:
        """Return the command that serves this data directory."""
        return (*self.program, "serve", "--no-limits", *HERE, "--port", "0", "--data", data)

    def port(self, output: str) -> int | None:
        listening = re.search(r"^Server listening on 127\.0\.0\.1:(\d+)$", output, re.MULTILINE)
        return int(listening[1]) if listening else None


class Floor(_Plain):
    """A stub in C that makes the same system calls, with the same fsync, and nothing else (``floor.c``)."""

    name = "floor"

    def missing(self) -> str | None:
        return compiler.MISSING if compiler.is_missing() else None

    def command(self, directory: Path) -> Sequence[str | Path]:
        return (compiler.compiled("floor.c", directory.parent), directory / "records")

    def port(self, output: str) -> int | None:
        return _listening(output)


class Original(_Plain):
    """The design of the program that socketchat began as (``original.py``): a thread per client, nothing stored."""

    name = "original"
    has_rooms = False

    def missing(self) -> str | None:
        return None

    def command(self, directory: Path) -> Sequence[str | Path]:  # noqa: ARG002 - it stores nothing
        return (sys.executable, "-m", "tests.benchmarks.original")

    def port(self, output: str) -> int | None:
        return _listening(output)


class _Irc:
    """The common part of the IRC servers: the protocol, and the choice of a port."""

    program: str
    user: str
    line_end = b"\r\n"
    has_rooms = True

    def missing(self) -> str | None:
        return None if self._path() else f"{self.program} is not installed"

    def _path(self) -> str:
        return shutil.which(self.program) or shutil.which(self.program, path="/usr/sbin:/usr/local/sbin") or ""

    def login(self, name: str, room: str | None) -> list[bytes]:
        return [f"NICK {name}\r\nUSER u 0 * :u".encode(), b"JOIN " + self._channel(room)]

    def answers(self, *, rooms: bool) -> list[bytes]:  # noqa: ARG002 - the lobby is a channel too
        return [b" 001 ", b" 366 "]

    def say(self, room: str | None) -> bytes:
        return b"PRIVMSG " + self._channel(room) + b" :"

    def heard(self, name: str, room: str | None) -> bytes:
        return f":{name}!{self.user}@127.0.0.1 ".encode() + self.say(room)

    def _channel(self, room: str | None) -> bytes:
        return f"#{room or 'lobby'}".encode()


class InspIrcd(_Irc):
    """InspIRCd 3 (C++): one thread, one write per recipient and turn of its loop."""

    name = "InspIRCd"
    program = "inspircd"
    user = "u"
    logins = 1000  # it finishes all logins together, once a second

    def command(self, directory: Path) -> Sequence[str | Path]:
        self._port = _free_port()
        configuration = directory / "inspircd.conf"
        configuration.write_text(
            f'<path configdir="{directory}" datadir="{directory}" logdir="{directory}" runtimedir="{directory}">\n'
            '<server name="benchmark.test" description="benchmark" network="benchmark" id="000">\n'
            '<admin name="benchmark" nick="benchmark" email="root@benchmark.test">\n'
            f'<bind address="127.0.0.1" port="{self._port}" type="clients">\n'
            '<connect allow="*" timeout="60" pingfreq="1h" resolvehostnames="no" useident="no" localmax="20000"'
            ' globalmax="20000" maxconnwarn="no" fakelag="no" threshold="1000000" commandrate="1000000000"'
            ' recvq="10M" softsendq="1G" hardsendq="1G">\n'
            '<performance netbuffersize="65534" somaxconn="4096" quietbursts="yes">\n'
        )
        return (self._path(), f"--config={configuration}", "--nofork", "--nolog", "--nopid", "--runasroot")

    def port(self, output: str) -> int | None:
        return self._port if "InspIRCd is now running" in output else None


class NgIrcd(_Irc):
    """ngIRCd 26 (C): one thread, small."""

    name = "ngIRCd"
    program = "ngircd"
    user = "~u"
    logins = 8  # its queue of new connections holds ten

    def command(self, directory: Path) -> Sequence[str | Path]:
        self._port = _free_port()
        configuration = directory / "ngircd.conf"
        configuration.write_text(
            "[Global]\nName = benchmark.test\nInfo = benchmark\n"
            "AdminInfo1 = benchmark\nAdminEMail = root@benchmark.test\n"
            f"Listen = 127.0.0.1\nPorts = {self._port}\n"
            "[Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxJoins = 0\nMaxPenaltyTime = 0\nPingTimeout = 3600\n"
            "[Options]\nDNS = no\nIdent = no\nPAM = no\n"
        )
        return (self._path(), "--nodaemon", "--config", configuration)

    def port(self, output: str) -> int | None:
        return self._port if re.search(r"Server .* ready\.", output) else None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _listening(output: str) -> int | None:
    listening = re.search(r"^listening on (\d+)$", output, re.MULTILINE)
    return int(listening[1]) if listening else None
