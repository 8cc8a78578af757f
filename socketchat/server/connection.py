"""One socket on the server: bytes to the wire, commands to the hub, and push-back by not reading."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import cast

from ..commands import handle
from ..exceptions import ChatError, ProtocolError, TooMany
from ..hub import Channel, Hub, Session
from ..protocol.commands import Command
from ..protocol.events import Bye, Error
from ..wire import Wire, detect
from ..wire.native import PROGRAM_SECONDS
from ..wire.plain import PLAIN
from .connection_limits import Ticket
from .limits import USER_TIMEOUT_MS, WRITE_BUFFER_HIGH, WRITE_BUFFER_LOW, WRITE_BUFFER_STALE
from .tcp import untaken, wait_for

log = logging.getLogger(__name__)

GREETING_SECONDS = 120.0
"""A connection that has not sent a byte may yet be a person with nc."""


class Connection(asyncio.Protocol):
    """The server's side of one connection.

    A command is read only when the session can take it; what came with it stays in the wire, and the socket is not
    read meanwhile. An exception that nobody expected is logged and ends this connection only.
    """

    __slots__ = (
        "_channel",
        "_clock",
        "_connections",
        "_done",
        "_first",
        "_has_stale",
        "_has_time",
        "_held",
        "_hub",
        "_is_slow",
        "_is_stranger",
        "_not_reading",
        "_protocol",
        "_size",
        "_ticket",
        "_transport",
        "_wire",
        "behind_since",
        "session",
        "since",
    )

    def __init__(
        self,
        hub: Hub,
        connections: set[Connection],
        clock: Callable[[], float],
        channel: Channel,
        *,
        since: float,
        ticket: Ticket,
    ) -> None:
        self._hub = hub
        self._connections = connections
        self._clock = clock
        self._channel = channel
        self._ticket = ticket
        self._is_stranger = True
        self._protocol: str | None = None  # what was agreed on by ALPN
        self._transport: asyncio.Transport
        self._wire: Wire | None = None
        self._first = b""
        self._held: Command | None = None
        self._has_stale = False
        self._has_time = False
        self._is_slow = False
        self._not_reading = False
        self._done = False
        self._size = 0
        self.session: Session | None = None
        self.since = since
        self.behind_since = 0.0

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # a TCP server makes no others
        self._transport.set_write_buffer_limits(WRITE_BUFFER_HIGH, WRITE_BUFFER_LOW)
        if (tls := transport.get_extra_info("ssl_object")) is not None:
            self._protocol = tls.selected_alpn_protocol()
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Take what was read, and do what it says."""
        try:
            if self._is_stranger and (self.session is None or self.session.user is None):
                self._ticket.weigh(len(data))
            if self._wire is None:
                self._greet(data)
            else:
                self._wire.receive_data(data)
                self.proceed()
        except TooMany as error:
            rendering = self._wire.rendering if self._wire else PLAIN
            self.close(rendering.event(Bye(code=error.code, text=str(error), reconnect=True)))
        except Exception as error:  # noqa: BLE001 - what nobody expected costs this connection only
            self.fail(error)

    def eof_received(self) -> bool:
        """Close: who does not write any more has left."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - any end is an end
        """Tell the hub that the link is gone."""
        self._connections.discard(self)
        self._ticket.end()
        if self.session is not None:
            self._hub.attendance.exit(self.session, quits=False)

    def pause_writing(self) -> None:
        """Note that the peer does not take what it is sent."""
        if self.session is not None:
            self.behind_since = self._clock()
            self._hub.pause(self.session)
            self._size = untaken(self._transport)
            if not self._has_time:
                self._has_time = True
                wait_for(self._transport, 0)  # is_stalled() looks after it from now on

    def resume_writing(self) -> None:
        """Serve a peer that reads again."""
        self.behind_since = 0.0
        if self._is_slow:  # until it has caught up
            self._transport.set_write_buffer_limits(WRITE_BUFFER_LOW, WRITE_BUFFER_STALE)
        if self.session is not None and not self._transport.is_closing():
            self._hub.drain(self.session)

    # What the hub calls

    def proceed(self) -> None:
        """Do commands until there are no more, or the session cannot take one."""
        try:
            self._proceed()
            if self._is_stranger and self.session is not None and self.session.user is not None:
                self._is_stranger = False
                self._ticket.settle(owner=not self.session.user.is_guest)
        except Exception as error:  # noqa: BLE001 - the others, in whose batch this one waited, must not notice
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Log what nobody expected, and close."""
        log.error("a connection failed", exc_info=error)
        rendering = self._wire.rendering if self._wire else PLAIN
        self.close(rendering.event(Bye(code="other", text="The server made a mistake here; its log says more.")))

    def close(self, last_words: bytes) -> None:
        """Write these bytes and close; nothing that is read from now on counts."""
        if not self._transport.is_closing():
            if last_words:
                self._transport.write(last_words)
            self._transport.close()

    # What the server calls

    def stop_reading(self) -> None:
        """Take no more commands, since the server stops."""
        self._done = True
        self._read(wanted=False)

    def is_late(self, now: float) -> bool:
        """Tell whether the peer should have said who it is by now."""
        if self.session is not None and self.session.user is not None:
            return False
        if self._wire is not None:
            return now - self.since > self._wire.greeting_seconds
        return now - self.since > (GREETING_SECONDS if self._protocol is None else PROGRAM_SECONDS)

    def is_stalled(self, now: float, seconds: float) -> bool:
        """Tell whether the peer took not one byte for that long while its buffer was full."""
        if not self.behind_since:
            return False
        size = untaken(self._transport)
        if size < self._size:
            self.behind_since = now
        self._size = size
        return now - self.behind_since > seconds

    def hold_back(self) -> None:
        """Push nothing more, from the second look on, to a peer that leaves lying what it is sent."""
        if self.behind_since or self._transport.is_closing():
            return
        if self._has_time and (self.session is None or not self.session.places.is_behind):
            self._has_time = False
            wait_for(self._transport, USER_TIMEOUT_MS)
        had_stale, self._has_stale = self._has_stale, self._transport.get_write_buffer_size() > WRITE_BUFFER_STALE
        if had_stale and self._has_stale:
            self._is_slow = True
            self._transport.set_write_buffer_limits(WRITE_BUFFER_STALE, 0)  # which calls pause_writing()
        elif self._is_slow and self.session is not None and not self.session.places.is_behind:
            self._is_slow = False
            self._transport.set_write_buffer_limits(WRITE_BUFFER_HIGH, WRITE_BUFFER_LOW)

    def abort(self, error: ChatError, *, reconnect: bool) -> None:
        """Close with a reason, at once: what the peer has not taken by now is dropped."""
        rendering = self._wire.rendering if self._wire else PLAIN
        bye = Bye(code=error.code, text=str(error), reconnect=reconnect)
        if self._transport.get_write_buffer_size():
            log.info("connection aborted: %s", error)
            self._transport.abort()
        else:
            self.close(rendering.event(bye))

    # Inside

    def _proceed(self) -> None:
        session, wire, hub = self.session, self._wire, self._hub
        if session is None or wire is None or self._done:
            return
        while not self._transport.is_closing() and hub.takes(session):
            command, self._held = self._held, None
            try:
                command = command or wire.next_command(session)
            except ChatError as error:
                if type(error) is ProtocolError:
                    self.close(session.rendering.event(Bye(code=error.code, text=str(error))))
                    return
                session.allowance -= 1  # what is no command takes as long to read
                session.refuse(error, error.command_id if isinstance(error, ProtocolError) else None)
                continue
            if command is None:
                self._read(wanted=True)
                return
            if not handle(hub, session, command):
                self._held = command
                break
        self._read(wanted=False)

    def _greet(self, data: bytes) -> None:
        """Find out which dialect the peer speaks."""
        self._first += data
        try:
            self._wire = detect(self._first, self._protocol)
        except ProtocolError as error:
            text = str(error)
            self.close(PLAIN.event(Error(code=error.code, text=text)) if text else b"")
            return
        if self._wire is not None:
            self.session = Session(self._wire.rendering, self, self._transport.write, self._channel)
            self._hub.pace.begin(self.session)
            self._wire.receive_data(self._first)
            self._first = b""
            self.proceed()

    def _read(self, *, wanted: bool) -> None:
        if self._not_reading == wanted and not self._transport.is_closing():
            self._not_reading = not wanted
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()
