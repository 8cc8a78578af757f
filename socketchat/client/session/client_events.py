"""The client's own events, beside the protocol's: about its connection, its login and its requests."""

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
    Changed,
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
"""Most characters kept of an error from the server: ours are sentences."""


class Answer(msgspec.Struct, frozen=True):
    """The whole answer to a command: the events that carry data, in order, then the ``ok``."""

    events: list[ANY]
    ok: Ok


class LinkLost(msgspec.Struct, frozen=True):
    """The connection was lost, or reconnecting failed; the next attempt begins in ``delay`` seconds.

    ``reason`` is a sentence. ``attempt`` is 1 for the loss itself and rises with each attempt that fails. ``other_key``
    says that the attempt met another key than the server's: the sentence has both fingerprints, and nothing was sent.
    """

    reason: str
    delay: float
    attempt: int
    other_key: bool = False


class LinkBack(msgspec.Struct, frozen=True):
    """The client is connected again; ``sent`` kept messages are on their way.

    It missed ``missed`` entries. All except ``skipped`` of them follow, in order.
    """

    missed: int
    sent: int
    skipped: int = 0

    @property
    def sentence(self) -> str:
        """The sentence for the user."""
        follow = f", the newest {self.missed - self.skipped:,} follow" if self.skipped else ""
        return f"Reconnected: {self.missed:,} missed{follow}, {self.sent:,} sent."


class NotStored(msgspec.Struct, frozen=True):
    """The server has refused messages for some time, and says why; the client keeps and retries them."""

    error: ChatError

    @property
    def sentence(self) -> str:
        """The sentence for the user."""
        why = str(self.error).removesuffix(".").removesuffix("; try again later")
        return f"{why}; what you send waits until the server stores it."


class StoredAgain(msgspec.Struct, frozen=True):
    """The server stores messages again, after ``NotStored``."""

    sentence = "The server stores messages again; those that waited are sent now."


class Reset(msgspec.Struct, frozen=True):
    """The server's history is not the one that the client knew, so positions in the old one are void."""

    epoch: str


class Gap(msgspec.Struct, frozen=True):
    """Entries ``first`` to ``last`` of a conversation will not come; the next entry is a later one.

    If there were too many, they were "skipped", and ``History`` returns them. If retention removed them, the history
    was "shortened". They are "missing" only if the server has a bug.
    """

    conversation: str
    first: int
    last: int
    reason: Literal["skipped", "shortened", "missing"] = "missing"

    @property
    def sentence(self) -> str:
        """The sentence for the reader of the conversation."""
        place = self.conversation if is_room(self.conversation) else "your direct messages"
        if self.reason == "skipped":
            many = self.last - self.first + 1
            return f"… {many:,} earlier {'line' if many == 1 else 'lines'} of {place}; /history shows them."
        what = "are no longer kept" if self.reason == "shortened" else "did not arrive"
        lines = f"Lines {self.first:,} to {self.last:,}" if self.first < self.last else f"Line {self.first:,}"
        what = what if self.first < self.last else what.replace("are", "is", 1)
        return f"{lines} of {place} {what}."


class LoggedIn(msgspec.Struct, frozen=True):
    """The login succeeded; ``missed`` entries, except ``skipped`` ones, and ``sent`` messages are on their way."""

    welcome: Welcome
    missed: int
    sent: int
    skipped: int = 0


class LoginRefused(msgspec.Struct, frozen=True):
    """The login failed; with ``retry`` it may succeed later, unchanged."""

    error: ChatError
    retry: bool


class Answered(msgspec.Struct, frozen=True):
    """The request ``id`` is done; if ``kept``, it was a kept message, which is now stored."""

    id: int
    answer: Answer
    kept: bool = False


class Failed(msgspec.Struct, frozen=True):
    """The request ``id`` failed, and will not be retried."""

    id: int
    error: ChatError


class NotSent(msgspec.Struct, frozen=True):
    """The server refused a message of an earlier process, so the client dropped it."""

    message: Send | Edit | Delete
    error: ChatError

    @property
    def sentence(self) -> str:
        """The sentence that says what was not done."""
        message = self.message
        if isinstance(message, Send):
            return f"Your message to {message.to} from an earlier visit was not sent: {message.text}"
        what = "your last line in " if message.seq is None else ""
        where = message.conversation if message.seq is None else place(message.conversation, message.seq)
        if isinstance(message, Edit):
            return f"Your edit of {what}{where} from an earlier visit was not made: {message.text}"
        return f"Your deletion of {what}{where} from an earlier visit was not made."


class RetryLater(msgspec.Struct, frozen=True):
    """The server cannot store messages at the moment; the session keeps them until ``Session.retry`` is called."""

    error: ChatError


class Broken(msgspec.Struct, frozen=True):
    """The server broke the protocol; the connection must be closed."""

    error: ProtocolError


def told_error(told: Error | Bye) -> ChatError:
    """Return the server's error, cleaned so that it cannot control a terminal."""
    return from_code(told.code, clean_line(told.text[:TOLD_CHARACTERS]))


SessionEvent = ANY | Reset | Gap | LoggedIn | LoginRefused | Answered | Failed | NotSent | RetryLater | Broken
"""The events that ``Session.receive_data`` returns."""

Unsolicited = Entry | Presence | Absent | Alert | Conversation | Changed | Left | Read | Error
"""The events that the server sends without a request."""

ClientEvent = Unsolicited | LinkLost | LinkBack | Reset | Gap | NotSent | NotStored | StoredAgain
"""The events that iterating over a client yields."""
