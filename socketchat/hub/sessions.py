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
from .policy.allowance import UNLIMITED
from .policy.limits import COMMAND_BYTES
from .state.conversations import Conversation
from .state.users import User

REFUSAL_CHARACTERS = 500
"""Longest text of an error: our sentence and enough of the words that it is about."""


class Rendering(Protocol):
    """How events become bytes; sessions with the same rendering share every byte that all of them hear."""

    echo: bool
    """Whether a session hears what it said in a room itself."""
    sided: bool
    """Whether the two ends of a direct message read different bytes."""
    follows: bool
    """Whether a session hears all its rooms, or only the one it is in."""
    resumes: bool
    """Whether a client whose link broke comes back by itself, so that its absence is worth waiting for."""
    shows_members: bool
    """Whether it is told room by room which of its members come online and go offline, or only once for the chat."""

    def entry(self, entry: Entry, *, own: bool = False) -> bytes:
        """Return the bytes of an entry, as its author reads it where ``own`` is set."""

    def event(self, event: Event) -> bytes:
        """Return the bytes of any event; b"" where this dialect does not tell it."""

    def answer(self, event: Event, session: Session, command: Command | None) -> bytes:
        """Return the bytes of an event that answers a session's command, or a line that was no command."""


class Link(Protocol):
    """What the hub needs of the connection under a session."""

    def proceed(self) -> None:
        """Go on handing in commands, which stopped when the session could not take more."""

    def close(self, last_words: bytes) -> None:
        """Write these bytes, then close."""

    def fail(self, error: Exception) -> None:
        """Log what nobody expected, and close."""


class Channel(NamedTuple):
    """What the server knows of the connection under a session.

    ``peer`` is the address without the port; it ``is_loopback`` where it is this machine, and no tunnel may end here.
    ``binding`` is the SHA-256 of the server's certificate (DER) under TLS,
    and b"" in plaintext; proofs cover it, so that they are worthless on another connection.
    """

    peer: str = ""
    is_loopback: bool = False
    binding: bytes = b""

    @property
    def is_tls(self) -> bool:
        """Whether nobody else can read what goes over the connection."""
        return bool(self.binding)

    @property
    def is_private(self) -> bool:
        """Whether a password, or the token of an invite, may go over the connection."""
        return self.is_tls or self.is_loopback


NO_CHANNEL = Channel()


class Challenged(NamedTuple):
    """A ``hello`` that waits for its proof, and the nonce that it was challenged with."""

    hello: Hello
    nonce: bytes


class Places:
    """Where one session stands in each conversation that it hears; only this class changes that, and audiences.

    A session is live, and then it has everything up to the head of each conversation, or it is behind. ``lacks`` is
    None while it is live; otherwise it holds the last seq that it was sent of each conversation that went on since.
    """

    __slots__ = ("_chat", "_session", "awaits_more", "heard", "lacks", "missed_presence")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._chat: Audience | None = None
        self.heard: list[Conversation] = []
        self.lacks: OrderedDict[Conversation, int] | None = None
        self.awaits_more = False  # conversations that it is about to hear
        self.missed_presence = False

    @property
    def is_behind(self) -> bool:
        """Whether replay has to serve the session before anything is pushed to it."""
        return self.lacks is not None

    def hears(self, conversation: Conversation) -> bool:
        """Tell whether the session hears a conversation."""
        return self._session in conversation.audience.get(self._session.rendering, ())

    def listen(self, chat: Audience) -> None:
        """Let the session hear what concerns the whole chat."""
        self._chat = chat
        chat.add(self._session)

    def enter(self, conversation: Conversation, sent: int | None = None) -> None:
        """Let the session hear a conversation from its head on, or behind the last seq that it was ``sent``."""
        if self.hears(conversation):
            return
        self.heard.append(conversation)
        conversation.audience.add(self._session)
        if sent is not None and sent < conversation.head:
            self.miss(conversation, sent)

    def leave(self, conversation: Conversation) -> None:
        """Let the session hear a conversation no longer."""
        if self.hears(conversation):
            self.heard.remove(conversation)
            conversation.audience.discard(self._session)
            if self.lacks is not None:
                self.lacks.pop(conversation, None)

    def leave_all(self) -> None:
        """Let the session hear nothing any more."""
        heard, self.heard = self.heard, []
        for conversation in heard:
            conversation.audience.discard(self._session)
        if self._chat is not None:
            self._chat.discard(self._session)
            self._chat = None
        self.lacks = None

    def fall_behind(self, sent: Mapping[Conversation, int] | None = None) -> None:
        """Push nothing to the session any more, which was ``sent`` all up to the heads, or to these seqs."""
        if self.lacks is None:
            self.lacks = OrderedDict()
        for conversation, seq in (sent or {}).items():
            self.miss(conversation, seq)

    def miss(self, conversation: Conversation, sent: int) -> None:
        """Note that a conversation goes on, of which the session was sent what comes up to ``sent``."""
        if self.lacks is not None and self.hears(conversation):
            self.lacks.setdefault(conversation, sent)

    def was_sent(self, conversation: Conversation, seq: int) -> None:
        """Note up to which seq replay served a conversation; the next one to be served is the one before all others."""
        if self.lacks is not None and self.hears(conversation):
            self.lacks[conversation] = seq
            if seq >= conversation.head:
                del self.lacks[conversation]

    def catch_up(self) -> bool:
        """Make the session live if it lacks nothing and awaits nothing more; tell whether it became live."""
        if self.lacks or self.awaits_more:
            return False
        self.lacks = None
        return True

    def render_as(self, rendering: Rendering) -> None:
        """Change how the session reads everything from now on; it stays where it is in each conversation.

        What the old and the new rendering say of a session beyond bytes and echo has to be the same.
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
        "gone",
        "link",
        "listens",
        "outbox",
        "outbox_key",
        "paused",
        "places",
        "put_out",
        "register",
        "rendering",
        "rests",
        "room",
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
        self.write = write  # never blocks; when the peer takes nothing, the link calls Hub.pause
        self.user: User | None = None
        self.challenged: Challenged | None = None
        self.device = ""  # the key that the user proved to have
        self.register: Callable[[], Coroutine[Any, Any, User]] | None = None  # how its new name becomes an account
        self.token = ""
        self.listens = False
        self.room = ""  # the current room, for dialects that have one
        self.put_out = ""  # the room that was the current one until somebody put the user out of it
        self.places = Places(self)
        self.paused = False  # the write buffer is full
        self.gone = False  # the connection ended, perhaps before the log decided what it asked for
        self.blocked = False  # a command is being answered; the next one has to wait
        self.stalled = False  # the link has more commands, and waits for proceed()
        self.allowance = UNLIMITED  # which it may share with other sessions; see Throttle
        self.rests = False  # it was too fast, and is told when it may go on
        self.under_way = 0  # entries submitted, outcome unknown
        self.under_way_bytes = 0
        self.outbox: str | None = None
        self.outbox_key = 0

    def end(self) -> None:
        """Note that the connection is gone; whatever is still told to this session goes nowhere."""
        self.gone = True
        self.stalled = False
        self.write = _nowhere

    def hear_nothing(self) -> None:
        """Note that nobody reads any more, although commands that were received are still to be handled."""
        self.places.leave_all()
        self.paused = False
        self.write = _nowhere

    def spend(self, size: int) -> None:
        """Count a long line as several commands, but a ``hello``, which tells all that the client knows, as one."""
        if self.user is not None:
            self.allowance.left -= size // COMMAND_BYTES

    def tell(self, event: Event) -> None:
        """Write an event that is for this session alone."""
        data = self.rendering.event(event)
        if data:
            self.write(data)

    def answer(self, event: Event, command: Command | None) -> None:
        """Write an event that answers a command of this session."""
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
    """Return the event that tells an error, which may repeat words of a peer."""
    return Error(code=error.code, text=clean_line(str(error)[:REFUSAL_CHARACTERS]), id=command_id, retry=retry)


def _nowhere(data: bytes) -> None:
    """Take the bytes for a session that is gone."""
