"""The design of the program that socketchat began as, written anew: a thread per client, nothing stored, no rooms.

It speaks the same first lines as the plain dialect. Unlike the first program it frames its input, because otherwise two
messages that arrive together would become one, and the generator would rightly call that a fault.
"""

from __future__ import annotations

import contextlib
import socket
import threading

BUFFER = 1024
"""Bytes taken by one recv, as in the first program."""


class Chat:
    """All clients by name, behind one lock."""

    def __init__(self) -> None:
        self._clients: dict[str, socket.socket] = {}
        self._lock = threading.Lock()

    def serve(self, listener: socket.socket) -> None:
        """Accept clients for ever, and give each a thread."""
        while True:
            peer, _ = listener.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._attend, args=(peer,), daemon=True).start()

    def _attend(self, peer: socket.socket) -> None:
        lines = self._lines(peer)
        name = next(lines, None)
        if name is None:
            return
        with self._lock:
            self._clients[name] = peer
        self._broadcast(f"[join] {name} has joined the chat.\n", None)
        peer.sendall(b"\n=== Connected! Type /help for commands ===\n\n")
        for line in lines:
            self._broadcast(f"{name}: {line}\n", name)
        with self._lock:
            del self._clients[name]
        self._broadcast(f"[leave] {name} has left the chat.\n", None)

    @staticmethod
    def _lines(peer: socket.socket):
        kept = ""
        with contextlib.suppress(OSError):
            while data := peer.recv(BUFFER):
                *lines, kept = (kept + data.decode()).split("\n")
                yield from lines

    def _broadcast(self, text: str, author: str | None) -> None:
        with self._lock:
            others = [peer for name, peer in self._clients.items() if name != author]
            for peer in others:  # under the lock: else two messages could reach two clients in different orders
                with contextlib.suppress(OSError):
                    peer.sendall(text.encode())


def main() -> None:
    """Serve on a free port of 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        print(f"listening on {listener.getsockname()[1]}", flush=True)
        Chat().serve(listener)


main()
