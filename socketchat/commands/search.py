"""Searching the messages that the user may read."""

from __future__ import annotations

from collections.abc import Sequence

from ..exceptions import BadText
from ..hub import Action, Hub, Session, User
from ..hub.delivery.ignoring import ignores
from ..hub.state.conversations import Conversation, Room
from ..journal import Query
from ..journal.bodies import said, terms_of
from ..protocol import commands, events
from ..protocol.codec import decode_text
from ..protocol.kinds import REFERS
from ..protocol.text.timestamps import moment_of
from .deleted_runs import Line
from .handler import Answer
from .history import past_lines, readable
from .messages import speaker
from .read_markers import heard

FOUND_ENTRIES = 50
"""Most entries that one search returns: with more, users narrow their search."""


async def search(hub: Hub, session: Session, command: commands.Search) -> Answer:
    """Answer with the number of entries found, then with the entries in their current text, oldest first."""
    user = speaker(session)
    if not terms_of(command.words) and command.name is None and command.conversation is None:
        raise BadText("Nothing to search for. Give words, from:NAME or in:#ROOM.")
    query = _query(hub, user, command)
    found = await hub.until(hub.journal.search(query))
    hits = [await _as_it_is(hub, hit) for hit in found.entries if not ignores(user, hit)]
    # Check again after the search: rights may have changed. This decides ``more``, too.
    there = _readable(hub, user, found.entries)
    more = not found.complete or sum(hit.conversation in there for hit in found.entries) == query.limit
    past = [(Line(hit), there[hit.conversation]) for hit in hits if hit is not None and hit.conversation in there]
    lines = await past_lines(hub, session, command, past)
    there = _readable(hub, user, found.entries)
    told = [line for line, (_, conversation) in zip(lines, past, strict=False) if conversation.id in there]
    more = more or len(lines) < len(past)
    told.append(session.rendering.answer(events.Found(count=len(told), more=more, id=command.id), session, command))
    return Answer(more=more, lines=b"".join(reversed(told)))


def _readable(hub: Hub, user: User, hits: Sequence[events.Entry]) -> dict[str, Conversation]:
    """Return the conversations of hits that a user may read now, by id."""
    where = [hub.directory.conversations.get(each) for each in {hit.conversation for hit in hits}]
    return {each.id: each for each in where if each is not None and hub.permissions.may(user, Action.READ, each)}


def _query(hub: Hub, user: User, command: commands.Search) -> Query:
    """Return the query for the journal."""
    if command.conversation is None:
        where: Sequence[Conversation] = heard(hub, user)
    else:
        one = readable(hub, user, command.conversation)
        where = [one] if one is not None else []
    return Query(
        command.words,
        [conversation.id for conversation in where],
        max(1, min(command.limit, FOUND_ENTRIES)),
        author=hub.directory.user(command.name.removeprefix("@")).id if command.name is not None else None,
        since=moment_of(command.after, hub.now()) if command.after is not None else None,
        before=moment_of(command.before, hub.now()) if command.before is not None else None,
        floors={each.id: each.floor for each in where if isinstance(each, Room) and each.began},
    )


async def _as_it_is(hub: Hub, hit: events.Entry) -> events.Entry | None:
    """Return the entry of a hit, or the one that it edits, in its current text; None if an edit replaced the match."""
    conversation = hub.directory.conversations.get(hit.conversation)
    seq = (said(hit).of if hit.kind in REFERS else None) or hit.seq
    if conversation is None or seq < conversation.floor or hit.seq > conversation.head:
        return None
    read = hub.journal.read(hit.conversation, after=seq - 1, before=seq + 1, limit=1, current=True)
    entries = await hub.until(read)
    newest = [entry for entry in entries if (decode_text(entry).edited or entry.seq) == hit.seq]
    return newest[0] if newest else None
