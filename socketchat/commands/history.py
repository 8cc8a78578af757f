"""Reading what was said: entries that were delivered, newest last."""

from __future__ import annotations

from ..exceptions import ChatError, NoSuchRoom, NotFound, StorageProblem
from ..hub import Action, Hub, Session, User
from ..hub.conversations import Conversation
from ..hub.ignoring import as_read
from ..hub.replay import WRITE_BYTES
from ..protocol import commands, events
from ..protocol.conversations import pair_id
from ..protocol.limits import HISTORY_ENTRIES
from ..protocol.places import place
from .chat import speaker

AROUND = 5
"""Entries before and after one that is shown among those around it: a third of a screen."""


def history(hub: Hub, session: Session, command: commands.History) -> None:
    """Answer with up to ``limit`` entries, fewer where they are long; ``more`` says that there are older ones."""
    conversation = readable(hub, speaker(session), command.conversation)
    if conversation is None:
        if command.id is not None:
            session.tell(events.Ok(id=command.id))
        return
    session.blocked = True
    hub.spawn(_answer(hub, session, command, conversation))


async def _answer(hub: Hub, session: Session, command: commands.History, conversation: Conversation) -> None:
    after, before, limit = max(0, command.after), command.before or conversation.head + 1, command.limit
    if command.around is not None:
        after, before, limit = max(0, command.around - 1 - AROUND), command.around + 1 + AROUND, HISTORY_ENTRIES
    try:
        entries = await hub.journal.read(
            conversation.id,
            after=after,
            before=min(before, conversation.head + 1),
            limit=max(1, min(limit, HISTORY_ENTRIES)),
            upto=conversation.head,
            current=True,
        )
        if command.around is not None and all(entry.seq != command.around for entry in entries):
            raise NotFound(f"There is no {place(conversation.name_for(speaker(session)), command.around)}.")
    except ChatError as error:
        session.refuse(error, command.id, retry=isinstance(error, StorageProblem))
    else:
        user = speaker(session)
        if hub.permissions.may(user, Action.READ, conversation):  # what happened meanwhile counts
            entries = [as_read(conversation.addressed(entry), user) for entry in entries]
            _tell(session, command, entries, conversation)
        else:
            session.refuse(NoSuchRoom(f"There is no conversation {command.conversation}."), command.id)
    hub.unblock(session)


def _tell(session: Session, command: commands.History, entries: list[events.Entry], told: Conversation) -> None:
    """Write the newest entries that fit into one write, the oldest of them first."""
    lines: list[bytes] = []
    size = 0
    for entry in reversed(entries):
        line = past_line(session, command.id, entry, told)
        size += len(line)
        if size > WRITE_BYTES and lines:
            break
        lines.append(line)
    more = len(lines) < len(entries) or bool(entries and entries[0].seq > max(told.floor, command.after + 1))
    lines.reverse()
    if command.id is not None:
        lines.append(session.rendering.event(events.Ok(id=command.id, more=more)))
    session.write(b"".join(lines))


def past_line(session: Session, command_id: int | None, entry: events.Entry, conversation: Conversation) -> bytes:
    """Return an entry as it is told to who asked for it."""
    user = speaker(session)
    past = events.Past(
        conversation=entry.conversation,
        seq=entry.seq,
        ts=entry.ts,
        author=entry.author,
        name=entry.name,
        kind=entry.kind,
        body=entry.body,
        place=place(conversation.name_for(user), entry.seq),
        id=command_id,
    )
    return session.rendering.entry(past, own=entry.author == user.id)


def readable(hub: Hub, user: User, name: str) -> Conversation | None:
    """Return the conversation of that name or id, if this user may read it; None where nothing was said yet."""
    conversation: Conversation | None
    if not name.startswith("@"):
        conversation = hub.permissions.room(user, name)
    elif ":" not in name:
        conversation = hub.directory.conversations.get(pair_id(user.id, hub.directory.user(name[1:]).id))
        if conversation is None:
            return None
    else:
        conversation = hub.directory.conversations.get(name)
        if conversation is None:
            raise NoSuchRoom(f"There is no conversation {name}.")
    hub.permissions.check(user, Action.READ, conversation)
    return conversation
