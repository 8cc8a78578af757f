"""Editing and deleting messages: users their own, and moderators those of others in their rooms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ..exceptions import BadLine, ChatError, KeyReused, NotFound, Refused
from ..hub import Action, Hub, Pending, Session, User
from ..hub.state import facts
from ..hub.state.conversations import Conversation, Pair, Room
from ..journal.bodies import is_blank, is_changeable, is_gone
from ..protocol import commands, events
from ..protocol.codec import decode_text, encode_text
from ..protocol.kinds import CHANGEABLE, DELETE, EDIT, REPLY
from ..protocol.limits import HISTORY_ENTRIES, RECENT_MS
from ..protocol.text.hygiene import check_text, clean_line
from ..protocol.text.references import place
from .handler import ANSWERED, Answer
from .history import readable
from .messages import REASON_CHARACTERS, check_reached, check_restrained, key_of, speaker

_Change = commands.Edit | commands.Delete
_Keyed = _Change | commands.Send


async def edit(hub: Hub, session: Session, command: commands.Edit) -> Answer:
    """Submit an edit of the user's own message."""
    with final_refusals(hub, session, command):
        text, user = check_text(command.text), speaker(session)
        conversation = referred_conversation(hub, user, command.conversation)
        entry = await message_at(hub, user, conversation, command.seq)
        if entry.author != user.id:
            raise Refused(f"Only {entry.name} can edit {shown_place(conversation, user, entry)}.")
        check_speaks(hub, user, conversation)  # again: rights may have changed meanwhile
        if text == decode_text(entry).text:
            raise Refused(f"{shown_place(conversation, user, entry)} already has this text.")
        if conversation.slow and isinstance(conversation, Room):  # an edit is a line that everyone gets, too
            check_restrained(hub, session, conversation, _key(hub, session, command))
    hub.submit(_pending(hub, session, command, conversation, entry))
    return ANSWERED


async def delete(hub: Hub, session: Session, command: commands.Delete) -> Answer:
    """Submit the deletion of a message: the user's own or, for moderators, any in their room."""
    with final_refusals(hub, session, command):
        user = speaker(session)
        conversation = referred_conversation(hub, user, command.conversation)
        entry = await message_at(hub, user, conversation, command.seq, recent=True)
        if entry.author != user.id:
            _check_moderates(hub, user, conversation, entry)
            act = facts.ActFact("delete", conversation.id, entry.author, entry.name, seq=entry.seq)
            await hub.record(session, "act", act)  # first, so that no delete is missing from the audit log
    hub.submit(_pending(hub, session, command, conversation, entry))
    return ANSWERED


@contextmanager
def final_refusals(hub: Hub, session: Session, command: _Keyed) -> Iterator[None]:
    """Make all errors final for a command with a key: later numbers may be stored, so a retry needs a new key.

    The later ones need not wait for it any more, if a full disk refused it before.
    """
    try:
        yield
    except ChatError as error:
        if command.outbox is not None:
            error.retry = False
            with suppress(BadLine):
                hub.journal.give_up(key_of(hub, session, command))
        raise


async def done_before(hub: Hub, session: Session, command: _Keyed) -> Answer | None:
    """Return the first answer if this command was stored under the same key before; raises KeyReused."""
    if command.outbox is None:
        return None
    with final_refusals(hub, session, command):
        entry = await hub.until(hub.journal.find(key_of(hub, session, command)))
    if entry is None:
        return None
    if not is_gone(entry):
        said = decode_text(entry)
        seq = command.of if isinstance(command, commands.Send) else command.seq
        if (entry.kind, said.text) != _said(command) or seq not in {None, said.of}:
            raise KeyReused("This key was used for another command; use a new key.")
    return Answer(entry.conversation, entry.seq, duplicate=True)


def referred_conversation(hub: Hub, user: User, name: str) -> Conversation:
    """Return the conversation with this name or id; raises ChatError if the user may not read it."""
    conversation = readable(hub, user, name)
    if conversation is None:
        raise NotFound(f"There are no messages in {name} yet.")
    return conversation


async def message_at(
    hub: Hub, user: User, conversation: Conversation, seq: int | None, *, recent: bool = False
) -> events.Entry:
    """Return the message with this seq, or the user's last one that is not deleted; see _check_meant for recent."""
    after, before, limit = conversation.floor - 1, conversation.head + 1, HISTORY_ENTRIES
    if seq is not None:
        after, before, limit = max(seq - 1, after), seq + 1, 1
    read = hub.journal.read(
        conversation.id, after=after, before=before, upto=conversation.head, limit=limit, current=True
    )
    entries = await hub.until(read)
    hub.permissions.check(user, Action.READ, conversation)  # again: it may have changed meanwhile
    for entry in reversed(entries):
        if recent and seq is None and entry.kind in CHANGEABLE and entry.author == user.id:
            _check_meant(hub, user, conversation, entry)
        if is_changeable(entry) and (seq is not None or entry.author == user.id):
            return entry
    name = conversation.name_for(user)
    if seq is not None:
        raise NotFound(f"Message {place(name, seq)} does not exist, or was deleted.")
    raise NotFound(f"You have no recent message in {name}. Give its place, as in {place(name, 42)}.")


def _check_meant(hub: Hub, user: User, conversation: Conversation, last: events.Entry) -> None:
    """Raise Refused if the user's last line is deleted or old: without a place, the user may mean another line."""
    where = shown_place(conversation, user, last)
    if is_blank(last):
        raise Refused(f"Your last line here, {where}, is already deleted. To delete another one, give its place.")
    if last.ts < hub.now() - RECENT_MS:
        raise Refused(f"Your last line here is older than five minutes. To delete it: /delete {where}")


def check_speaks(hub: Hub, user: User, conversation: Conversation) -> None:
    """Raise ChatError unless a user may read a conversation and write there."""
    hub.permissions.check(user, Action.READ, conversation)
    hub.permissions.check(user, Action.WRITE, conversation)
    if isinstance(conversation, Pair):
        for other in conversation.names:
            if other != user.id:
                check_reached(hub, user, other, conversation.peer_of(user) or "?")


def _check_moderates(hub: Hub, user: User, conversation: Conversation, entry: events.Entry) -> None:
    if not isinstance(conversation, Room):
        raise Refused(f"Only {entry.name} can delete {shown_place(conversation, user, entry)}.")
    hub.permissions.check(user, Action.MODERATE, conversation)
    author = hub.directory.users.get(entry.author)
    if author is not None:
        hub.permissions.check_outranks(user, author, conversation)


def _pending(hub: Hub, session: Session, command: _Change, conversation: Conversation, entry: events.Entry) -> Pending:
    user = speaker(session)
    kind, text = _said(command)
    to = conversation.peer_of(user) if isinstance(conversation, Pair) else None
    body = encode_text(events.Text(text, to, of=entry.seq))
    key = _key(hub, session, command)
    return Pending(conversation.id, user.id, user.name, kind, body, key, of=entry.seq, session=session, command=command)


def _key(hub: Hub, session: Session, command: _Keyed) -> tuple[int, int] | None:
    return key_of(hub, session, command) if command.outbox is not None else None


def _said(command: _Keyed) -> tuple[str, str]:
    """Return the kind and the text of the entry for a command."""
    if isinstance(command, commands.Delete):
        return DELETE, _reason(command)
    return EDIT if isinstance(command, commands.Edit) else REPLY, check_text(command.text)


def shown_place(conversation: Conversation, user: User, entry: events.Entry) -> str:
    """Return the place of an entry as its reader names it."""
    return place(conversation.name_for(user), entry.seq)


def _reason(command: commands.Delete) -> str:
    """Return why a message is deleted, as others read it."""
    return clean_line(command.reason[:REASON_CHARACTERS])[:REASON_CHARACTERS]
