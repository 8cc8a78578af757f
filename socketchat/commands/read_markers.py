"""Read markers, which are the same on all devices of a user, and counts of unread messages."""

from __future__ import annotations

from functools import partial

from ..hub import Hub, Session, User
from ..hub.policy.permissions import Action
from ..hub.state.conversations import Conversation, Pair
from ..protocol import commands, events
from ..protocol.kinds import COUNTED
from ..protocol.limits import HISTORY_ENTRIES
from ..protocol.text.mentions import is_mention
from .deleted_runs import is_deleted
from .handler import ANSWERED, OK, Answer
from .history import LOOKED_AT, readable
from .messages import speaker

COUNTED_ENTRIES = 1_000
"""Most entries counted per conversation; "more than a thousand" is as useful to a person as a number."""


CONVERSATIONS_PER_TURN = 200
"""Conversations marked or counted in one turn of the loop: less than two milliseconds."""

MENTION_BYTES = 4_194_304
"""Most bytes of messages that one answer searches for the user's name: at worst half a second of a thread."""


class Budget:
    """The bytes that one answer may still search."""

    def __init__(self, size: int) -> None:
        self._left = size
        self.is_spent = False

    def take(self, entries: list[events.Entry]) -> list[events.Entry]:
        """Return the newest of these entries that the budget allows; the last entry is the newest."""
        taken: list[events.Entry] = []
        for entry in reversed(entries):
            self._left -= len(entry.body)
            if self._left < 0:
                self.is_spent = True
                break
            taken.append(entry)
        return taken


async def read(hub: Hub, session: Session, command: commands.Read) -> Answer:
    """Advance the user's read markers, never back, and tell the user's other sessions."""
    user = speaker(session)
    if command.conversation is None:
        for number, conversation in enumerate(heard(hub, user), 1):
            _mark(hub, session, user, conversation, conversation.head)
            if number % CONVERSATIONS_PER_TURN == 0 and not await hub.next_turn(session):
                return ANSWERED
    elif (one := readable(hub, user, command.conversation)) is not None:
        _mark(hub, session, user, one, one.head if command.seq is None else min(command.seq, one.head))
    return OK


async def unread(hub: Hub, session: Session, command: commands.Unread) -> Answer:
    """Count unread messages of others and, in rooms, mentions of the user; this reads the history."""
    user = speaker(session)
    budget = Budget(MENTION_BYTES)
    counts = {}
    for number, each in enumerate(heard(hub, user), 1):
        counts[each] = await _count(hub, session, user, each, budget)
        if number % CONVERSATIONS_PER_TURN == 0 and not await hub.next_turn(session):
            return ANSWERED
    there = set(heard(hub, user))  # again: it may have changed during the read
    left = [count for each, count in counts.items() if count.messages and each in there]
    left.sort(key=lambda count: count.conversation)
    session.answer(events.Unread(conversations=left, id=command.id), command)
    return OK


def _mark(hub: Hub, session: Session, user: User, conversation: Conversation, seq: int) -> None:
    if seq <= user.read.get(conversation.id, 0):
        return
    user.mark_read(conversation.id, seq)
    if not user.is_guest:
        hub.journal.mark(user.id, conversation.id, seq)
    for other in hub.online.of(user):
        # A session that is not reading now gets the markers when it reconnects.
        if other is not session and other.listens and not other.paused:
            other.tell(events.Read(conversation=conversation.id, seq=seq))


def heard(hub: Hub, user: User) -> list[Conversation]:
    """Return the conversations that a user hears: the lobby, and the user's rooms and direct messages."""
    lobby = hub.directory.lobby
    if not hub.permissions.may(user, Action.READ, lobby):
        return []  # banned from the server; nothing else closes direct messages
    rooms = [room for room in hub.directory.rooms_of(user) if hub.permissions.may(user, Action.READ, room)]
    return [lobby, *rooms, *hub.directory.pairs_of(user)]


async def _count(
    hub: Hub, session: Session, user: User, conversation: Conversation, budget: Budget
) -> events.UnreadCount:
    """Count the newest entries after the read marker; a room that the user never opened has nothing unread.

    Search for mentions in a thread, in no more text than the ``budget`` allows.
    """
    unknown = 0 if isinstance(conversation, Pair) else conversation.head
    mark = max(user.read.get(conversation.id, unknown), conversation.floor - 1)
    before, oldest = conversation.head + 1, max(mark, conversation.head - LOOKED_AT)
    messages = named = first = mention = 0
    left = COUNTED_ENTRIES
    while left and before > oldest + 1:
        page = await hub.until(
            hub.journal.read(conversation.id, after=oldest, before=before, upto=before - 1, limit=HISTORY_ENTRIES)
        )
        if not page:
            break
        there = [entry for entry in page if not is_deleted(entry)]
        before = page[0].seq if len(there) <= left else there[-left].seq
        there = there[-left:]
        left -= len(there)
        others = (entry for entry in there if entry.author not in {user.id, *user.ignored})
        said = [entry for entry in others if entry.kind in COUNTED]
        messages += len(said)
        looked_at = [] if isinstance(conversation, Pair) else budget.take(said)
        seqs = await hub.until(hub.background.run(partial(_mentions, looked_at, user.id, user.key)))
        named += len(seqs)
        first = said[0].seq if said else first  # pages come from the newest to the oldest
        mention = min(seqs, default=mention)
        hub.throttle.has_read(session, len(page), sum(len(entry.body) for entry in looked_at))
    more = before > mark + 1 or budget.is_spent
    name = conversation.name_for(user)
    return events.UnreadCount(conversation.id, messages, name, named, more=more, first=first, mention=mention)


def _mentions(entries: list[events.Entry], user: str, name: str) -> list[int]:
    """Return the seqs of the entries that mention a user."""
    return [entry.seq for entry in entries if is_mention(entry, user, name)]
