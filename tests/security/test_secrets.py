"""Real programs with every kind of secret: none is in a command line, an environment, a log or another file."""

import re
import subprocess
import termios
from pathlib import Path

import pytest

from socketchat.client.identity.invitation import parse_invitation
from socketchat.protocol import commands
from tests.keys import key_of
from tests.security.callers import DEADLINE, Caller, invite, join_code, local_secret, reset
from tests.terminal.screens import Terminal
from tests.terminal.seats import PROGRAM, environment

PASSPHRASE, WRONG_PASSPHRASE = "a horse of another color", "a horse without any color"
PASSWORD, WRONG_PASSWORD = "correct horse battery", "wrong horse battery"

KEEPERS = {
    "join code": "join-code",
    "local secret": "local-secret",
    "key of the server": "tls.pem",
    "key of ann": "key",
    "key of ben": "key",
}
"""The file that is meant to hold a secret; only its owner can read it."""


class Street:
    """Programs that run until the end of the test, each with its stderr in a file or on its terminal."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.processes: list[subprocess.Popen] = []
        self.terminals: list[Terminal] = []

    def begin(self, *arguments: str, home: str = "host", **streams) -> subprocess.Popen:
        with (self._directory / f"stderr of {home} {arguments[0]}").open("wb") as log:
            streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log} | streams
            environ = environment(self._directory / home)
            self.processes.append(subprocess.Popen([*PROGRAM, *arguments], text=True, env=environ, **streams))
        return self.processes[-1]

    def sit(self, *arguments: str, home: str) -> Terminal:
        terminal = Terminal(columns=200)
        self.terminals.append(terminal)
        ends = dict.fromkeys(("stdin", "stdout", "stderr"), terminal.slave)
        self.begin(*arguments, home=home, start_new_session=True, **ends)
        return terminal

    def end(self) -> None:
        """End all of them, the server last."""
        for process in reversed(self.processes):
            process.terminate()
            process.wait(DEADLINE)
            for stream in filter(None, (process.stdin, process.stdout)):
                stream.close()
        for terminal in self.terminals:
            terminal.read()
            terminal.close()


@pytest.fixture
def street(tmp_path):
    street = Street(tmp_path)
    yield street
    street.end()


def play(street: Street, data: Path) -> dict[str, set[str]]:
    """Use all secrets, right and wrong ones; return each in the forms in which it may be written."""
    server = street.begin("serve", "--host", "127.0.0.1", "--port", "0", "--tunnel", "--data", str(data))
    port = re.search(r":(\d+)$", server.stdout.readline())[1]
    url, code = invite(data, "--host", f"127.0.0.1:{port}"), join_code(data)
    ann = street.sit("join", "ann", "--port", port, home="ann")
    ben = street.begin("join", "ben", "-", home="ben")
    ben.stdin.write(f"{url}\nhello\n")
    ben.stdin.flush()
    for seen, typed in (
        ("Join code:", "wrong words are no code"),
        ("Wrong join code", code.replace("-", " ")),
        ("ben: hello", "/password"),
        ("New password:", PASSWORD),
        ("Once more:", PASSWORD),
        ("Your password is set", "hello ben"),
    ):
        ann.until(lambda seen=seen: seen in ann.text)
        ann.type(f"{typed}\r")
    while not (line := ben.stdout.readline()).endswith("ann: hello ben\n"):
        assert line
    phone = street.sit("join", "ann", "--port", port, home="phone")
    for seen, typed in (("Password (", WRONG_PASSWORD), ("password is wrong.\nPassword (", PASSWORD)):
        phone.until(lambda seen=seen: seen in phone.text)
        phone.type(f"{typed}\r")
    phone.until(lambda: "Welcome, ann." in phone.text)
    copy_key(street, data.parent / "exported")
    with Caller(int(port)) as caller:
        caller.comes("cat", key_of("cat"), local=local_secret(data))
        token = caller.token
    with Caller(int(port)) as caller:
        caller.say(commands.Hello(token=token, id=1))
        assert caller.answer() == "cat"
    link = reset(data, "ben", "--host", f"127.0.0.1:{port}")
    again = street.begin("join", "ben", "-", home="new")
    again.stdin.write(f"{link}\nI am back\n")
    again.stdin.flush()
    ann.until(lambda: "ben: I am back" in ann.text)
    keys = {name: next((data.parent / name).rglob("key")).read_text() for name in ("ann", "ben")}
    return {
        "join code": {code, code.replace("-", " ")},
        "local secret": {(data / "local-secret").read_text().strip()},
        "key of the server": set((data / "tls.pem").read_text().split("-----")[2].split()),
        "token of an invite": {parse_invitation(url).token},
        "token of a reset": {parse_invitation(link).token},
        "token of a session": {token, caller.token},
        "passphrase": {PASSPHRASE, WRONG_PASSPHRASE},
        "password": {PASSWORD, WRONG_PASSWORD},
        "key of ann": {keys["ann"].strip()},
        "key of ben": {keys["ben"].strip()},
    }


def echoes(terminal: Terminal) -> bool:
    return bool(terminal.settings[3] & termios.ECHO)


def copy_key(street: Street, file: Path) -> None:
    """Export ann's key with a passphrase, and import it elsewhere, first with a wrong passphrase."""
    for command, home, answers in (
        ("export", "ann", [("Passphrase", PASSPHRASE), ("Once more", PASSPHRASE)]),
        ("import", "thief", [("Passphrase", WRONG_PASSPHRASE)]),
        ("import", "laptop", [("Passphrase", PASSPHRASE)]),
    ):
        terminal = street.sit("key", command, str(file), home=home)
        for seen, typed in answers:
            # click prompts before it turns the echo off, which discards what was typed until then.
            terminal.until(lambda seen=seen, terminal=terminal: seen in terminal.text and not echoes(terminal))
            terminal.type(f"{typed}\r")
        assert street.processes[-1].wait(DEADLINE) == (4 if home == "thief" else 0)


def test_secrets_are_only_in_their_own_files(street, tmp_path) -> None:
    data = tmp_path / "data"
    secrets = play(street, data)
    assert all(len(form) > 15 for forms in secrets.values() for form in forms)

    def shows(content: bytes) -> set[str]:
        return {what for what, forms in secrets.items() if any(form.encode() in content for form in forms)}

    for process in street.processes:
        for name in ("cmdline", "environ"):
            content = Path(f"/proc/{process.pid}/{name}").read_bytes() if process.poll() is None else b""
            assert content or process.poll() is not None
            assert not shows(content)
    street.end()
    street.processes.clear()
    for terminal in street.terminals:  # a code is read aloud and typed seen
        assert shows(terminal.text.encode()) <= {"join code"}
    street.terminals.clear()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"socketchat.db", "stderr of host serve", "stderr of ben join"} <= {path.name for path in files}
    kept = set()
    for path in files:
        for what in shows(path.read_bytes()):
            assert KEEPERS.get(what) == path.name, (what, path)
            assert path.stat().st_mode & 0o077 == 0
            kept.add(what)
    assert kept == set(KEEPERS)
