"""A session is one connected client of a user, as the domain sees it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple, Protocol

from ..exceptions import ChatError
from ..protocol.commands import Command, Hello
from ..protocol.events import Entry, Error, Event
from ..protocol.text.hygiene import clean_line
from .audience import Audience
from .policy.limits import COMMAND_BYTES
from .policy.token_bucket import UNLIMITED
from .state.conversations import Conversation
from .state.users import Profile, User

REFUSAL_CHARACTERS = 500
"""Longest text of an error: our sentence, and enough of the words that it quotes."""


class Rendering(Protocol):
    """Turns events into bytes; sessions with the same rendering share them."""

    echo: bool
    """Whether a session hears its own messages in rooms."""
    sided: bool
    """Whether the two ends of a direct message read different bytes."""
    follows: bool
    """Whether a session hears all its rooms, or only its current one."""
    resumes: bool
    """Whether the client reconnects by itself, so that the server waits before it reports a leave."""
    shows_members: bool
    """Whether the client gets presence for each room, or once for the whole chat."""
    invites: bool
    """Whether users are invited to public rooms, too, and members hear of it."""
    tells_watched: bool
    """Whether a session hears what users whom it watches say about themselves."""
    hears_lobby: bool
    """Whether a session hears the lobby from the start; otherwise it joins and leaves the lobby like any room."""
    echoed: frozenset[str]
    """The kinds of entries that an author without ``echo`` hears, too."""
    confirms: bool
    """Whether a session's own entry is the answer to its command, and may need other bytes than everyone else's."""

    def entry(self, entry: Entry, *, own: bool = False) -> bytes:
        """Return the bytes of an entry, or with ``own``, those for its author."""

    def message(self, entry: Entry, text: str) -> bytes:
        """Return the bytes of a new message to a room, like ``entry``, but faster because its text is at hand."""

    def event(self, event: Event) -> bytes:
        """Return the bytes of any event, or b"" if this dialect does not show it."""

    def answer(self, event: Event, session: Session, command: Command | None) -> bytes:
        """Return the bytes of an event for one session: the answer to its ``command``, to an invalid line, or news."""

    def confirm(self, entry: Entry, session: Session) -> bytes | None:
        """Return the bytes in place of a session's own entry, or None for the usual ones; see ``confirms``."""


class Link(Protocol):
    """The part of a session's connection that the hub needs."""

    def proceed(self) -> None:
        """Continue to hand in commands, after the session could not take more."""

    def close(self, last_words: bytes) -> None:
        """Write these bytes, then close."""

    def fail(self, error: Exception) -> None:
        """Log an unexpected error, and close."""


class Channel(NamedTuple):
    """The server's knowledge of a session's connection.

    ``peer`` is the address without the port. It ``is_loopback`` if the peer is on this machine and the server is not
    behind a tunnel. ``binding`` is the SHA-256 of the server's certificate (DER) under TLS, and b"" in plaintext.
    Proofs cover it, so that they are invalid with another certificate. ``reached`` is the server's own address and
    port that the peer connected to, for wires that need it. ``origin`` is that of the page that a browser runs, "" for
    any other client. A page cannot see the certificate, so its proofs cover the origin instead, and it is ``unsafe``
    if the browser had no way to verify who served it.
    """

    peer: str = ""
    is_loopback: bool = False
    binding: bytes = b""
    reached: tuple[str, int] = ("", 0)
    origin: str = ""
    unsafe: bool = False

    @property
    def is_tls(self) -> bool:
        """Whether the connection uses TLS."""
        return bool(self.binding)

    @property
    def is_private(self) -> bool:
        """Whether the connection may carry a password or the token of an invite."""
        return self.is_tls or self.is_loopback

    @property
    def takes_secrets(self) -> bool:
        """Whether a password or the join code may be asked for: in an unsafe page, its author could read them."""
        return self.is_private and not self.unsafe


NO_CHANNEL = Channel()


class Challenged(NamedTuple):
    """A ``hello`` that waits for its proof, and the nonce of its challenge."""

    hello: Hello
    nonce: bytes


class Places:
    """The position of one session in each conversation that it hears; only this class changes it, and audiences.

    A live session has been sent everything up to the head of each conversation; otherwise the session is behind.
    ``lacks`` is None while the session is live. Otherwise it maps each conversation with newer entries to the last seq
    that the session was sent.
    """

    __slots__ = ("_chat", "_session", "awaits_more", "heard", "lacks", "missed_presence", "rests")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._chat: Audience | None = None
        self.heard: list[Conversation] = []
        self.lacks: OrderedDict[Conversation, int] | None = None
        self.awaits_more = False  # more conversations are to follow
        self.missed_presence = False
        self.rests = False  # it was sent too much, and is served again later

    @property
    def is_behind(self) -> bool:
        """Whether replay has to serve the session before anything is pushed to it."""
        return self.lacks is not None

    def hears(self, conversation: Conversation) -> bool:
        """Tell whether the session hears a conversation."""
        return self._session in conversation.audience.get(self._session.rendering, ())

    def listen(self, chat: Audience | None) -> None:
        """Subscribe the session to events of the whole chat, or no longer."""
        if self._chat is not None:
            self._chat.discard(self._session)
        self._chat = chat
        if chat is not None:
            chat.add(self._session)

    def enter(self, conversation: Conversation, sent: int | None = None) -> None:
        """Subscribe the session to a conversation, from its head or from the last seq that it was ``sent``."""
        if self.hears(conversation):
            return
        self.heard.append(conversation)
        conversation.audience.add(self._session)
        if sent is not None and sent < conversation.head:
            self.miss(conversation, sent)

    def leave(self, conversation: Conversation) -> None:
        """Unsubscribe the session from a conversation."""
        if self.hears(conversation):
            self.heard.remove(conversation)
            conversation.audience.discard(self._session)
            if self.lacks is not None:
                self.lacks.pop(conversation, None)

    def leave_all(self) -> None:
        """Unsubscribe the session from everything."""
        heard, self.heard = self.heard, []
        for conversation in heard:
            conversation.audience.discard(self._session)
        if self._chat is not None:
            self._chat.discard(self._session)
            self._chat = None
        self.lacks = None

    def fall_behind(self, sent: Mapping[Conversation, int] | None = None) -> None:
        """Mark the session as behind; it was sent everything up to the heads, or up to the seqs in ``sent``."""
        if self.lacks is None:
            self.lacks = OrderedDict()
        for conversation, seq in (sent or {}).items():
            self.miss(conversation, seq)

    def miss(self, conversation: Conversation, sent: int) -> None:
        """Note that a conversation has entries after ``sent``, the last seq that the session was sent."""
        if self.lacks is not None and self.hears(conversation):
            self.lacks.setdefault(conversation, sent)

    def was_sent(self, conversation: Conversation, seq: int) -> None:
        """Note the last seq that replay has sent of a conversation; at the head, the session lacks nothing there."""
        if self.lacks is not None and self.hears(conversation):
            self.lacks[conversation] = seq
            if seq >= conversation.head:
                del self.lacks[conversation]

    def catch_up(self) -> bool:
        """Make the session live if it has been sent everything; tell whether it became live."""
        if self.lacks or self.awaits_more:
            return False
        self.lacks = None
        return True

    def render_as(self, rendering: Rendering) -> None:
        """Change the session's rendering; its position in each conversation stays.

        The old and the new rendering may differ in bytes and echo only.
        """
        session = self._session
        audiences = [conversation.audience for conversation in self.heard]
        if self._chat is not None:
            audiences.append(self._chat)
        for audience in audiences:
            audience.discard(session)
        session.rendering = rendering
        for audience in audiences:
            audience.add(session)


class Session:
    """One connected client."""

    __slots__ = (
        "allowance",
        "blocked",
        "challenged",
        "channel",
        "device",
        "dialect",
        "gone",
        "link",
        "listens",
        "outbox",
        "outbox_key",
        "paused",
        "places",
        "profile",
        "proved",
        "put_out",
        "register",
        "rendering",
        "rests",
        "room",
        "shown_password",
        "stalled",
        "token",
        "under_way",
        "under_way_bytes",
        "user",
        "write",
    )

    def __init__(
        self, rendering: Rendering, link: Link, write: Callable[[bytes], None], channel: Channel = NO_CHANNEL
    ) -> None:
        self.rendering = rendering
        self.channel = channel
        self.link = link
        self.write = write  # never blocks; if the peer does not read, the link calls Hub.pause
        self.dialect: Any = None  # what the session's dialect keeps about it
        self.user: User | None = None
        self.profile: Profile | None = None  # what the client has said about its user
        self.challenged: Challenged | None = None
        self.device = ""  # the key that the user has proved
        self.proved = ""  # the stored hash of the password that the user has proved
        self.register: Callable[[], Coroutine[Any, Any, User]] | None = None  # registers the new name of the session
        self.token = ""
        self.shown_password = False  # the client knows the server's password
        self.listens = False
        self.room = ""  # the current room, for dialects that have one
        self.put_out = ""  # the current room from which the user was kicked
        self.places = Places(self)
        self.paused = False  # the write buffer is full
        self.gone = False  # the connection ended, perhaps before the outcome of its commands
        self.blocked = False  # a command is being answered; the next one has to wait
        self.stalled = False  # the link has more commands, and waits for proceed()
        self.allowance = UNLIMITED  # may be shared with other sessions; see Throttle
        self.rests = False  # it was too fast, and will be told to continue
        self.under_way = 0  # entries submitted, outcome unknown
        self.under_way_bytes = 0
        self.outbox: str | None = None
        self.outbox_key = 0

    def end(self) -> None:
        """Mark the connection as gone; discard everything that is still sent to this session."""
        self.gone = True
        self.stalled = False
        self.write = _nowhere

    def hear_nothing(self) -> None:
        """Discard output, because the peer reads no more; received commands are still handled."""
        self.places.leave_all()
        self.paused = False
        self.write = _nowhere

    def spend(self, size: int) -> None:
        """Count a long line as several commands, except ``hello``, which carries all positions of the client."""
        if self.user is not None:
            self.allowance.left -= size // COMMAND_BYTES

    def tell(self, event: Event) -> None:
        """Send an event to this session alone."""
        self.answer(event, None)

    def answer(self, event: Event, command: Command | None) -> None:
        """Send an event that answers a command of this session, if there is one."""
        data = self.rendering.answer(event, self, command)
        if data:
            self.write(data)

    def refuse(
        self, error: ChatError, command: Command | None, *, retry: bool = False, command_id: int | None = None
    ) -> None:
        """Answer a command with an error."""
        told = refusal(error, command.id if command is not None else command_id, retry=retry)
        self.answer(told, command)


def refusal(error: ChatError, command_id: int | None, *, retry: bool = False) -> Error:
    """Return the event for an error; the error may quote words of a peer."""
    return Error(code=error.code, text=clean_line(str(error)[:REFUSAL_CHARACTERS]), id=command_id, retry=retry)


def _nowhere(data: bytes) -> None:
    """Discard the bytes for a session that is gone."""
