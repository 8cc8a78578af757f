"""Changing what was said: one's own lines, and for moderators those of others in their rooms."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

from ..exceptions import ChatError, KeyReused, NotFound, Refused, StorageProblem
from ..hub import Action, Hub, Pending, Session, User
from ..hub.state.conversations import Conversation, Pair, Room
from ..journal.bodies import is_blank, is_changeable, is_gone
from ..protocol import commands, events
from ..protocol.codec import decode_text, encode_text
from ..protocol.kinds import CHANGEABLE, DELETE, EDIT
from ..protocol.limits import HISTORY_ENTRIES, RECENT_MS
from ..protocol.text.hygiene import check_text
from ..protocol.text.references import place
from .chat import check_reached, key_of, speaker
from .history import readable

_Change = commands.Edit | commands.Delete


def edit(hub: Hub, session: Session, command: commands.Edit) -> None:
    """Submit an edit of one's own message; everybody who hears the conversation is told."""
    _once(hub, session, command, lambda: _edit(hub, session, command))


def delete(hub: Hub, session: Session, command: commands.Delete) -> None:
    """Submit that a message is deleted: one's own, or for moderators anybody's in their room."""
    _once(hub, session, command, lambda: _delete(hub, session, command))


def _once(hub: Hub, session: Session, command: _Change, change: Callable[[], Coroutine[None, None, None]]) -> None:
    """Make a change, unless it was made under the same key before; what comes next waits until it is submitted."""

    async def change_once() -> None:
        try:
            done = await hub.journal.find(key_of(hub, session, command)) if command.outbox is not None else None
            if done is None:
                await change()
            else:
                _answer_again(session, command, done)
        except ChatError as error:
            # With a key it has to be a new one: what comes behind, under later numbers, may be stored before this.
            session.refuse(error, command.id, retry=isinstance(error, StorageProblem) and command.outbox is None)
        hub.unblock(session)

    session.blocked = True
    hub.spawn(change_once())


def _answer_again(session: Session, command: _Change, entry: events.Entry) -> None:
    """Answer what was done before, unless it was something else that was done under that key."""
    if not is_gone(entry):
        said = decode_text(entry)
        if (entry.kind, said.text) != _said(command) or command.seq not in {None, said.of}:
            raise KeyReused("This key was used for something else; take a new key.")
    if command.id is not None:
        session.tell(events.Ok(id=command.id, conversation=entry.conversation, seq=entry.seq, duplicate=True))


async def _edit(hub: Hub, session: Session, command: commands.Edit) -> None:
    text, user = check_text(command.text), speaker(session)
    conversation = _changed(hub, session, command)
    _check_speaks(hub, user, conversation)
    entry = await _entry(hub, user, conversation, command.seq)
    user = speaker(session)
    if entry.author != user.id:
        raise Refused(f"Only {entry.name} may edit {_place(conversation, user, entry)}.")
    _check_speaks(hub, user, conversation)
    if text == decode_text(entry).text:
        raise Refused(f"That is what {_place(conversation, user, entry)} says already.")
    hub.submit(_pending(hub, session, command, conversation, entry))


async def _delete(hub: Hub, session: Session, command: commands.Delete) -> None:
    conversation = _changed(hub, session, command)
    entry = await _entry(hub, speaker(session), conversation, command.seq, recent=True)
    user = speaker(session)
    if entry.author != user.id:
        _check_moderates(hub, user, conversation, entry)
    hub.submit(_pending(hub, session, command, conversation, entry))


def _changed(hub: Hub, session: Session, command: _Change) -> Conversation:
    """Return the conversation of a command, which the user may read."""
    conversation = readable(hub, speaker(session), command.conversation)
    if conversation is None:
        raise NotFound(f"Nothing was said in {command.conversation} yet.")
    return conversation


async def _entry(
    hub: Hub, user: User, conversation: Conversation, seq: int | None, *, recent: bool = False
) -> events.Entry:
    """Return the message of that seq, or the user's last one that is not deleted, if need be a ``recent`` one."""
    after, before, limit = 0, conversation.head + 1, HISTORY_ENTRIES
    if seq is not None:
        after, before, limit = max(seq, 1) - 1, seq + 1, 1
    entries = await hub.journal.read(
        conversation.id, after=after, before=before, upto=conversation.head, limit=limit, current=True
    )
    hub.permissions.check(user, Action.READ, conversation)  # what happened meanwhile counts
    for entry in reversed(entries):
        if recent and seq is None and entry.kind in CHANGEABLE and entry.author == user.id:
            _check_meant(hub, user, conversation, entry)
        if is_changeable(entry) and (seq is not None or entry.author == user.id):
            return entry
    name = conversation.name_for(user)
    if seq is not None:
        raise NotFound(f"There is no message {place(name, seq)}, or it was deleted.")
    raise NotFound(f"You have said nothing in {name} lately; name the message, as in {place(name, 42)}.")


def _check_meant(hub: Hub, user: User, conversation: Conversation, last: events.Entry) -> None:
    """Raise Refused unless the user's last line is there and recent: who names none may have another one in mind."""
    where = _place(conversation, user, last)
    if is_blank(last):
        raise Refused(f"Your last line here, {where}, is deleted already; to delete another one, name its place.")
    if last.ts < hub.now() - RECENT_MS:
        raise Refused(f"Your last line here is not from just now; to delete it, name its place: /delete {where}")


def _check_speaks(hub: Hub, user: User, conversation: Conversation) -> None:
    hub.permissions.check(user, Action.READ, conversation)
    hub.permissions.check(user, Action.SPEAK, conversation)
    if isinstance(conversation, Pair):
        for other in conversation.names:
            if other != user.id:
                check_reached(hub, user, other, conversation.peer_of(user) or "?")


def _check_moderates(hub: Hub, user: User, conversation: Conversation, entry: events.Entry) -> None:
    if not isinstance(conversation, Room):
        raise Refused(f"Only {entry.name} may delete {_place(conversation, user, entry)}.")
    hub.permissions.check(user, Action.MODERATE, conversation)
    author = hub.directory.users.get(entry.author)
    if author is not None:
        hub.permissions.check_outranks(user, author, conversation)


def _pending(hub: Hub, session: Session, command: _Change, conversation: Conversation, entry: events.Entry) -> Pending:
    user = speaker(session)
    kind, text = _said(command)
    to = conversation.peer_of(user) if isinstance(conversation, Pair) else None
    body = encode_text(events.Text(text, to, of=entry.seq))
    key = key_of(hub, session, command) if command.outbox is not None else None
    return Pending(conversation.id, user, kind, body, session, command.id, key, of=entry.seq)


def _said(command: _Change) -> tuple[str, str]:
    """Return the kind and the text of the entry that a change becomes."""
    return (EDIT, check_text(command.text)) if isinstance(command, commands.Edit) else (DELETE, "")


def _place(conversation: Conversation, user: User, entry: events.Entry) -> str:
    return place(conversation.name_for(user), entry.seq)
