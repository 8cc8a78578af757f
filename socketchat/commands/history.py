"""Reading what was said: entries that were delivered, newest last."""

from __future__ import annotations

from ..exceptions import ChatError, NoSuchRoom
from ..hub import Action, Hub, Session, User
from ..hub.conversations import Conversation
from ..hub.ignoring import as_read
from ..hub.replay import WRITE_BYTES
from ..protocol import commands, events
from ..protocol.conversations import pair_id
from ..protocol.limits import HISTORY_ENTRIES
from .chat import speaker


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
    before = min(command.before or conversation.head + 1, conversation.head + 1)
    limit = max(1, min(command.limit, HISTORY_ENTRIES))
    try:
        entries = await hub.journal.read(
            conversation.id, after=max(0, command.after), before=before, limit=limit, upto=conversation.head
        )
    except ChatError as error:
        session.refuse(error, command.id, retry=True)
    else:
        user = speaker(session)
        if hub.permissions.may(user, Action.READ, conversation):  # what happened meanwhile counts
            _tell(session, command, [as_read(entry, user) for entry in entries], conversation.floor)
        else:
            session.refuse(NoSuchRoom(f"There is no conversation {command.conversation}."), command.id)
    hub.unblock(session)


def _tell(session: Session, command: commands.History, entries: list[events.Entry], floor: int) -> None:
    """Write the newest entries that fit into one write, the oldest of them first."""
    lines: list[bytes] = []
    size = 0
    for entry in reversed(entries):
        past = events.Past(
            conversation=entry.conversation,
            seq=entry.seq,
            ts=entry.ts,
            author=entry.author,
            name=entry.name,
            kind=entry.kind,
            body=entry.body,
            id=command.id,
        )
        line = session.rendering.event(past)
        size += len(line)
        if size > WRITE_BYTES and lines:
            break
        lines.append(line)
    more = len(lines) < len(entries) or bool(entries and entries[0].seq > max(floor, command.after + 1))
    lines.reverse()
    if command.id is not None:
        lines.append(session.rendering.event(events.Ok(id=command.id, more=more)))
    session.write(b"".join(lines))


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
