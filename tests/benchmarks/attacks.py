"""Attacks by one machine on a server that others use; each runs until it is stopped, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count

from socketchat.protocol import commands, events
from socketchat.protocol.codec import decode_event, encode
from tests.certificate import trusting
from tests.keys import hello_of, key_of, proof_of
from tests.server.raw_tls import RawTls

SILENT = 1000
"""Connections that send the beginning of a name, and no more."""

STRANGERS = 500
"""Connections under TLS that send the beginning of a very long line, and are opened again when the server ends them."""

NAMES = 400
"""Guests who are there, so that a wrong name has many to be compared with."""

LONG_TEXTS = 50
"""Texts of 32 KiB, as many as one user may send at once."""

_LONG = "é " * 10_900


def _flood(port: int) -> None:
    """Send as much as the server takes, and read its output."""
    with _guest(port, "flooder") as flooder:
        threading.Thread(target=_read_all, args=(flooder,), daemon=True).start()
        for number in count():
            flooder.sendall(b"flood %d\n" % number)


def _update_keys(port: int) -> None:
    """Send TLS records without data as fast as possible, on one connection after another."""

    async def update() -> None:
        while True:
            raw = await RawTls().connect(port)
            with suppress(OSError):
                raw.writer.write(b"".join(raw.key_update() for _ in range(2000)))
                await raw.writer.drain()
                await raw.reader.read()
            raw.hang_up()

    asyncio.run(update())


def _ask_for_unread(port: int) -> None:
    """Count unread messages again and again, in a history of the longest texts."""
    with _native(port, "reader") as reader, _guest(port, "writer") as writer:
        writer.sendall(b"first\n")
        time.sleep(0.2)
        _ask(reader, commands.Read(conversation="#lobby", seq=1, id=2))
        threading.Thread(target=_read_all, args=(writer,), daemon=True).start()
        for _ in range(LONG_TEXTS):
            writer.sendall(_LONG.encode() + b"\n")
        while True:
            _ask(reader, commands.Unread(id=3))


def _reconnect_and_flood(port: int) -> None:
    """Log in again for each burst of messages."""
    burst = b"".join(b"again %d\n" % number for number in range(450))
    for number in count():
        with suppress(OSError), _guest(port, f"again{number % 50}") as flooder:
            flooder.sendall(burst + b"/quit\n")
            _read_all(flooder)


def _message_from_many_names(port: int) -> None:
    """Send a direct message under ever new names."""
    for number in count():
        with suppress(OSError), _guest(port, f"dm{number}") as sender:
            sender.sendall(b"/dm u1 hello\n/quit\n")
            _read_all(sender)


def _make_rooms(port: int) -> None:
    """Make rooms under ever new names."""
    for number in count():
        with suppress(OSError), _guest(port, f"maker{number}") as maker:
            maker.sendall(b"".join(b"/join #room%d-%d\n" % (number, room) for room in range(20)) + b"/quit\n")
            _read_all(maker)


def _say_nothing(port: int) -> None:
    """Hold connections open that have not logged in."""
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(SILENT)]
    for each in silent:
        each.sendall(b"nam")
    while True:
        time.sleep(1)


def _fill_buffers(port: int) -> None:
    """Send the beginning of a long line on many connections under TLS."""
    line, held = b'{"type":"hello","name":"' + b"x" * 262_000, []
    while True:
        with suppress(OSError):
            held.append(_tls(port))
            held[-1].sendall(line)
        if len(held) > STRANGERS:
            held.pop(0).close()


def _guess_codes(port: int) -> None:
    """Show wrong join codes, three on each connection."""
    key = key_of("guesser")
    while True:
        with suppress(OSError, EOFError), _tls(port) as caller:
            lines = _lines(caller)
            for number in range(3):
                caller.sendall(encode(hello_of(key, name=f"guess{number}", id=1)))
                challenge = next(event for event in lines if isinstance(event, events.Challenge))
                caller.sendall(encode(proof_of(key, challenge, f"guess{number}", code="A" * 43, id=2)))
                next(event for event in lines if isinstance(event, events.Error))


def _name_nobody(port: int) -> None:
    """Write to names that nobody has, among many that are like them."""
    guests = [_guest(port, f"somebody{number}") for number in range(NAMES)]
    for guest in guests:
        threading.Thread(target=_read_all, args=(guest,), daemon=True).start()
    for number in count():
        guests[0].sendall(b"/dm sombody%d hello\n" % number)


ATTACKS: dict[str, Callable[[int], None]] = {
    "a flood in the room": _flood,
    "key updates": _update_keys,
    "unread counts of long texts": _ask_for_unread,
    "floods after each login": _reconnect_and_flood,
    "direct messages from ever new names": _message_from_many_names,
    "rooms by ever new names": _make_rooms,
    f"{SILENT:,} silent connections": _say_nothing,
    "long lines of strangers under TLS": _fill_buffers,
    "wrong join codes": _guess_codes,
    f"wrong names among {NAMES} guests": _name_nobody,
}


def attack(name: str, port: int) -> None:
    """Attack until the process is stopped; it gives way to the one that measures."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    ATTACKS[name](port)


def _guest(port: int, name: str) -> socket.socket:
    caller = socket.create_connection(("127.0.0.1", port))
    caller.sendall(name.encode() + b"\n")
    return caller


def _native(port: int, name: str) -> socket.socket:
    caller = socket.create_connection(("127.0.0.1", port))
    _ask(caller, commands.Hello(name=name, listen="none", id=1))
    return caller


def _ask(caller: socket.socket, command: commands.Command) -> None:
    """Send a command, and read until it is answered."""
    caller.sendall(encode(command))
    for event in _lines(caller):
        if getattr(event, "id", None) == command.id and isinstance(event, events.Ok | events.Error | events.Welcome):
            return


def _tls(port: int) -> ssl.SSLSocket:
    context = trusting("socketchat/1")
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=5))


def _lines(caller: socket.socket) -> Iterator[events.Event | None]:
    """Yield the events that come; raises EOFError at the end."""
    read = b""
    while True:
        *lines, read = read.split(b"\n")
        yield from map(decode_event, lines)
        data = caller.recv(65_536)
        if not data:
            raise EOFError
        read += data


def _read_all(caller: socket.socket) -> None:
    with suppress(OSError):
        while caller.recv(65_536):
            pass
