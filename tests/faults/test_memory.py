"""The memory of many TLS connections is returned to the system, with or without a login."""

from __future__ import annotations

import os
import resource
import signal
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.certificate import trusting
from tests.server.test_serve import Serving

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's /proc"),
]

LONG = bool(os.environ.get("SOCKETCHAT_LONG"))
STRANGERS = 3000 if LONG else 600
WAVES = 3
LOGINS = 30_000 if LONG else 900
LIMITS = ("--no-limits",) if LONG else ()
"""A server takes 1,000 guests from its own machine, and those count who have just left."""

STRANGERS_PEAK = 80 * 1024 if LONG else 50 * 1024
"""KiB of memory for connections before login: 16 MiB of their input, and 20 KiB each."""

LEFT = 15 * 1024
"""KiB that may be left: tables of names and addresses, and free pages between blocks in use."""

DEADLINE = 60.0
THREADS = 6


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Serving]:
    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files[1], files[1]))
    serving = Serving(tmp_path / "data", "--open", *getattr(request, "param", ()))
    yield serving
    serving.end(signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_NOFILE, files)


def resident(serving: Serving) -> int:
    """Return the KiB of memory that the server has."""
    status = Path(f"/proc/{serving.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def call(serving: Serving) -> ssl.SSLSocket:
    return trusting().wrap_socket(socket.create_connection(("127.0.0.1", serving.port), DEADLINE))


def log_in(serving: Serving, name: str) -> ssl.SSLSocket:
    with ExitStack() as calls:
        caller = calls.enter_context(call(serving))
        caller.sendall(name.encode() + b"\n")
        said = b""
        while b"=== Connected!" not in said:
            assert b"[error]" not in said, said
            data = caller.recv(65_536)
            assert data
            said += data
        calls.pop_all()
    return caller


def each(count: int, do: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(do, range(count)))


def is_given_back(serving: Serving, most: int) -> bool:
    """Tell whether the server soon uses at most this memory, while a user keeps talking."""
    end = time.monotonic() + DEADLINE
    with log_in(serving, "talker") as talker:
        while resident(serving) > most:
            if time.monotonic() > end:
                return False
            talker.sendall(b"/topic\n")
            assert talker.recv(65_536)
    return True


def test_the_memory_of_strangers_under_tls_is_bounded_and_given_back(server: Serving) -> None:
    log_in(server, "first").close()
    before, line = resident(server), b'{"type":"hello","name":"' + b"x" * 262_100
    for _ in range(WAVES):
        with ExitStack() as strangers:

            def come(_: int, strangers: ExitStack = strangers) -> None:
                with suppress(OSError):
                    stranger = strangers.enter_context(call(server))
                    stranger.sendall(line)

            each(STRANGERS, come)
            assert resident(server) < before + STRANGERS_PEAK
    assert is_given_back(server, before + LEFT)


@pytest.mark.parametrize("server", [LIMITS], indirect=True)
def test_memory_does_not_creep_with_log_ins_under_tls(server: Serving) -> None:
    log_in(server, "first").close()
    before = resident(server)
    each(LOGINS, lambda number: log_in(server, f"u{number}").close())
    assert is_given_back(server, before + LEFT)
