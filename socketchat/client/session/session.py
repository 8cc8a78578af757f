"""The client's side of the native protocol without a socket: what a shell feeds with bytes and asks for bytes.

A shell calls ``link_up`` when a connection is there, ``receive_data`` with what arrives, ``link_lost`` when the
connection is gone, and after each call, as after ``send``, ``request`` and ``retry``, writes what ``data_to_send``
returns. Messages outlive links: they are kept until the server says that they are stored, and are sent again under the
same key. Other requests end with their link.
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
from ..identity.credentials import NO_TICKET, Ticket
from .client_events import (
    Answer,
    Answered,
    Broken,
    Fact,
    Failed,
    LoggedIn,
    LoginRefused,
    NotSent,
    RetryLater,
    told_error,
)
from .last_line import Latest
from .login import PLAINTEXT, Host, Login, Signer
from .outbox import Keyed, Kind, Outbox, Store, check_sendable
from .positions import Positions

ANSWER_BYTES = 16_777_216
"""Most bytes that answers not yet complete take up: 200 of the longest texts, and room to spare."""

_EVENT_BYTES = 256
"""What an event takes up beside its line, roughly."""

Listen = Literal["all", "none"]
Out = events.ANY | Fact
_Data = (
    events.Past
    | events.Found
    | events.Unread
    | events.Users
    | events.Rooms
    | events.Topic
    | events.Ignored
    | events.Devices
    | events.Help
)


class _Pending:
    __slots__ = ("bytes", "events")

    def __init__(self) -> None:
        self.events: list[events.ANY] = []
        self.bytes = 0


class _Arriving:
    """A welcome, and the conversations that were too many for its line."""

    def __init__(self, welcome: events.Welcome, size: int) -> None:
        self._welcome = welcome
        self._conversations = [*welcome.conversations]
        self._bytes = size

    @property
    def is_complete(self) -> bool:
        return len(self._conversations) >= len(self._welcome.conversations) + self._welcome.following

    def add(self, conversation: events.Conversation, size: int) -> None:
        self._conversations.append(conversation)
        self._bytes += size
        if self._bytes > ANSWER_BYTES:
            raise ProtocolError(f"The server sent a welcome of more than {ANSWER_BYTES:,} bytes.")

    def whole(self) -> events.Welcome:
        return replace(self._welcome, conversations=self._conversations)


class Session:
    """Logs in as ``name``, its owner by ``key`` or a guest, and keeps the state that outlives a link.

    ``ticket`` is what a newcomer shows, and ``label`` what this device is called. ``outbox`` is 16 random hex digits. A
    ``store`` keeps messages for the process after this one, and has those of the process before, which :meth:`adopt`
    takes over. ``epoch`` and ``positions`` say what the client had when it was here last.
    """

    def __init__(
        self,
        name: str,
        *,
        outbox: str,
        store: Store | None = None,
        key: Signer | None = None,
        ticket: Ticket = NO_TICKET,
        listen: Listen = "all",
        label: str = "",
        epoch: str | None = None,
        positions: dict[str, int] | None = None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.name = name
        self.positions = Positions(epoch, positions)
        self.outbox = Outbox(outbox, store=store)
        self._latest = Latest()
        self.welcome: events.Welcome | None = None
        self.logged_in = False
        self._login = Login(key, ticket, random)
        self._eager = False
        self._listen: Listen = listen
        self._label = label
        self._token: str | None = None
        self._last = 0
        self._hello: int | None = None
        self._pending: dict[int, _Pending] = {}
        self._arriving: _Arriving | None = None
        self._lines = LineBuffer(LINE_BYTES)
        self._data: list[bytes] = []

    def link_up(self, host: Host = PLAINTEXT, *, eager: bool = False) -> None:
        """Begin to log in on a new connection; with ``eager`` the messages follow without waiting for the welcome."""
        self._login.begin(host)
        self._eager = eager
        self._lines = LineBuffer(LINE_BYTES)
        self._data.clear()
        self._say_hello()

    def link_lost(self) -> list[Failed]:
        """Take note that the connection is gone; return the requests that end with it. Messages are kept."""
        self.logged_in = False
        self._arriving = None
        self._hello = None
        self._login.end()
        self._data.clear()
        self.outbox.link_lost()
        lost = [Failed(request, Unreachable("The link broke before the answer came.")) for request in self._pending]
        self._pending.clear()
        return lost

    def end(self, error: ChatError) -> list[Failed]:
        """Give up for good because of ``error``: return every request and message that was not answered."""
        failed: list[Failed] = [*self.link_lost()]
        for request in list(self.outbox):
            failed.append(Failed(request, self._why_unanswered(request, error)))
            self.outbox.leave(request)
        return failed

    def adopt(self) -> None:
        """Take over what an earlier process left; to be called once, before the first login."""
        self._last = self.outbox.adopt(self._last)

    def data_to_send(self) -> bytes:
        """Return what is to be written to the connection now."""
        data = b"".join(self._data)
        self._data.clear()
        return data

    def send(self, to: str, text: str, kind: Kind = "message") -> int:
        """Keep a message until it is stored, and return the id of the request.

        The caller has asked ``outbox.has_room``. Raises BadText and TooLong.
        """
        return self.keep(commands.Send(to=to, text=text, kind=kind))

    def placed(self, change: commands.Edit | commands.Delete) -> commands.Edit | commands.Delete:
        """Name the user's last line, where it is certain which that is: what is sent later has to mean it still.

        Raises Refused where the server could only take another line for it.
        """
        if change.seq is None and self.logged_in and self.outbox.holds_back_lines:
            raise Refused("Your last line is not stored yet: try again when it is, or name the place, as in #ops/42.")
        if change.seq is not None or self.outbox.holds_lines:
            return change
        recent = isinstance(change, commands.Delete)  # an older one may not be what is meant; the server says so
        return replace(change, seq=self._latest.find(change.conversation, self.positions.heard, recent=recent))

    def keep(self, message: Keyed) -> int:
        """Do the same with a message without a key, or with what changes one."""
        check_sendable(message)
        self._last += 1
        self.outbox.add(self._last, message)
        if self.logged_in:
            self._write_due()
        return self._last

    def request(self, command: commands.Command) -> int:
        """Ask something, and return the id of the request; raises Unreachable where there is no login at the moment."""
        if not self.logged_in:
            raise Unreachable("There is no link to the server at the moment.")
        request = self._ask(command)
        self._pending[request] = _Pending()
        return request

    def retry(self) -> None:
        """Try again to send what the server could not store."""
        self.outbox.release()
        if self.logged_in:
            self._write_due()

    def receive_data(self, data: bytes) -> list[Out]:
        """Take what the server sent; return what happened, in order. After ``Broken`` the connection must be closed."""
        out: list[Out] = []
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

    def _receive(self, event: events.ANY, size: int, out: list[Out]) -> None:
        match event:
            case (
                events.Past()
                | events.Found()
                | events.Unread()
                | events.Users()
                | events.Rooms()
                | events.Topic()
                | events.Ignored()
                | events.Devices()
                | events.Help()
            ):
                self._collect(event, size)
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
            case events.Conversation():
                self.positions.begin(event)
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
                self._latest.note(each, self.welcome.user)

    def _why_unanswered(self, request: int, error: ChatError) -> ChatError:
        if self.outbox.lasts:
            return Unconfirmed(f"The message is kept, and is sent when you are back. {error}")
        if self.outbox.was_tried(request):
            return Unconfirmed(f"The message may or may not be stored. {error}")
        return error

    def _receive_challenge(self, challenge: events.Challenge, out: list[Out]) -> None:
        """Prove who one is; ``send`` lets its message follow at once, where the server has nothing to prove."""
        try:
            proof = self._login.prove(challenge, self.name)
        except Refused as error:
            self._refuse_login(error, out, retry=False)
            return
        self._hello = self._ask(proof)
        self._write_eagerly()

    def _receive_welcome(self, welcome: events.Welcome, size: int, out: list[Out]) -> None:
        if self._hello is None:
            raise ProtocolError("The server said welcome to nobody.")
        try:
            self._login.check(welcome)
        except (Impostor, UnknownServer) as error:
            self._refuse_login(error, out, retry=False)
            return
        if name_key(welcome.name) != name_key(self.name):
            raise ProtocolError("The server let somebody else in.")
        self._hello = None
        self._arriving = _Arriving(welcome, size)
        self._arrive(out)

    def _arrive(self, out: list[Out]) -> None:
        """Be logged in once all conversations are told: what one missed can be told only of all together."""
        if self._arriving is None or not self._arriving.is_complete:
            return
        welcome, self._arriving = self._arriving.whole(), None
        self.logged_in = True
        self.welcome = welcome
        self.name = welcome.name
        self._token = welcome.token
        most = welcome.limits.get("unacknowledged", UNACKNOWLEDGED_ENTRIES)
        self.outbox.most = max(1, min(most, UNACKNOWLEDGED_ENTRIES))
        told, missed = self.positions.login(welcome)
        self._note(told)
        out.append(LoggedIn(welcome, missed, len(self.outbox)))
        out.extend(told)
        self._write_due()

    def _receive_ok(self, ok: events.Ok, out: list[Out]) -> None:
        if ok.id is None:
            return
        if ok.id in self.outbox:
            if isinstance(self.outbox.message(ok.id), commands.Send) and ok.conversation is not None:
                self._latest.said(ok.conversation, ok.seq or 0)
            self.outbox.settle(ok.id)
            out.append(Answered(ok.id, Answer([], ok), kept=True))
            self._write_due()
        elif (pending := self._pending.pop(ok.id, None)) is not None:
            out.append(Answered(ok.id, Answer(pending.events, ok)))

    def _receive_error(self, told: events.Error, out: list[Out]) -> None:
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
        elif self._pending.pop(request, None) is not None:
            out.append(Failed(request, error))

    def _refuse_login(self, error: ChatError, out: list[Out], *, retry: bool) -> None:
        self._hello = None
        self._login.end()
        if self._token is not None and not retry:
            # The session cannot be resumed any more, but its name can be taken as at first.
            self._token = None
            self._say_hello()
        else:
            out.append(LoginRefused(error, retry))

    def _say_hello(self) -> None:
        hello = commands.Hello(
            epoch=self.positions.epoch, positions=self.positions.seqs, listen=self._listen, label=self._label
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

    def _collect(self, event: _Data, size: int) -> None:
        """Keep a part of an answer until its ``ok`` comes; one that nobody waits for is dropped."""
        pending = None if event.id is None else self._pending.get(event.id)
        if pending is None:
            return
        pending.events.append(event)
        pending.bytes += size + _EVENT_BYTES
        if sum(each.bytes for each in self._pending.values()) > ANSWER_BYTES:
            raise ProtocolError(f"The server sent an answer of more than {ANSWER_BYTES:,} bytes.")
