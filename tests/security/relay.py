"""A man in the middle who terminates the TLS of both sides with his own certificate, and reads everything."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

from tests.certificate import trusting


class Relay:
    """Accepts on a listening socket, and relays everything; ``dial`` connects to the real server.

    ``overheard`` is the output of the clients, and ``came`` the number of connections.
    """

    def __init__(self, listening: socket.socket, dial, certificate: Path) -> None:
        self.overheard = b""
        self.came = 0
        self._listening = listening
        self._dial = dial
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._context.set_alpn_protocols(["socketchat/1"])
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def end(self) -> None:
        """Stop accepting; return when all connections are gone."""
        self._listening.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(20)
            assert not thread.is_alive()
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self.came += 1
                self._begin(self._carry, client)

    def _begin(self, work, *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()
        return thread

    def _carry(self, client: socket.socket) -> None:
        client.settimeout(20)
        with (
            suppress(OSError),
            client,
            self._context.wrap_socket(client, server_side=True) as his,
            self._reached() as true,
        ):
            back = self._begin(self._carry_back, true, his)
            with suppress(OSError):
                while data := his.recv(65536):
                    self.overheard += data
                    true.sendall(data)
            true.shutdown(socket.SHUT_RDWR)
            back.join(20)

    def _reached(self) -> ssl.SSLSocket:
        return trusting("socketchat/1").wrap_socket(self._dial())

    @staticmethod
    def _carry_back(true: ssl.SSLSocket, his: ssl.SSLSocket) -> None:
        with suppress(OSError):
            while data := true.recv(65536):
                his.sendall(data)
        with suppress(OSError):
            his.shutdown(socket.SHUT_RDWR)
