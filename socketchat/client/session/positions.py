"""The client's position in each conversation: drops repeated entries and notices missing ones."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from ...exceptions import ProtocolError
from ...protocol import events
from ...protocol.conversations import is_room, room_id
from ...protocol.limits import LINE_BYTES
from .client_events import Gap, Reset

HELD_BYTES = 16_777_216
"""Most bytes for the names and topics of the conversations, enough for 40,000: a hostile server cannot fill the
memory."""

_CONVERSATION_BYTES = 256
"""Approximate memory of a conversation beside its strings."""

TOLD_BYTES = LINE_BYTES - 8_192
"""Bytes of positions in a ``hello``: they leave room for the rest of its line, which has a limit."""

Change = events.Conversation | events.Left | Reset | Gap


class Positions:
    """The newest seq known of each conversation, valid in one epoch.

    ``heard`` are the conversations as the server last described them. A reconnecting client sends ``seqs`` and
    ``epoch`` in ``hello`` and passes the ``welcome`` to :meth:`login`, which compares them with the server's heads.
    """

    __slots__ = ("_held", "epoch", "heard", "seqs")

    def __init__(self, epoch: str | None = None, seqs: dict[str, int] | None = None) -> None:
        self.epoch = epoch
        self.seqs = dict(seqs or {})
        self.heard: dict[str, events.Conversation] = {}
        self._held = 0

    def login(self, welcome: events.Welcome) -> tuple[list[Change], int, int]:
        """Apply a welcome; return the changes, the number of missed entries, and how many of them are skipped.

        In a known epoch, direct messages without a position began while the client was away, so all of them are missed.
        Rooms without a position begin at their head.
        """
        told: list[Change] = []
        known = welcome.epoch == self.epoch and self._fit(welcome)
        if not known:
            if self.epoch is not None:
                told.append(Reset(welcome.epoch))
            self.seqs = {}
        before, heard_before = self.seqs, self.heard
        self.epoch = welcome.epoch
        self.seqs, self.heard, self._held = {}, {}, 0
        if known:
            now = {conversation.conversation for conversation in welcome.conversations}
            told += [_left(gone) for gone in heard_before if gone not in now]
        missed = skipped = 0
        for conversation in welcome.conversations:
            self._hear(conversation)
            name, head, start = conversation.conversation, conversation.head, conversation.floor - 1
            if heard_before and known and name not in before:
                told.append(conversation)
            new = start if known and not is_room(name) else head
            position = before.get(name, new)
            if position < start:
                told.append(Gap(name, position + 1, start, "shortened"))
                position = start
            missed += max(head - position, 0)
            if position < conversation.after <= head:
                told.append(Gap(name, position + 1, conversation.after, "skipped"))
                skipped += conversation.after - position
                position = conversation.after
            self.seqs[name] = position
        return told, missed, skipped

    def told(self) -> dict[str, int]:
        """Return the positions for a ``hello``, as many as fit into its line.

        The shortest direct messages are left out first: the server then sends all of their entries, which are few, and
        :meth:`take` drops the known ones.
        """
        room = TOLD_BYTES
        told: dict[str, int] = {}
        for name, seq in sorted(self.seqs.items(), key=lambda each: (not is_room(each[0]), -each[1])):
            room -= len(name.encode()) + len(str(seq)) + len('"":,')
            if room < 0:
                break
            told[name] = seq
        return told

    def describe(self, event: events.Conversation | events.Changed) -> None:
        """Note a new conversation, a new description of a known one, or new settings of a room."""
        if isinstance(event, events.Conversation):
            self._hear(event)
            self.seqs.setdefault(event.conversation, event.head)
        elif (known := self.heard.get(event.conversation)) is not None:
            announce = known.announce if event.announce is None else event.announce
            slow, name = known.slow if event.slow is None else event.slow, event.name or known.name
            self._hear(replace(known, announce=announce, slow=slow, name=name))

    def end(self, conversation: str) -> None:
        """Forget a conversation that the session no longer hears."""
        self.seqs.pop(conversation, None)
        if conversation in self.heard:
            self._held -= _weight(self.heard.pop(conversation))

    def take(self, entry: events.Entry) -> tuple[events.Entry | Gap, ...]:
        """Return the entry, behind a gap if entries before it are missing; nothing for a repeat."""
        position = self.seqs.get(entry.conversation)
        if position is None:
            # No welcome and no conversation event announced it; it is followed from here on.
            self.describe(events.Conversation(conversation=entry.conversation, head=entry.seq))
            return (entry,)
        if entry.seq <= position:
            return ()
        self.seqs[entry.conversation] = entry.seq
        if entry.seq == position + 1:
            return (entry,)
        return Gap(entry.conversation, position + 1, entry.seq - 1), entry

    def _fit(self, welcome: events.Welcome) -> bool:
        """Tell whether the server has everything that the client has; a store restored from a backup may not."""
        return all(self.seqs.get(told.conversation, 0) <= told.head for told in welcome.conversations)

    def _hear(self, conversation: events.Conversation) -> None:
        before = self.heard.get(conversation.conversation)
        self._held += _weight(conversation) - (_weight(before) if before else 0)
        if self._held > HELD_BYTES:
            raise ProtocolError("The server sent more conversations than the client can hold.")
        self.heard[conversation.conversation] = conversation


def id_of_room(name: str, heard: Mapping[str, events.Conversation]) -> str:
    """Return the id of a room that is heard, given by its name, which may have changed since; or what it should be."""
    number = room_id(name)
    if number in heard:
        return number
    renamed = (each.conversation for each in heard.values() if each.name and room_id(each.name) == number)
    return next(renamed, number)


def _weight(conversation: events.Conversation) -> int:
    words = (conversation.conversation, conversation.topic, conversation.peer or "", conversation.name)
    return _CONVERSATION_BYTES + sum(map(len, words))


def _left(conversation: str) -> events.Left:
    """Return the event for a conversation that the user is no longer in, for a reason that the client does not know."""
    text = f"You are no longer in {conversation}." if is_room(conversation) else ""
    return events.Left(conversation=conversation, text=text)
