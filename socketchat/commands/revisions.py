"""Changing what was said: one's own lines, and for moderators those of others in their rooms."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

from ..exceptions import ChatError, NotFound, Refused, StorageProblem
from ..hub import Action, Hub, Pending, Session, User
from ..hub.conversations import Conversation, Pair, Room
from ..journal.bodies import is_changeable
from ..protocol import commands, events
from ..protocol.codec import decode_text, encode_text
from ..protocol.limits import HISTORY_ENTRIES
from ..protocol.places import place
from ..protocol.text import check_text
from .chat import check_reached, speaker
from .history import readable

_Change = commands.Edit | commands.Delete


def edit(hub: Hub, session: Session, command: commands.Edit) -> None:
    """Submit an edit of one's own message; everybody who hears the conversation is told."""
    text = check_text(command.text)
    conversation = _changed(hub, session, command)
    _check_speaks(hub, speaker(session), conversation)

    async def submit() -> None:
        user = speaker(session)
        entry = await _entry(hub, user, conversation, command.seq)
        if entry.author != user.id:
            raise Refused(f"Only {entry.name} may edit {_place(conversation, user, entry)}.")
        _check_speaks(hub, user, conversation)
        if text == decode_text(entry).text:
            raise Refused(f"That is what {_place(conversation, user, entry)} says already.")
        hub.submit(_pending(session, command, conversation, entry))

    _spawn(hub, session, command, submit)


def delete(hub: Hub, session: Session, command: commands.Delete) -> None:
    """Submit that a message is deleted: one's own, or for moderators anybody's in their room."""
    conversation = _changed(hub, session, command)

    async def submit() -> None:
        user = speaker(session)
        entry = await _entry(hub, user, conversation, command.seq)
        if entry.author != user.id:
            _check_moderates(hub, user, conversation, entry)
        hub.submit(_pending(session, command, conversation, entry))

    _spawn(hub, session, command, submit)


def _changed(hub: Hub, session: Session, command: _Change) -> Conversation:
    """Return the conversation of a command, which the user may read."""
    conversation = readable(hub, speaker(session), command.conversation)
    if conversation is None:
        raise NotFound(f"Nothing was said in {command.conversation} yet.")
    return conversation


def _spawn(hub: Hub, session: Session, command: _Change, submit: Callable[[], Coroutine[None, None, None]]) -> None:
    """Look the message up and submit the change; what comes next waits until then."""

    async def change() -> None:
        try:
            await submit()
        except ChatError as error:
            session.refuse(error, command.id, retry=isinstance(error, StorageProblem))
        hub.unblock(session)

    session.blocked = True
    hub.spawn(change())


async def _entry(hub: Hub, user: User, conversation: Conversation, seq: int | None) -> events.Entry:
    """Return the message of that seq, or the user's last one that is not deleted."""
    after, before, limit = 0, conversation.head + 1, HISTORY_ENTRIES
    if seq is not None:
        after, before, limit = max(seq, 1) - 1, seq + 1, 1
    entries = await hub.journal.read(
        conversation.id, after=after, before=before, upto=conversation.head, limit=limit, current=True
    )
    hub.permissions.check(user, Action.READ, conversation)  # what happened meanwhile counts
    for entry in reversed(entries):
        if is_changeable(entry) and (seq is not None or entry.author == user.id):
            return entry
    name = conversation.name_for(user)
    if seq is not None:
        raise NotFound(f"There is no message {place(name, seq)}, or it was deleted.")
    raise NotFound(f"You have said nothing in {name} lately; name the message, as in {place(name, 42)}.")


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


def _pending(session: Session, command: _Change, conversation: Conversation, entry: events.Entry) -> Pending:
    user = speaker(session)
    kind, text = ("edit", check_text(command.text)) if isinstance(command, commands.Edit) else ("delete", "")
    to = conversation.peer_of(user) if isinstance(conversation, Pair) else None
    body = encode_text(events.Text(text, to, of=entry.seq))
    return Pending(conversation.id, user, kind, body, session, command.id, of=entry.seq)


def _place(conversation: Conversation, user: User, entry: events.Entry) -> str:
    return place(conversation.name_for(user), entry.seq)
