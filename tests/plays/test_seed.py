"""The seed's behavior, frozen byte for byte: no transcript here is changed to make a test pass."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Self

import pytest

from tests.client.serving import serving
from tests.server.house import Caller, House, run

SEED = Path(__file__).parent / "seed"
TRANSCRIPTS = {path.stem: path for path in sorted(SEED.glob("*.seed"))}
STEP = re.compile(r"(\w+)(> ?|< ?| )(.*)")


def steps(path: Path) -> list[tuple[int, str, str, bytes]]:
    r"""Return line number, client, ">" "<" or " ", and the bytes of each step; \r, \t and \xNN are escapes."""
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            who, what, text = STEP.fullmatch(line).groups()
            found.append((number, who, what[0], text.encode("latin-1").decode("unicode_escape").encode("latin-1")))
    return found


async def perform(house: House, path: Path) -> None:
    callers: dict[str, Caller] = {}
    for number, who, what, text in steps(path):
        caller = callers.get(who) or callers.setdefault(who, await house.call())
        place = f"{path.name}:{number}"
        if what == ">":
            await caller.write(text + b"\n")
        elif what == "<":
            async with asyncio.timeout(10):
                assert await caller.reader.readexactly(len(text) + 1) == text + b"\n", place
        elif text == b"ends":
            assert await caller.end() == b"", place
            del callers[who]
        else:
            assert text == b"vanishes", place
            callers.pop(who).vanish()
    assert callers == {}


@pytest.mark.parametrize(("journal", "loop"), [("memory", "asyncio"), ("sqlite", "uvloop")])
@pytest.mark.parametrize("path", TRANSCRIPTS.values(), ids=TRANSCRIPTS)
def test_every_byte_matches_the_transcript_of_the_seed(path: Path, journal: str, loop: str, tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        await perform(house, path)

    run(loop, scene, journal="memory:" if journal == "memory" else f"sqlite:{tmp_path / 'data'}")


CLIENTS = {"the seed's": [sys.executable, str(SEED / "client.py")], "nc": ["nc"], "telnet": ["telnet"]}
GREETING_OF_TELNET = 3  # lines: that it tries, that it is connected, and how to escape


class Seat:
    """A user of a generic line client, as a process."""

    def __init__(self, client: str, port: int) -> None:
        command = [*CLIENTS[client], "127.0.0.1", str(port)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(GREETING_OF_TELNET if client == "telnet" else 0):
            self.process.stdout.readline()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            self.process.kill()

    def type(self, line: str) -> None:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def reads(self, *lines: str) -> None:
        for line in lines:
            assert self.process.stdout.readline() == line + "\n"

    def quit(self) -> None:
        """Leave; the client ends by itself, without further output."""
        self.type("/quit")
        rest, _ = self.process.communicate(timeout=10)
        assert rest in {"", "Connection closed by foreign host.\n"}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_generic_line_client_can_chat(client: str, tmp_path: Path) -> None:
    if shutil.which(CLIENTS[client][0]) is None:
        pytest.skip(f"needs {client}")
    connected = ("", "=== Connected! Type /help for commands ===", "")
    with serving(tmp_path) as server, Seat(client, server.port) as alice, Seat(client, server.port) as bob:
        alice.type("alice")
        alice.reads("[join] alice has joined the chat.", *connected)
        bob.type("alice")
        bob.reads("[error] alice is in use; choose another name.")
        bob.type("bob")
        bob.reads("[join] bob has joined the chat.", *connected)
        alice.reads("[join] bob has joined the chat.")
        alice.type("hello")
        bob.reads("alice: hello")
        bob.type("/users")
        bob.reads("=== Online Users (2) ===", "  - alice", "  - bob")
        bob.type("/dm alice hi")
        bob.reads("[DM to alice] hi")
        alice.reads("[DM from bob] hi")
        bob.type("")
        bob.quit()
        alice.reads("[leave] bob has left the chat.")
        alice.quit()
