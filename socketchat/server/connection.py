"""One socket on the server: bytes to the wire, commands to the hub, and push-back by not reading."""

from __future__ import annotations

import asyncio
import logging
from typing import cast

from ..commands import handle
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
"""A connection that has not sent a byte may yet be a person with nc."""


class Connection(asyncio.Protocol):
    """The server's side of one connection.

    A command is read only when the session can take it; what came with it stays in the wire, and the socket is not
    read meanwhile. One turn of the event loop handles a bounded number of commands; the others have theirs before it
    goes on. What was received before the end of input is handled, even if the transport is gone by then. An exception
    that nobody expected is logged and ends this connection only.
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
        self._protocol: str | None = None  # what was agreed on by ALPN
        self._transport: asyncio.Transport
        self._pressure: Backpressure
        self._wire: Wire | None = None
        self._first = b""
        self._held: Command | None = None
        self._turn = False  # the next one is due
        self._has_ended = False  # the peer sends nothing any more
        self._is_lost = False  # the transport is gone
        self._is_over = False  # no command is taken any more
        self.session: Session | None = None
        self.since = since

    @property
    def rendering(self) -> Rendering:
        """How the peer reads what it is told now."""
        return self.session.rendering if self.session else stranger_rendering(self._first, self._protocol)

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # a TCP server makes no others
        self._pressure = Backpressure(self._transport, self._hub.clock)
        if (tls := transport.get_extra_info("ssl_object")) is not None:
            self._protocol = tls.selected_alpn_protocol()
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Take what was read, and do what it says."""
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
        except Exception as error:  # noqa: BLE001 - what nobody expected costs this connection only
            self.fail(error)

    def eof_received(self) -> bool:
        """Close when what was received is handled and answered: a peer that writes no more has left."""
        self._has_ended = True
        return not self._is_over and not self._is_answered()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - any end is an end
        """Tell the hub that the link is gone, once what was received is handled."""
        self._is_lost = self._has_ended = True
        if self.session is None or self._is_over or self._is_answered():
            self._end()
        else:
            self.session.hear_nothing()
            self._take_turns()  # a reader that was too slow had to wait with its commands

    def pause_writing(self) -> None:
        """Note that the peer does not take what it is sent."""
        if self.session is not None:
            self._pressure.filled()
            self._hub.pause(self.session)

    def resume_writing(self) -> None:
        """Serve a peer that reads again."""
        self._pressure.drained()
        if self.session is not None and not self._transport.is_closing():
            self._hub.drain(self.session)

    # What the hub calls

    def proceed(self) -> None:
        """Do commands until there are no more, or the session cannot take one."""
        try:
            if self.session is not None and self._wire is not None:
                self._proceed(self.session, self._wire)
            if self._is_stranger and self.session is not None and self.session.user is not None:
                self._is_stranger = False
                self._slot.log_in(owner=not self.session.user.is_guest)
        except Exception as error:  # noqa: BLE001 - the others, in whose batch this one waited, must not notice
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Log what nobody expected, and close."""
        log.error("a connection failed", exc_info=error)
        self.close(self.rendering.event(Bye(code="other", text="Internal error; the server's log says more.")))

    def close(self, last_words: bytes) -> None:
        """Write these bytes and close; nothing that is read from now on counts."""
        self._is_over = True
        if self._is_lost:
            self._end()
        elif not self._transport.is_closing():
            if last_words:
                self._transport.write(last_words)
            self._transport.close()

    # What the server calls

    def stop_reading(self) -> None:
        """Take no more commands, since the server stops."""
        self._is_over = True
        if self._is_lost:
            self._end()
        else:
            self._pressure.read(wanted=False)

    def is_late(self, now: float) -> bool:
        """Tell whether the peer should have said who it is by now."""
        if self.session is not None and self.session.user is not None:
            return False
        if self._wire is not None:
            return now - self.since > self._wire.greeting_seconds
        return now - self.since > (GREETING_SECONDS if self._protocol is None else PROGRAM_SECONDS)

    def is_stalled(self, now: float, seconds: float) -> bool:
        """Tell whether the peer took not one byte for that long while its buffer was full."""
        return not self._is_lost and self._pressure.is_stalled(now, seconds)

    def hold_back(self) -> None:
        """Push nothing more, from the second look on, to a peer that leaves lying what it is sent."""
        self._pressure.sweep(is_behind=self.session is not None and self.session.places.is_behind)

    def abort(self, error: ChatError, *, reconnect: bool) -> None:
        """Close with a reason, at once: what the peer has not taken by now is dropped."""
        if not self._is_lost and self._transport.get_write_buffer_size():
            log.info("connection aborted: %s", error)
            self._is_over = True
            self._transport.abort()
        else:
            self.close(self.rendering.event(Bye(code=error.code, text=str(error), reconnect=reconnect)))

    # Inside

    def _proceed(self, session: Session, wire: Wire) -> None:  # noqa: C901 - one loop, which every message passes
        hub = self._hub
        takes, heaviest, others = hub.takes, wire.heavy + TURN_BYTES, TURN_OTHERS
        command, self._held = self._held, None
        for _ in range(TURN_COMMANDS):
            if self._is_over or not takes(session):
                break
            try:
                command = command or wire.next_command()
            except ChatError as error:
                self._refuse(session, error)
            else:
                if wire.dialect.to_send:
                    session.write(wire.data_to_send())
                if command is None:
                    if wire.needs_data:
                        self._read_or_end()
                        return
                    session.allowance.left -= 1  # a line that says nothing takes as long to read
                elif not handle(hub, session, command):
                    break
                elif type(command) is not Send:
                    others -= 1
                command = None
            if not others or wire.heavy >= heaviest:
                self._take_turns()
                break
        else:
            self._take_turns()
        self._held = command
        if not self._has_ended:
            self._pressure.read(wanted=False)

    def _refuse(self, session: Session, error: ChatError) -> None:
        """Answer a line that is no command, or end the connection if nothing behind it can be understood."""
        if self._wire is not None and self._wire.dialect.to_send:
            session.write(self._wire.data_to_send())
        if type(error) is ProtocolError:
            self.close(session.rendering.event(Bye(code=error.code, text=str(error))))
            return
        session.allowance.left -= 1  # what is no command takes as long to read
        session.refuse(error, None, command_id=error.command_id if isinstance(error, ProtocolError) else None)

    def _take_turns(self) -> None:
        """Go on when all others had their turn."""
        if not self._turn:
            self._turn = True
            self._hub.timer(0, self._next_turn)

    def _next_turn(self) -> None:
        self._turn = False
        self.proceed()

    def _read_or_end(self) -> None:
        """Read on, or, if the input has ended, end the connection when all that was received is answered."""
        if not self._has_ended:
            self._pressure.read(wanted=True)
        elif self._is_answered():
            self.close(b"")

    def _is_answered(self) -> bool:
        """Tell whether everything that was received is handled and answered; if not, proceed() is called again."""
        session = self.session
        if session is None or self._wire is None:
            return True
        if self._wire.needs_data and self._held is None and not session.blocked and not session.under_way:
            return True
        session.stalled = True
        return False

    def _end(self) -> None:
        """Tell the hub and the server that this connection is gone, and let go of what it held."""
        self._is_over = True
        self._connections.discard(self)
        self._slot.end()
        session, self.session, self._wire, self._held = self.session, None, None, None
        if session is not None:
            self._hub.attendance.exit(session, quits=False)

    def _greet(self, data: bytes) -> None:
        """Find out which dialect the peer speaks."""
        self._first += data
        try:
            self._wire = detect(self._first, self._protocol)
        except ProtocolError as error:
            text = str(error)
            self.close(self.rendering.event(Error(code=error.code, text=text)) if text else b"")
            return
        if self._wire is not None:
            self.session = Session(self._wire.rendering, self, self._transport.write, self._channel)
            self._wire.begin(self.session)
            self._hub.throttle.begin(self.session)
            self._wire.receive_data(self._first)
            self._first = b""
            self.proceed()
