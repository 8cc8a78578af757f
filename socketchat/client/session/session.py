"""The client's side of the native protocol without a socket: bytes in, events and bytes out.

The shell calls ``connection_made`` when a connection is open, ``receive_data`` with what arrives and
``connection_lost`` when the connection is gone. After each call, and after ``send``, ``request`` and ``retry``, it
writes what ``data_to_send`` returns. Messages outlive connections: the session keeps each one until the server has
stored it, and sends it again under the same key. Other requests end with their connection.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Literal

from msgspec.structs import replace

from ...exceptions import (
    ChatError,
    Impostor,
    ProtocolError,
    Refused,
    TooLong,
    Unconfirmed,
    UnknownServer,
    Unreachable,
)
from ...protocol import commands, events
from ...protocol.codec import decode_event, encode
from ...protocol.framing import LineBuffer
from ...protocol.limits import LINE_BYTES, UNACKNOWLEDGED_ENTRIES
from ...protocol.names import name_key
from .answers import AnswerPart, Answers, WelcomeParts
from .client_events import (
    Answer,
    Answered,
    Broken,
    Failed,
    LoggedIn,
    LoginRefused,
    NotSent,
    RetryLater,
    SessionEvent,
    told_error,
)
from .credentials import NO_CREDENTIALS, Credentials
from .last_line import LastLine
from .login import PLAINTEXT, Host, Login, Signer
from .outbox import Keyed, Kind, Outbox, OutboxStore, check_sendable
from .positions import Positions

Listen = Literal["all", "none"]


class Session:
    """Logs in as ``name``, as its owner with ``key`` or as a guest, and keeps the state that outlives a connection.

    ``credentials`` are for a newcomer, and ``label`` names this device. ``outbox`` is 16 random hex digits. A ``store``
    keeps messages for the next process; :meth:`adopt` takes over what the previous process left there. ``epoch`` and
    ``positions`` say what the client had received before.
    """

    def __init__(
        self,
        name: str,
        *,
        outbox: str,
        store: OutboxStore | None = None,
        key: Signer | None = None,
        credentials: Credentials = NO_CREDENTIALS,
        listen: Listen = "all",
        label: str = "",
        epoch: str | None = None,
        positions: dict[str, int] | None = None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.name = name
        self.positions = Positions(epoch, positions)
        self.outbox = Outbox(outbox, store=store)
        self._last_line = LastLine()
        self.welcome: events.Welcome | None = None
        self.logged_in = False
        self._login = Login(key, credentials, random)
        self._eager = False
        self._listen: Listen = listen
        self._label = label
        self._token: str | None = None
        self._last = 0
        self._hello: int | None = None
        self._answers = Answers()
        self._arriving: WelcomeParts | None = None
        self._lines = LineBuffer(LINE_BYTES)
        self._data: list[bytes] = []

    @property
    def has_code(self) -> bool:
        """Whether the user gave a join code, with which an unknown server can prove that it is the right one."""
        return self._login.has_code

    def connection_made(self, host: Host = PLAINTEXT, *, eager: bool = False) -> None:
        """Begin to log in on a new connection; with ``eager`` the messages follow without waiting for the welcome."""
        self._login.begin(host)
        self._eager = eager
        self._lines = LineBuffer(LINE_BYTES)
        self._data.clear()
        self._say_hello()

    def connection_lost(self) -> list[Failed]:
        """Note that the connection is gone; return the requests that end with it. Messages are kept."""
        self.logged_in = False
        self._arriving = None
        self._hello = None
        self._login.end()
        self._data.clear()
        self.outbox.connection_lost()
        lost = [
            Failed(request, Unreachable("The connection broke before the answer arrived.")) for request in self._answers
        ]
        self._answers.clear()
        return lost

    def end(self, error: ChatError) -> list[Failed]:
        """End the session because of ``error``; return every request and message without an answer."""
        failed: list[Failed] = [*self.connection_lost()]
        for request in list(self.outbox):
            failed.append(Failed(request, self._why_unanswered(request, error)))
            self.outbox.leave(request)
        return failed

    def adopt(self) -> None:
        """Take over the messages of earlier processes; call this once, before the first login."""
        self._last = self.outbox.adopt(self._last)

    def data_to_send(self) -> bytes:
        """Return the bytes to write to the connection now."""
        data = b"".join(self._data)
        self._data.clear()
        return data

    def send(self, to: str, text: str, kind: Kind = "message") -> int:
        """Keep a message until it is stored, and return the id of the request.

        Call it only if ``outbox.has_room``. Raises BadText and TooLong.
        """
        return self.keep(commands.Send(to=to, text=text, kind=kind))

    def placed(self, change: commands.Edit | commands.Delete) -> commands.Edit | commands.Delete:
        """Add the seq of the user's last line if it is known, so that a change sent later still means that line.

        Raises Refused if the server would take another line for it.
        """
        if change.seq is None and self.logged_in and self.outbox.holds_back_lines:
            raise Refused("Your last line is not stored yet. Try again when it is, or give its place, as in #ops/42.")
        if change.seq is not None or self.outbox.holds_lines:
            return change
        recent = isinstance(change, commands.Delete)  # without a place, the server refuses to delete an older one
        return replace(change, seq=self._last_line.find(change.conversation, self.positions.heard, recent=recent))

    def keep(self, message: Keyed) -> int:
        """Keep a message without a key, or a change of one, as :meth:`send` does."""
        check_sendable(message)
        self._last += 1
        self.outbox.add(self._last, message)
        if self.logged_in:
            self._write_due()
        return self._last

    def request(self, command: commands.Command) -> int:
        """Send a request, and return its id; raises Unreachable if the session is not logged in at the moment."""
        if not self.logged_in:
            raise Unreachable("Not connected to the server. Try again once the connection is back.")
        request = self._ask(command)
        self._answers.expect(request)
        return request

    def retry(self) -> None:
        """Send the messages again that the server could not store."""
        self.outbox.release()
        if self.logged_in:
            self._write_due()

    def receive_data(self, data: bytes) -> list[SessionEvent]:
        """Take the server's data; return the events in it, in order. After ``Broken``, close the connection."""
        out: list[SessionEvent] = []
        self._lines.receive_data(data)
        try:
            while (line := self._lines.next_line()) is not None:
                event = decode_event(line)
                if event is not None:
                    self._receive(event, len(line), out)
        except TooLong:
            out.append(Broken(ProtocolError(f"The server sent a line of more than {LINE_BYTES:,} bytes.")))
        except ProtocolError as error:
            out.append(Broken(error))
        return out

    def _receive(self, event: events.ANY, size: int, out: list[SessionEvent]) -> None:
        match event:
            case _ if isinstance(event, AnswerPart):
                self._answers.add(event, size)
            case events.Entry():
                told = self.positions.take(event)
                self._note(told)
                out.extend(told)
            case events.Ok():
                self._receive_ok(event, out)
            case events.Error() if event.id is not None or self._hello is not None:
                self._receive_error(event, out)
            case events.Challenge():
                self._receive_challenge(event, out)
            case events.Welcome():
                self._receive_welcome(event, size, out)
            case events.Conversation() if self._arriving is not None:
                self._arriving.add(event, size)
                self._arrive(out)
            case events.Conversation() | events.Changed():
                self.positions.describe(event)
                out.append(event)
            case events.Left():
                self.positions.end(event.conversation)
                self._note((event,))
                out.append(event)
            case _:
                out.append(event)

    def _note(self, told: Iterable[object]) -> None:
        if self.welcome is not None:
            for each in told:
                self._last_line.note(each, self.welcome.user)

    def _why_unanswered(self, request: int, error: ChatError) -> ChatError:
        if self.outbox.lasts:
            return Unconfirmed(f"The message is kept, and is sent the next time that you join. {error}")
        if self.outbox.was_tried(request):
            return Unconfirmed(f"The message may or may not be stored. {error}")
        return error

    def _receive_challenge(self, challenge: events.Challenge, out: list[SessionEvent]) -> None:
        """Prove who the user is; the message of ``send`` follows immediately if the server has nothing to prove."""
        try:
            proof = self._login.prove(challenge, self.name)
        except Refused as error:
            self._refuse_login(error, out, retry=False)
            return
        self._hello = self._ask(proof)
        self._write_eagerly()

    def _receive_welcome(self, welcome: events.Welcome, size: int, out: list[SessionEvent]) -> None:
        if self._hello is None:
            raise ProtocolError("The server sent an unexpected welcome.")
        try:
            self._login.check(welcome)
        except (Impostor, UnknownServer) as error:
            self._refuse_login(error, out, retry=False)
            return
        if name_key(welcome.name) != name_key(self.name):
            raise ProtocolError("The server logged in another user.")
        self._hello = None
        self._arriving = WelcomeParts(welcome, size)
        self._arrive(out)

    def _arrive(self, out: list[SessionEvent]) -> None:
        """Finish the login once all conversations are known: only then can the missed entries be counted."""
        if self._arriving is None or not self._arriving.is_complete:
            return
        welcome, self._arriving = self._arriving.whole(), None
        self.logged_in = True
        self.welcome = welcome
        self.name = welcome.name
        self._token = welcome.token
        most = welcome.limits.get("unacknowledged", UNACKNOWLEDGED_ENTRIES)
        self.outbox.most = max(1, min(most, UNACKNOWLEDGED_ENTRIES))
        told, missed, skipped = self.positions.login(welcome)
        self._note(told)
        out.append(LoggedIn(welcome, missed, len(self.outbox), skipped))
        out.extend(told)
        self._write_due()

    def _receive_ok(self, ok: events.Ok, out: list[SessionEvent]) -> None:
        if ok.id is None:
            return
        if ok.id in self.outbox:
            if isinstance(self.outbox.message(ok.id), commands.Send) and ok.conversation is not None:
                self._last_line.said(ok.conversation, ok.seq or 0)
            self.outbox.settle(ok.id)
            out.append(Answered(ok.id, Answer([], ok), kept=True))
            self._write_due()
        elif (answer := self._answers.finish(ok)) is not None:
            out.append(Answered(ok.id, answer))

    def _receive_error(self, told: events.Error, out: list[SessionEvent]) -> None:
        error = told_error(told)
        request = self._hello if told.id is None else told.id
        if request is None or request == self._hello:
            self._refuse_login(error, out, retry=told.retry)
        elif request in self.outbox:
            if told.retry:
                self.outbox.hold(request)
                out.append(RetryLater(error))
            else:
                if self.outbox.is_adopted(request):
                    out.append(NotSent(self.outbox.message(request), error))
                self.outbox.settle(request)
                out.append(Failed(request, error))
            self._write_due()
        elif self._answers.drop(request):
            out.append(Failed(request, error))

    def _refuse_login(self, error: ChatError, out: list[SessionEvent], *, retry: bool) -> None:
        self._hello = None
        self._login.end()
        if self._token is not None and not retry:
            # The session cannot be resumed any more, but the name can log in as at first.
            self._token = None
            self._say_hello()
        else:
            out.append(LoginRefused(error, retry))

    def _say_hello(self) -> None:
        hello = commands.Hello(
            epoch=self.positions.epoch, positions=self.positions.told(), listen=self._listen, label=self._label
        )
        if self._token is not None:
            hello = replace(hello, token=self._token)
        else:
            hello = self._login.introduce(replace(hello, name=self.name))
        self._hello = self._ask(hello)
        self._write_eagerly()

    def _write_eagerly(self) -> None:
        if self._eager and not self._login.waits:
            self._write_due()

    def _ask(self, command: commands.Command) -> int:
        self._last += 1
        self._data.append(encode(replace(command, id=self._last)))
        return self._last

    def _write_due(self) -> None:
        self._data.extend(map(encode, self.outbox.due()))
