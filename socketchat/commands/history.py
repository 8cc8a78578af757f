"""Reading the history: delivered entries, newest last."""

from __future__ import annotations

from collections.abc import Sequence

from ..exceptions import NotFound
from ..hub import Action, Hub, Session, User
from ..hub.delivery.ignoring import as_read, ignores
from ..hub.delivery.replay import WRITE_BYTES
from ..hub.state.conversations import Conversation
from ..protocol import commands, events
from ..protocol.kinds import REFERS
from ..protocol.limits import HISTORY_ENTRIES
from ..protocol.text.references import place
from .deleted_runs import Line, is_deleted, put_before
from .handler import OK, Answer
from .messages import speaker

AROUND = 5
"""Entries shown before and after one that is asked for by its place: a third of a screen."""

READ_ON = 32
"""Fewest entries in one read: a run of edits must not cost one read each."""

RENDERED_BYTES = 32_768
"""Bytes of texts rendered in one turn of the loop, plus one text: for a plain reader each line becomes a row."""

LOOKED_AT = 5_000
"""Most entries read for one answer, if most are deleted: a tenth of a second."""


async def history(hub: Hub, session: Session, command: commands.History) -> Answer:
    """Answer with up to ``limit`` lines, fewer if they are long; ``more`` says that older lines exist."""
    user = speaker(session)
    conversation = readable(hub, user, command.conversation)
    if conversation is None:
        return OK
    if command.around is not None:
        lines = await _around(hub, user, conversation, command.around)
    else:
        lines = await _newest(hub, session, conversation, command)
    hub.permissions.check(user, Action.READ, conversation)  # again: it may have changed during the read
    told = await past_lines(hub, session, command, [(line, conversation) for line in reversed(lines)])
    hub.permissions.check(user, Action.READ, conversation)
    more = len(told) < len(lines) or bool(lines and lines[0].entry.seq > max(conversation.floor, command.after + 1))
    return Answer(more=more, lines=b"".join(reversed(told)))


async def _around(hub: Hub, user: User, conversation: Conversation, seq: int) -> list[Line]:
    """Return an entry and those around it; raises NotFound."""
    after, before = max(conversation.floor - 1, seq - 1 - AROUND), min(seq + AROUND, conversation.head) + 1
    read = hub.journal.read(
        conversation.id, after=after, before=before, upto=conversation.head, limit=HISTORY_ENTRIES, current=True
    )
    entries = await hub.until(read)
    hub.permissions.check(user, Action.READ, conversation)  # before the answer reveals anything
    if all(entry.seq != seq for entry in entries):
        raise NotFound(f"Message {place(conversation.name_for(user), seq)} does not exist.")
    lines: list[Line] = []
    for entry in reversed(entries):
        put_before(lines, entry)
    return lines[::-1]


async def _newest(hub: Hub, session: Session, conversation: Conversation, command: commands.History) -> list[Line]:
    """Return the newest lines; deleted messages, edits and deletes do not count toward the limit."""
    user = speaker(session)
    lines: list[Line] = []  # the newest first
    before = min(command.before or conversation.head + 1, conversation.head + 1)
    stop = max(conversation.floor - 1, command.after, before - 1 - LOOKED_AT)
    missing = wanted = most = max(1, min(command.limit, HISTORY_ENTRIES))
    while missing > 0 and (room := HISTORY_ENTRIES - len(lines)) > 0:
        read = hub.journal.read(
            conversation.id, after=stop, before=before, upto=conversation.head, limit=min(room, most), current=True
        )
        page = await hub.until(read)
        if not page:
            break
        if lines:
            hub.throttle.has_read(session, len(page))
        for entry in reversed(page):
            put_before(lines, entry)
        before = page[0].seq
        found = sum(_is_line(entry, user) for entry in page)
        missing -= found
        most = max(missing, READ_ON) if found else HISTORY_ENTRIES
    counted = [index for index, line in enumerate(lines) if _is_line(line.entry, user)]
    if len(counted) > wanted:
        del lines[counted[wanted - 1] + 1 :]
    return lines[::-1]


def _is_line(entry: events.Entry, user: User) -> bool:
    """Tell whether an entry has a text that its reader sees, and is not an edit or a delete."""
    return entry.kind not in REFERS and not ignores(user, entry) and not is_deleted(entry)


async def past_lines(
    hub: Hub, session: Session, command: commands.Command, past: Sequence[tuple[Line, Conversation]]
) -> list[bytes]:
    """Return the bytes of lines, as far as they fit into one write; long ones take several turns of the loop."""
    lines: list[bytes] = []
    size = rendered = 0
    for each, conversation in past:
        if rendered >= RENDERED_BYTES:
            rendered = 0
            if not await hub.next_turn(session):
                break
        line = _past_line(session, command.id, each, conversation)
        size += len(line)
        rendered += len(each.entry.body)
        if size > WRITE_BYTES and lines:
            break
        lines.append(line)
    return lines


def _past_line(session: Session, command_id: int | None, line: Line, conversation: Conversation) -> bytes:
    """Return the bytes of an entry for the user who asked for it."""
    user = speaker(session)
    entry = as_read(conversation.addressed(line.entry), user)
    past = events.Past(
        conversation=entry.conversation,
        seq=entry.seq,
        ts=entry.ts,
        author=entry.author,
        name=entry.name,
        kind=entry.kind,
        body=entry.body,
        place=place(conversation.name_for(user), entry.seq),
        deleted=line.deleted,
        last=line.last,
        id=command_id,
    )
    return session.rendering.entry(past, own=entry.author == user.id)


def readable(hub: Hub, user: User, name: str) -> Conversation | None:
    """Return the conversation with this name or id if the user may read it, or None if it has no messages yet."""
    conversation = hub.permissions.conversation(user, name)
    if conversation is not None:
        hub.permissions.check(user, Action.READ, conversation)
    return conversation
