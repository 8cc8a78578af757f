"""What a client learns beside the protocol's own events: about its link, its login and what it asked for."""

from __future__ import annotations

from typing import Literal

import msgspec

from ...exceptions import ChatError, ProtocolError, from_code
from ...protocol.commands import Delete, Edit, Send
from ...protocol.conversations import is_room
from ...protocol.events import (
    ANY,
    Absent,
    Alert,
    Bye,
    Conversation,
    Entry,
    Error,
    Left,
    Ok,
    Presence,
    Read,
    Welcome,
)
from ...protocol.text.hygiene import clean_line
from ...protocol.text.references import place

TOLD_CHARACTERS = 1000
"""What is taken over of an error that the server tells: ours are sentences."""


class Answer(msgspec.Struct, frozen=True):
    """The whole answer to a command: the events that carry data, in order, then the ``ok``."""

    events: list[ANY]
    ok: Ok


class LinkLost(msgspec.Struct, frozen=True):
    """The link broke, or trying to mend it failed; the next attempt begins in ``delay`` seconds.

    ``reason`` is a sentence. ``attempt`` is 1 for the loss itself and rises with each try that fails. Where the try met
    ``other_key`` than that of the server, the sentence has both fingerprints; nothing was sent there.
    """

    reason: str
    delay: float
    attempt: int
    other_key: bool = False


class LinkBack(msgspec.Struct, frozen=True):
    """The link is back: ``missed`` entries follow as they would have come, ``sent`` kept messages are on their way."""

    missed: int
    sent: int


class NotStored(msgspec.Struct, frozen=True):
    """The server has refused for some time what is sent, and says why; it is kept, and tried again."""

    error: ChatError

    @property
    def sentence(self) -> str:
        """What somebody is told who waits for it."""
        why = str(self.error).removesuffix(".").removesuffix("; try again later")
        return f"{why}; what you send waits, and is sent when that is over."


class StoredAgain(msgspec.Struct, frozen=True):
    """The server, of which the last thing told was ``NotStored``, stores again."""

    sentence = "The server stores again what is sent; what waited has its turn."


class Reset(msgspec.Struct, frozen=True):
    """The server has another history than the one that the client knew; positions in the old one mean nothing here."""

    epoch: str


class Gap(msgspec.Struct, frozen=True):
    """Entries ``first`` to ``last`` of a conversation do not come; the entries that follow come after them.

    They are "skipped" after a long absence, and can be asked for; or the history was "shortened" meanwhile and they
    are gone; or they are "missing", which no server should let happen.
    """

    conversation: str
    first: int
    last: int
    reason: Literal["skipped", "shortened", "missing"] = "missing"

    @property
    def sentence(self) -> str:
        """What somebody who reads the conversation is told."""
        place = self.conversation if is_room(self.conversation) else "your direct messages"
        if self.reason == "skipped":
            many = self.last - self.first + 1
            return f"… {many:,} earlier {'line' if many == 1 else 'lines'} of {place}; /history shows them."
        what = "are no longer kept" if self.reason == "shortened" else "did not come"
        return f"Lines {self.first:,} to {self.last:,} of {place} {what}."


class LoggedIn(msgspec.Struct, frozen=True):
    """The login succeeded; ``missed`` entries and the ``sent`` messages that were kept are on their way."""

    welcome: Welcome
    missed: int
    sent: int


class LoginRefused(msgspec.Struct, frozen=True):
    """The login failed; with ``retry`` it may succeed later, unchanged."""

    error: ChatError
    retry: bool


class Answered(msgspec.Struct, frozen=True):
    """The request ``id`` is done; ``kept`` says that it is a message, which is kept no longer."""

    id: int
    answer: Answer
    kept: bool = False


class Failed(msgspec.Struct, frozen=True):
    """The request ``id`` is not done, and will not be."""

    id: int
    error: ChatError


class NotSent(msgspec.Struct, frozen=True):
    """The server refused for good a message that an earlier process left; it is kept no longer."""

    message: Send | Edit | Delete
    error: ChatError

    @property
    def sentence(self) -> str:
        """What was not done, in words."""
        message = self.message
        if isinstance(message, Send):
            return f"It was sent to {message.to} earlier: {message.text}"
        what = "your last line in " if message.seq is None else ""
        where = message.conversation if message.seq is None else place(message.conversation, message.seq)
        if isinstance(message, Edit):
            return f"It was to change {what}{where}, earlier: {message.text}"
        return f"It was to delete {what}{where}, earlier."


class RetryLater(msgspec.Struct, frozen=True):
    """The server cannot store messages at the moment; they are kept until ``Session.retry`` is called."""

    error: ChatError


class Broken(msgspec.Struct, frozen=True):
    """The server sent what no server may; the connection must be closed."""

    error: ProtocolError


def told_error(told: Error | Bye) -> ChatError:
    """Return the error that the server told; wherever it is written, it does not drive a terminal."""
    return from_code(told.code, clean_line(told.text[:TOLD_CHARACTERS]))


SessionEvent = ANY | Reset | Gap | LoggedIn | LoginRefused | Answered | Failed | NotSent | RetryLater | Broken
"""What ``Session.receive_data`` returns."""

Unsolicited = Entry | Presence | Absent | Alert | Conversation | Left | Read | Error
"""What the server sends without being asked."""

ClientEvent = Unsolicited | LinkLost | LinkBack | Reset | Gap | NotSent | NotStored | StoredAgain
"""What iterating over a client yields."""
