"""Accept connections and find out whether each speaks TLS, before a transport exists.

The server only peeks at the first bytes, so that the TLS handshake gets all of them, and no plaintext can precede it.
A connection that does not begin with a TLS handshake is plaintext.
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
from .connection_limits import ConnectionLimits, Slot
from .limits import (
    ACCEPTS,
    EXHAUSTED_SECONDS,
    HANDSHAKE_SECONDS,
    HANDSHAKES,
    LOOK_AGAIN_SECONDS,
)
from .tls.certificate import Identity
from .tls.transport import TlsTransport

log = logging.getLogger(__name__)

Network = IPv4Network | IPv6Network
CROWDED = "Too many connections are waiting to log in; try again in a few seconds."
LATE = "You took too long to log in. Connect again."
_TLS_ONLY = "This server accepts plaintext from its own machine only. Use `socketchat join NAME --host HOST`."


class Handshakes:
    """Accepts connections, and calls ``admit`` for each one whose protocol is known.

    ``identity`` is the server's TLS identity; it may be replaced. ``plaintext_from`` are the networks that may use
    plaintext besides this machine. Behind a tunnel, loopback connections are not treated as local.
    """

    def __init__(
        self,
        admit: Callable[[Channel, float, Slot], asyncio.Protocol],
        limits: ConnectionLimits,
        spawn: Callable[[Coroutine[None, None, None]], object],
        clock: Callable[[], float],
        *,
        identity: Identity,
        plaintext_from: Iterable[Network] = (),
        trusts_loopback: bool = True,
    ) -> None:
        self.identity = identity
        self._admit = admit
        self._limits = limits
        self._spawn = spawn
        self._clock = clock
        self._plaintext_from = tuple(plaintext_from)
        self._trusts_loopback = trusts_loopback
        self._loop = asyncio.get_running_loop()
        self._listening: list[socket.socket] = []
        self._silent: dict[_Handshake, None] = {}  # oldest first
        self._ready: deque[_Handshake] = deque()
        self._under_way: dict[_Handshake, None] = {}

    def open(self, sockets: Iterable[socket.socket]) -> None:
        """Start accepting."""
        for listening in sockets:
            self._listening.append(listening)
            self._loop.add_reader(listening, self._accept, listening)

    def close(self) -> None:
        """Stop accepting."""
        for listening in self._listening:
            self._loop.remove_reader(listening)
            listening.close()
        self._listening.clear()

    def dismiss(self, bye: Bye) -> None:
        """Close the connections whose protocol is not known yet, after sending this event."""
        for handshake in [*self._silent, *self._ready]:
            handshake.turn_away(stranger_rendering(handshake.first).event(bye))
        self._silent.clear()
        self._ready.clear()
        for handshake in self._under_way:
            handshake.cut()

    def sweep(self, now: float) -> None:
        """Close the connections that are late with their first bytes or their handshake."""
        old = takewhile(lambda each: now - each.since > HANDSHAKE_SECONDS, self._silent)
        for handshake in [each for each in old if each.is_late(now)]:
            del self._silent[handshake]
            bye = Bye(code=TooSlow.code, text=LATE if handshake.may_be_plain else _TLS_ONLY)
            handshake.turn_away(b"" if handshake.shakes_hands else stranger_rendering(handshake.first).event(bye))
        for handshake in self._under_way:
            if handshake.is_late(now):
                handshake.cut()

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTS):
            if self._limits.is_full:
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
        """Give an accepted connection a slot, or close it."""
        try:
            slot = self._limits.open_slot(address)
        except TooMany as error:
            log.debug("refused a connection from %s: %s", address, error)
            words = stranger_rendering().event(Bye(code=error.code, text=str(error)))
            _send_away(peer, words if self._may_speak_plaintext(address) else b"")
            return
        handshake = _Handshake(peer, address, self._clock(), self._loop, slot, is_local=self._is_local(address))
        handshake.may_be_plain = self._may_speak_plaintext(address)
        slot.on_crowd = partial(self._give_way, handshake)
        self._silent[handshake] = None
        self._look(handshake)

    def _give_way(self, handshake: _Handshake) -> None:
        """End a connection that has not logged in, because a newcomer needs its slot."""
        if handshake in self._silent:
            self._silent.pop(handshake, None)
            bye = Bye(code=TooMany.code, text=CROWDED, reconnect=True)
            silent = handshake.shakes_hands or not handshake.may_be_plain
            handshake.turn_away(b"" if silent else stranger_rendering(handshake.first).event(bye))
        else:
            handshake.cut()

    def _rest(self, listening: socket.socket) -> None:
        """Pause accepting; connections wait in the kernel's queue."""
        self._loop.remove_reader(listening)
        self._loop.call_later(EXHAUSTED_SECONDS, self._resume, listening)

    def _resume(self, listening: socket.socket) -> None:
        if listening in self._listening:
            self._loop.add_reader(listening, self._accept, listening)

    def _look(self, handshake: _Handshake) -> None:
        """Detect a peer's protocol when it has sent enough bytes."""
        if handshake not in self._silent:
            return
        try:
            tls = handshake.look()
        except BlockingIOError:
            handshake.wait(partial(self._look, handshake))
            return
        except (OSError, ProtocolError):
            self._silent.pop(handshake, None)
            handshake.turn_away(b"")
            return
        if tls is None:
            handshake.wait_for_more(partial(self._look, handshake))
            return
        self._silent.pop(handshake, None)
        handshake.stop_waiting()
        handshake.slot.speak()
        if tls:
            if not self._ready:
                self._loop.call_soon(self._shake)
            self._ready.append(handshake)
        elif handshake.may_be_plain:
            admit = partial(self._admit, handshake.channel(), handshake.since, handshake.slot)
            self._spawn(self._connect(handshake, admit))
        else:
            handshake.turn_away(stranger_rendering(handshake.first).event(Bye(code="refused", text=_TLS_ONLY)))

    def _is_local(self, peer: str) -> bool:
        return self._trusts_loopback and is_loopback(peer)

    def _may_speak_plaintext(self, peer: str) -> bool:
        return self._is_local(peer) or any(ip_address(peer) in each for each in self._plaintext_from)

    def _shake(self) -> None:
        """Start one handshake, and the next one in the next turn of the loop: each costs a millisecond."""
        if not self._ready:
            return
        handshake = self._ready.popleft()
        if self._ready:
            self._loop.call_soon(self._shake)
        if len(self._under_way) >= HANDSHAKES:
            # A handshake takes two round trips, so the oldest one is the least likely to finish.
            oldest = next(iter(self._under_way))
            del self._under_way[oldest]
            oldest.cut()
        self._under_way[handshake] = None
        self._spawn(self._connect(handshake, partial(self._shake_hands, handshake)))

    def _shake_hands(self, handshake: _Handshake) -> asyncio.BaseProtocol:
        identity = self.identity
        channel = handshake.channel(identity.certificate.binding)

        def established() -> asyncio.Protocol:
            self._under_way.pop(handshake, None)
            return self._admit(channel, handshake.since, handshake.slot)

        def failed() -> None:
            self._under_way.pop(handshake, None)
            handshake.slot.end()

        return TlsTransport(identity.context, established, failed, self._clock, limited=self._limits.limited)

    async def _connect(self, handshake: _Handshake, make_protocol: Callable[[], asyncio.BaseProtocol]) -> None:
        try:
            await self._loop.connect_accepted_socket(make_protocol, handshake.socket)
        except OSError as problem:
            self._under_way.pop(handshake, None)
            handshake.slot.end()
            log.debug("the peer left: %s", problem)


class _Handshake:
    """One connection, from when it is accepted until its protocol is known."""

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
        "slot",
        "socket",
    )

    def __init__(
        self,
        peer: socket.socket,
        address: str,
        since: float,
        loop: asyncio.AbstractEventLoop,
        slot: Slot,
        *,
        is_local: bool,
    ) -> None:
        self.is_local = is_local
        self.socket = peer
        self.peer = address
        self.since = since
        self.slot = slot
        self.first = b""
        self.may_be_plain = False
        self.shakes_hands = False
        self._loop = loop
        self._delay = LOOK_AGAIN_SECONDS
        self._again: asyncio.TimerHandle | None = None

    def channel(self, binding: bytes = b"") -> Channel:
        """Return the channel of the connection, for the hub."""
        return Channel(self.peer, is_loopback=self.is_local, binding=binding)

    def look(self) -> bool | None:
        """Peek, and tell whether a TLS handshake begins; return None if more bytes are needed.

        Raises ProtocolError for an unacceptable handshake, ConnectionResetError if the peer is gone, and
        BlockingIOError if no bytes have arrived.
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
        """Tell whether the peer has exceeded its time for the first bytes."""
        is_person = self.may_be_plain and not self.shakes_hands
        return now - self.since > (GREETING_SECONDS if is_person else HANDSHAKE_SECONDS)

    def wait(self, look: Callable[[], None]) -> None:
        """Call ``look`` when the first bytes arrive."""
        self._loop.add_reader(self.socket, look)

    def wait_for_more(self, look: Callable[[], None]) -> None:
        """Call ``look`` again after a pause: the bytes that have arrived would wake the loop all the time."""
        self.stop_waiting()
        self._again = self._loop.call_later(self._delay, look)
        self._delay = min(2 * self._delay, 50 * LOOK_AGAIN_SECONDS)

    def stop_waiting(self) -> None:
        """Stop waiting for bytes."""
        self._loop.remove_reader(self.socket)
        if self._again is not None:
            self._again.cancel()

    def turn_away(self, last_words: bytes) -> None:
        """Send these last words if possible without waiting, and close."""
        self.stop_waiting()
        self.slot.end()
        _send_away(self.socket, last_words)

    def cut(self) -> None:
        """End a handshake in progress; its transport closes the socket."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


def _send_away(peer: socket.socket, last_words: bytes) -> None:
    """Send these last words if possible without waiting and the peer can read them, and close the socket."""
    with suppress(OSError):
        # With unread bytes, closing sends a reset, and the peer may lose the last words.
        if begins_tls(peer.recv(HELLO_BYTES)):
            last_words = b""
    with suppress(OSError):
        peer.send(last_words)
    peer.close()
