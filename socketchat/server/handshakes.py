"""Peers that were accepted and have not yet shown what they speak: each is looked at before a transport exists.

The first bytes are only peeked at, so that a TLS handshake finds all of them, and no byte of plaintext ever stands in
front of one. What does not begin with a handshake is plaintext.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_address
from itertools import takewhile

from ..exceptions import ProtocolError, TooMany, TooSlow
from ..hub import Channel
from ..hub.networks import is_loopback
from ..protocol.events import Bye
from ..wire import stranger_rendering
from ..wire.tls_client_hello import HELLO_BYTES, PROTOCOLS, begins_tls, offered_protocols
from .connection import GREETING_SECONDS
from .connection_limits import Admission, Ticket
from .limits import (
    ACCEPTS,
    EXHAUSTED_SECONDS,
    HANDSHAKE_SECONDS,
    HANDSHAKES,
    LOOK_AGAIN_SECONDS,
)
from .tls import Identity
from .tls_transport import TlsTransport

log = logging.getLogger(__name__)

Network = IPv4Network | IPv6Network
CROWDED = "Too many connections are waiting to log in; try again in a few seconds."
LATE = "You did not log in in time."
_TLS_ONLY = "Beyond its own machine this server speaks TLS only; use `socketchat join NAME --host HOST`."


class Arrivals:
    """Accepts on listening sockets, and hands each peer to ``admit`` once it is clear what it speaks.

    ``identity`` is what newcomers are shown, and may be replaced. ``plaintext_from`` are the networks that may speak
    plaintext beside this machine; where a tunnel may end here, loopback is not trusted to be this machine.
    """

    def __init__(
        self,
        admit: Callable[[Channel, float, Ticket], asyncio.Protocol],
        admission: Admission,
        spawn: Callable[[Coroutine[None, None, None]], object],
        clock: Callable[[], float],
        *,
        identity: Identity,
        plaintext_from: Iterable[Network] = (),
        trusts_loopback: bool = True,
    ) -> None:
        self.identity = identity
        self._admit = admit
        self._admission = admission
        self._spawn = spawn
        self._clock = clock
        self._plaintext_from = tuple(plaintext_from)
        self._trusts_loopback = trusts_loopback
        self._loop = asyncio.get_running_loop()
        self._listening: list[socket.socket] = []
        self._silent: dict[_Arrival, None] = {}  # oldest first
        self._ready: deque[_Arrival] = deque()
        self._handshakes: dict[_Arrival, None] = {}

    def open(self, sockets: Iterable[socket.socket]) -> None:
        """Begin to accept."""
        for listening in sockets:
            self._listening.append(listening)
            self._loop.add_reader(listening, self._accept, listening)

    def close(self) -> None:
        """Accept nobody any more."""
        for listening in self._listening:
            self._loop.remove_reader(listening)
            listening.close()
        self._listening.clear()

    def dismiss(self, bye: Bye) -> None:
        """Send away who has not shown what it speaks."""
        for arrival in [*self._silent, *self._ready]:
            arrival.turn_away(stranger_rendering(arrival.first).event(bye))
        self._silent.clear()
        self._ready.clear()
        for arrival in self._handshakes:
            arrival.cut()

    def sweep(self, now: float) -> None:
        """Send away who is late to show what it speaks, or to end its handshake."""
        old = takewhile(lambda each: now - each.since > HANDSHAKE_SECONDS, self._silent)
        for arrival in [each for each in old if each.is_late(now)]:
            del self._silent[arrival]
            bye = Bye(code=TooSlow.code, text=LATE if arrival.may_be_plain else _TLS_ONLY)
            arrival.turn_away(b"" if arrival.shakes_hands else stranger_rendering(arrival.first).event(bye))
        for arrival in self._handshakes:
            if arrival.is_late(now):
                arrival.cut()

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTS):
            if self._admission.is_full:
                self._rest(listening)
                return
            try:
                peer, address = listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as problem:
                log.warning("cannot accept connections for a moment: %s", problem)
                self._rest(listening)
                return
            peer.setblocking(False)  # noqa: FBT003 - the name says it
            self._receive(peer, address[0].partition("%")[0])

    def _receive(self, peer: socket.socket, address: str) -> None:
        """Let a peer in that was accepted, or send it away at once."""
        try:
            ticket = self._admission.enter(address)
        except TooMany as error:
            log.debug("refused a connection from %s: %s", address, error)
            words = stranger_rendering().event(Bye(code=error.code, text=str(error)))
            _send_away(peer, words if self._may_speak_plaintext(address) else b"")
            return
        arrival = _Arrival(peer, address, self._clock(), self._loop, ticket, is_local=self._is_local(address))
        arrival.may_be_plain = self._may_speak_plaintext(address)
        ticket.on_crowd = partial(self._give_way, arrival)
        self._silent[arrival] = None
        self._look(arrival)

    def _give_way(self, arrival: _Arrival) -> None:
        """End a peer that has not logged in, because a newcomer needs its place."""
        if arrival in self._silent:
            self._silent.pop(arrival, None)
            bye = Bye(code=TooMany.code, text=CROWDED, reconnect=True)
            silent = arrival.shakes_hands or not arrival.may_be_plain
            arrival.turn_away(b"" if silent else stranger_rendering(arrival.first).event(bye))
        else:
            arrival.cut()

    def _rest(self, listening: socket.socket) -> None:
        """Accept nobody for a moment; who comes meanwhile waits in the kernel's queue."""
        self._loop.remove_reader(listening)
        self._loop.call_later(EXHAUSTED_SECONDS, self._resume, listening)

    def _resume(self, listening: socket.socket) -> None:
        if listening in self._listening:
            self._loop.add_reader(listening, self._accept, listening)

    def _look(self, arrival: _Arrival) -> None:
        """Decide about a peer as soon as it has sent enough."""
        if arrival not in self._silent:
            return
        try:
            tls = arrival.look()
        except BlockingIOError:
            arrival.wait(partial(self._look, arrival))
            return
        except (OSError, ProtocolError):
            self._silent.pop(arrival, None)
            arrival.turn_away(b"")
            return
        if tls is None:
            arrival.wait_for_more(partial(self._look, arrival))
            return
        self._silent.pop(arrival, None)
        arrival.stop_waiting()
        arrival.ticket.speak()
        if tls:
            if not self._ready:
                self._loop.call_soon(self._shake)
            self._ready.append(arrival)
        elif arrival.may_be_plain:
            admit = partial(self._admit, arrival.channel(), arrival.since, arrival.ticket)
            self._spawn(self._connect(arrival, admit))
        else:
            arrival.turn_away(stranger_rendering(arrival.first).event(Bye(code="refused", text=_TLS_ONLY)))

    def _is_local(self, peer: str) -> bool:
        return self._trusts_loopback and is_loopback(peer)

    def _may_speak_plaintext(self, peer: str) -> bool:
        return self._is_local(peer) or any(ip_address(peer) in each for each in self._plaintext_from)

    def _shake(self) -> None:
        """Begin one handshake, and the next when everybody inside has had a turn: each costs a millisecond."""
        if not self._ready:
            return
        arrival = self._ready.popleft()
        if self._ready:
            self._loop.call_soon(self._shake)
        if len(self._handshakes) >= HANDSHAKES:
            # Who is quick is through in two round trips; the one that has been at it longest is not.
            oldest = next(iter(self._handshakes))
            del self._handshakes[oldest]
            oldest.cut()
        self._handshakes[arrival] = None
        self._spawn(self._connect(arrival, partial(self._shake_hands, arrival)))

    def _shake_hands(self, arrival: _Arrival) -> asyncio.BaseProtocol:
        identity = self.identity
        channel = arrival.channel(identity.certificate.binding)

        def established() -> asyncio.Protocol:
            self._handshakes.pop(arrival, None)
            return self._admit(channel, arrival.since, arrival.ticket)

        def failed() -> None:
            self._handshakes.pop(arrival, None)
            arrival.ticket.end()

        return TlsTransport(identity.context, established, failed, self._clock, limited=self._admission.limited)

    async def _connect(self, arrival: _Arrival, make_protocol: Callable[[], asyncio.BaseProtocol]) -> None:
        try:
            await self._loop.connect_accepted_socket(make_protocol, arrival.socket)
        except OSError as problem:
            self._handshakes.pop(arrival, None)
            arrival.ticket.end()
            log.debug("the peer left: %s", problem)


class _Arrival:
    """One peer, since it was accepted."""

    __slots__ = (
        "_again",
        "_delay",
        "_loop",
        "first",
        "is_local",
        "may_be_plain",
        "peer",
        "shakes_hands",
        "since",
        "socket",
        "ticket",
    )

    def __init__(
        self,
        peer: socket.socket,
        address: str,
        since: float,
        loop: asyncio.AbstractEventLoop,
        ticket: Ticket,
        *,
        is_local: bool,
    ) -> None:
        self.is_local = is_local
        self.socket = peer
        self.peer = address
        self.since = since
        self.ticket = ticket
        self.first = b""
        self.may_be_plain = False
        self.shakes_hands = False
        self._loop = loop
        self._delay = LOOK_AGAIN_SECONDS
        self._again: asyncio.TimerHandle | None = None

    def channel(self, binding: bytes = b"") -> Channel:
        """Return what is known of the connection."""
        return Channel(self.peer, is_loopback=self.is_local, binding=binding)

    def look(self) -> bool | None:
        """Peek, and tell whether a TLS handshake begins that we take; None if more bytes are needed.

        Raises ProtocolError for a handshake that we do not take, ConnectionResetError for a peer that is gone, and
        BlockingIOError where there is nothing to see.
        """
        seen = self.socket.recv(HELLO_BYTES, socket.MSG_PEEK)
        if not seen:
            raise ConnectionResetError
        self.first = seen[:1]
        tls = begins_tls(seen)
        self.shakes_hands = tls is not False
        if not tls:
            return tls
        offered = offered_protocols(seen)
        if offered and not set(offered) & set(PROTOCOLS):
            raise ProtocolError("The client offers another protocol by ALPN.")
        return None if offered is None else True

    def is_late(self, now: float) -> bool:
        """Tell whether the peer should have shown by now what it speaks."""
        is_person = self.may_be_plain and not self.shakes_hands
        return now - self.since > (GREETING_SECONDS if is_person else HANDSHAKE_SECONDS)

    def wait(self, look: Callable[[], None]) -> None:
        """Look when the first bytes come."""
        self._loop.add_reader(self.socket, look)

    def wait_for_more(self, look: Callable[[], None]) -> None:
        """Look after a while: the bytes that are there already would wake us all the time."""
        self.stop_waiting()
        self._again = self._loop.call_later(self._delay, look)
        self._delay = min(2 * self._delay, 50 * LOOK_AGAIN_SECONDS)

    def stop_waiting(self) -> None:
        """Let the socket be."""
        self._loop.remove_reader(self.socket)
        if self._again is not None:
            self._again.cancel()

    def turn_away(self, last_words: bytes) -> None:
        """Close, with these words where they go out at once."""
        self.stop_waiting()
        self.ticket.end()
        _send_away(self.socket, last_words)

    def cut(self) -> None:
        """End a handshake that is under way; its transport closes the socket."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


def _send_away(peer: socket.socket, last_words: bytes) -> None:
    """Close a socket, with these words where they go out at once and the peer can read them."""
    with suppress(OSError):
        # What is not read would turn the end into a reset, which takes the words back.
        if begins_tls(peer.recv(HELLO_BYTES)):
            last_words = b""
    with suppress(OSError):
        peer.send(last_words)
    peer.close()
