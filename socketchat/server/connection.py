"""One socket on the server: bytes to the wire, commands to the hub, and push-back by not reading."""

from __future__ import annotations

import asyncio
import logging
from typing import cast

from ..commands import handle, handle_messages
from ..exceptions import ChatError, ProtocolError, TooMany
from ..hub import Channel, Hub, Rendering, Session
from ..protocol.commands import Command, Send
from ..protocol.events import Bye, Error
from ..wire import Wire, detect, stranger_rendering
from ..wire.native import PROGRAM_SECONDS
from .backpressure import Backpressure
from .connection_limits import Slot
from .limits import TURN_BYTES, TURN_COMMANDS, TURN_OTHERS

log = logging.getLogger(__name__)

GREETING_SECONDS = 120.0
"""Time to log in before the first byte: the peer may be a person with nc."""


class Connection(asyncio.Protocol):
    """The server's side of one connection.

    A command is read only when the session can take it; later commands stay in the wire, and the socket is not read
    meanwhile. One turn of the event loop handles a bounded number of commands; then other connections have their turn.
    Everything received before the end of input is handled, even if the transport is gone by then. An unexpected
    exception is logged and ends only this connection.
    """

    __slots__ = (
        "_channel",
        "_connections",
        "_first",
        "_has_ended",
        "_held",
        "_hub",
        "_is_lost",
        "_is_over",
        "_is_stranger",
        "_pressure",
        "_protocol",
        "_slot",
        "_transport",
        "_turn",
        "_wire",
        "session",
        "since",
    )

    def __init__(
        self,
        hub: Hub,
        connections: set[Connection],
        channel: Channel,
        *,
        since: float,
        slot: Slot,
    ) -> None:
        self._hub = hub
        self._connections = connections
        self._channel = channel
        self._slot = slot
        self._is_stranger = True
        self._protocol: str | None = None  # negotiated by ALPN
        self._transport: asyncio.Transport
        self._pressure: Backpressure
        self._wire: Wire | None = None
        self._first = b""
        self._held: Command | None = None
        self._turn = False  # the next turn is scheduled
        self._has_ended = False  # the peer has closed its side
        self._is_lost = False  # the transport is gone
        self._is_over = False  # no more commands are taken
        self.session: Session | None = None
        self.since = since

    @property
    def rendering(self) -> Rendering:
        """The current rendering for the peer."""
        return self.session.rendering if self.session else stranger_rendering(self._first, self._protocol)

    @property
    def dialect(self) -> str:
        """The name of the peer's dialect."""
        return self._wire.dialect.name if self._wire is not None else "unknown"

    # Called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set up the transport."""
        self._transport = cast("asyncio.Transport", transport)  # a TCP server's transport
        self._pressure = Backpressure(self._transport, self._hub.clock)
        if (tls := transport.get_extra_info("ssl_object")) is not None:
            self._protocol = tls.selected_alpn_protocol()
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Take received bytes, and run their commands."""
        try:
            if self._is_stranger and (self.session is None or self.session.user is None):
                self._slot.receive(len(data))
            if self._wire is None:
                self._greet(data)
            else:
                self._wire.receive_data(data)
                self.proceed()
        except TooMany as error:
            self.close(self.rendering.event(Bye(code=error.code, text=str(error), reconnect=True)))
        except Exception as error:  # noqa: BLE001 - an unexpected error ends this connection only
            self.fail(error)

    def eof_received(self) -> bool:
        """Close when everything received is handled and answered: a peer that has closed its side has left."""
        self._has_ended = True
        return not self._is_over and not self._is_answered()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the reason does not matter
        """Tell the hub that the link is gone, when everything received is handled."""
        self._is_lost = self._has_ended = True
        if self.session is None or self._is_over or self._is_answered():
            self._end()
        else:
            self.session.hear_nothing()
            self._take_turns()  # a slow reader's commands had to wait

    def pause_writing(self) -> None:
        """Mark the peer as behind, because its buffer is full."""
        if self.session is not None:
            self._pressure.filled()
            self._hub.pause(self.session)

    def resume_writing(self) -> None:
        """Serve the peer again, because its buffer has drained."""
        self._pressure.drained()
        if self.session is not None and not self._transport.is_closing():
            self._hub.drain(self.session)

    # Called by the hub

    def proceed(self) -> None:
        """Run commands until none are left, or the session cannot take one."""
        try:
            if self.session is not None and self._wire is not None:
                self._proceed(self.session, self._wire)
            if self._is_stranger and self.session is not None and self.session.user is not None:
                self._is_stranger = False
                self._slot.log_in(owner=not self.session.user.is_guest)
        except Exception as error:  # noqa: BLE001 - must not affect the other sessions of the batch
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Log an unexpected error, and close."""
        log.error("a connection failed", exc_info=error)
        self.close(self.rendering.event(Bye(code="other", text="Internal error; the server's log says more.")))

    def close(self, last_words: bytes) -> None:
        """Write these bytes and close; ignore all further input."""
        self._is_over = True
        if self._is_lost:
            self._end()
        elif not self._transport.is_closing():
            if self._wire is not None:
                last_words = self._wire.closing(last_words)
            if last_words:
                self._transport.write(last_words)
            self._transport.close()

    # Called by the server

    def stop_reading(self) -> None:
        """Take no more commands, because the server is stopping."""
        self._is_over = True
        if self._is_lost:
            self._end()
        else:
            self._pressure.read(wanted=False)

    def is_late(self, now: float) -> bool:
        """Tell whether the peer has exceeded its time to log in."""
        if self.session is not None and self.session.user is not None:
            lifetime = self._wire.lifetime if self._wire is not None else None
            return lifetime is not None and now - self.since > lifetime
        if self._wire is not None:
            return now - self.since > self._wire.greeting_seconds
        return now - self.since > (GREETING_SECONDS if self._protocol is None else PROGRAM_SECONDS)

    def is_stalled(self, now: float, seconds: float) -> bool:
        """Tell whether the peer has taken no byte for this many seconds while its buffer was full."""
        return not self._is_lost and self._pressure.is_stalled(now, seconds)

    def hold_back(self) -> None:
        """Stop pushing to a peer that has left bytes unread since the last sweep."""
        self._pressure.sweep(is_behind=self.session is not None and self.session.places.is_behind)

    def abort(self, error: ChatError, *, reconnect: bool) -> None:
        """Close immediately with a reason, and drop the bytes that the peer has not taken."""
        if not self._is_lost and self._transport.get_write_buffer_size():
            log.info("connection aborted: %s", error)
            self._is_over = True
            self._transport.abort()
        else:
            self.close(self.rendering.event(Bye(code=error.code, text=str(error), reconnect=reconnect)))

    # Internal

    def _proceed(self, session: Session, wire: Wire) -> None:
        """Run commands until more data is needed, or the session or this turn can take no more."""
        hub, left, heaviest = self._hub, TURN_COMMANDS, wire.heavy + TURN_BYTES
        while not self._is_over and (most := hub.takes(session)):
            messages = wire.next_messages(min(most, left)) if self._held is None else ()
            if messages:
                handle_messages(hub, session, messages)
                left -= len(messages)
            elif cost := self._run_command(session, wire):
                left -= cost
            else:
                break
            if wire.needs_data and self._held is None:
                self._read_or_end()
                return
            if left <= 0 or wire.heavy >= heaviest:
                self._take_turns()
                break
        if not self._has_ended:
            self._pressure.read(wanted=False)

    def _run_command(self, session: Session, wire: Wire) -> int:
        """Run the next command, and return as how many messages it counts in this turn; 0 if it is held."""
        try:
            command = self._held or wire.next_command()
        except ChatError as error:
            self._refuse(session, error)
            return 1
        self._write_own(wire)
        if command is None:
            if not wire.needs_data:
                session.allowance.left -= 1  # an empty line takes as long to read
            return 1
        is_done = handle(self._hub, session, command)
        self._held = None if is_done else command
        return (1 if type(command) is Send else TURN_COMMANDS // TURN_OTHERS) if is_done else 0

    def _refuse(self, session: Session, error: ChatError) -> None:
        """Answer an invalid line, or end the connection if the stream cannot be read any further."""
        if self._wire is not None:
            self._write_own(self._wire)
        if type(error) is ProtocolError:
            self.close(session.rendering.event(Bye(code=error.code, text=str(error))))
            return
        session.allowance.left -= 1  # an invalid line takes as long to read
        session.refuse(error, None, command_id=error.command_id if isinstance(error, ProtocolError) else None)

    def _write_own(self, wire: Wire) -> None:
        """Write what the wire itself has to say, which needs no framing by the session."""
        if wire.dialect.to_send:
            data = wire.data_to_send()
            if not self._is_lost:
                self._transport.write(data)

    def _take_turns(self) -> None:
        """Continue after the other connections had their turn."""
        if not self._turn:
            self._turn = True
            self._hub.timer(0, self._next_turn)

    def _next_turn(self) -> None:
        self._turn = False
        self.proceed()

    def _read_or_end(self) -> None:
        """Read more input; if it has ended, end the connection when everything received is answered."""
        if not self._has_ended:
            self._pressure.read(wanted=True)
        elif not self._is_over and self._is_answered():
            self.close(b"")

    def _is_answered(self) -> bool:
        """Tell whether everything received is handled and answered; if not, proceed() is called again."""
        session = self.session
        if session is None or self._wire is None:
            return True
        if self._wire.needs_data and self._held is None and not session.blocked and not session.under_way:
            return True
        session.stalled = True
        return False

    def _end(self) -> None:
        """Tell the hub and the server that this connection is gone, and free its resources."""
        self._is_over = True
        self._connections.discard(self)
        if self._wire is not None and self._wire.has_served:
            self._slot.serve()
        self._slot.end()
        session, self.session, self._wire, self._held = self.session, None, None, None
        if session is not None:
            self._hub.logins.exit(session, quits=False)

    def _greet(self, data: bytes) -> None:
        """Detect the peer's dialect."""
        self._first += data
        try:
            self._wire = detect(self._first, self._protocol)
        except ProtocolError as error:
            text = str(error)
            self.close(self.rendering.event(Error(code=error.code, text=text)) if text else b"")
            return
        if self._wire is not None:
            if self._wire.needs_address:
                self._channel = self._channel._replace(reached=self._transport.get_extra_info("sockname")[:2])
            self.session = Session(self._wire.rendering, self, self._transport.write, self._channel)
            self._wire.begin(self.session)
            self._hub.throttle.begin(self.session)
            self._wire.receive_data(self._first)
            self._first = b""
            self.proceed()
