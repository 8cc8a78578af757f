"""The admin socket, through which the operator manages the server; only the server's own account may open it.

The socket is in the data directory, which has mode 0700, and has mode 0600 itself. An order is one line of JSON. The
answer is lines to print, then ``ok`` or ``error``. This module has both ends: the server's, and the blocking one of
``socketchat admin``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

import msgspec

from ..commands.operator import orders as handlers
from ..exceptions import BadLine, ChatError, Refused, Unreachable, from_code, reason
from ..hub import Hub, Session
from ..protocol import commands, operator
from ..protocol.codec import encode
from ..protocol.events import Error, Ok
from ..protocol.framing import LineBuffer
from ..protocol.limits import LINE_BYTES
from ..wire.native import NATIVE

log = logging.getLogger(__name__)

NAME = "admin.sock"

PATH_BYTES = 103
"""Longest path of a socket on macOS; Linux allows 107 bytes."""

ANSWER_SECONDS = 60.0
"""Longest silence of the server: an order may wait for a busy disk, and slow orders report progress."""

_decode_order = msgspec.json.Decoder(operator.ORDERS).decode
_decode_answer = msgspec.json.Decoder(operator.ANSWERS).decode


class AdminSocket:
    """The server's end."""

    def __init__(self, hub: Hub, directory: Path) -> None:
        self._hub = hub
        self._directory = directory
        self._orders: set[_Order] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Take orders; raises ChatError. The caller holds the directory's lock, so an old socket can be replaced."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with suppress(FileNotFoundError):
                (self._directory / NAME).unlink()
            with _address(self._directory) as address:
                sock.bind(address)
            (self._directory / NAME).chmod(0o600)  # before it listens, so no process can connect yet
        except OSError as problem:
            sock.close()
            raise ChatError(f"Cannot create {self._directory / NAME}: {reason(problem)}.") from problem
        sock.setblocking(False)  # noqa: FBT003 - the name says it
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Order(self._hub, self._orders), sock=sock)

    def close(self) -> None:
        """Stop taking orders; call this while holding the directory's lock."""
        if self._server is not None:
            self._server.close()
            with suppress(FileNotFoundError):
                (self._directory / NAME).unlink()
        for order in list(self._orders):
            order.close(b"")


class _Order(asyncio.Protocol):
    """One order; the link of a session that hears no conversation."""

    def __init__(self, hub: Hub, orders: set[_Order]) -> None:
        self._hub = hub
        self._orders = orders
        self._lines = LineBuffer(LINE_BYTES)
        self._transport: asyncio.WriteTransport | None = None
        self._session: Session | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start a session for the order."""
        self._orders.add(self)
        self._transport = cast("asyncio.WriteTransport", transport)  # a socket's transport can write
        self._session = Session(NATIVE, self, self._write)
        self._session.user = self._hub.operator

    def data_received(self, data: bytes) -> None:
        """Read the order, which is one line."""
        session = self._session
        if session is None:
            return
        try:
            self._lines.receive_data(data)
            line = self._lines.next_line()
            if line is not None:
                self._session = None  # one order per connection
                handlers.handle(self._hub, session, _decode_order(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            session.refuse(
                BadLine("The server does not know this command. After an upgrade, restart the server."), None
            )
        except ChatError as error:
            session.refuse(error, None)
        except Exception as error:  # noqa: BLE001 - costs this order, not the server
            self.fail(error)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the reason does not matter
        """End the session."""
        self._orders.discard(self)

    def proceed(self) -> None:
        """Do nothing, since a connection carries one order."""

    def close(self, last_words: bytes) -> None:
        """Write these bytes, then close."""
        if self._transport is not None:
            self._transport.write(last_words)
            self._transport.close()

    def fail(self, error: Exception) -> None:
        """Log an unexpected error, and close."""
        log.error("an admin command failed", exc_info=error)
        self.close(encode(Error(code=ChatError.code, text="The command failed. The server's log says why.")))

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


def ask(
    directory: Path, order: commands.Command, progress: Callable[[int, int], object] = lambda _done, _of: None
) -> Iterator[str]:
    """Send an order, and yield the lines of the answer; blocks. Raises the error if that is the answer.

    ``progress`` receives the progress of slow orders.
    """
    with _connected(directory) as sock, sock.makefile("rb") as answers:
        try:
            sock.sendall(encode(order))
            for line in answers:
                answer = _decode_answer(line)
                if isinstance(answer, Error):
                    raise from_code(answer.code, answer.text)
                if isinstance(answer, Ok):
                    return
                if isinstance(answer, operator.Progress):
                    progress(answer.done, answer.of)
                else:
                    yield from answer.lines
        except (OSError, msgspec.DecodeError) as problem:
            raise Unreachable(f"The server in {directory} did not answer: {reason(problem)}.") from problem
    raise Unreachable(f"The server in {directory} stopped before it answered.")


@contextmanager
def _connected(directory: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(ANSWER_SECONDS)
        try:
            with _address(directory) as address:
                if (owner := Path(address).stat().st_uid) not in {os.geteuid(), 0} and os.geteuid() != 0:
                    raise Refused(
                        f"The server in {directory} belongs to another account ({owner}). Run this as that account."
                    )
                sock.connect(address)
        except PermissionError as problem:
            raise Refused(f"{directory} belongs to another account. Run this as that account.") from problem
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as problem:
            raise Unreachable(
                f"No server runs in {directory}. Start it with `socketchat serve`, or give its directory with --data."
            ) from problem
        except OSError as problem:
            raise Unreachable(f"Cannot reach the server in {directory}: {reason(problem)}.") from problem
        yield sock


@contextmanager
def _address(directory: Path) -> Iterator[str]:
    """Yield a path of the socket that is short enough, if need be through the directory's descriptor."""
    path = str(directory / NAME)
    if len(os.fsencode(path)) <= PATH_BYTES:
        yield path
        return
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"  # without /proc, as on macOS, connecting fails
    finally:
        os.close(descriptor)
