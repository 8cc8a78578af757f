"""Replies and reactions: entries that refer to a message, and leave it as it is."""

from __future__ import annotations

from hashlib import blake2b

from ..exceptions import NotFound, TooMany
from ..hub import Hub, Pending, Session, User
from ..hub.delivery.absence import absence
from ..hub.state.conversations import Conversation, Pair, Room
from ..protocol import commands, events
from ..protocol.codec import encode_text
from ..protocol.kinds import REACT, REPLY, UNREACT
from ..protocol.text.hygiene import check_text
from ..protocol.text.reactions import check_reaction, reaction_key
from .handler import ANSWERED, Answer
from .messages import check_restrained, key_of, return_of, speaker
from .revisions import check_speaks, final_refusals, message_at, referred_conversation, shown_place

REACTION_CHANGES = 20
"""Times that a user may add one reaction to a message and remove it again: each is an entry that everyone gets."""


async def reply(hub: Hub, session: Session, command: commands.Send) -> Answer:
    """Submit a reply, which names the author of the message that it refers to."""
    with final_refusals(hub, session, command):
        text, user = check_text(command.text), speaker(session)
        conversation = referred_conversation(hub, user, command.to)
        check_speaks(hub, user, conversation)
        entry = await message_at(hub, user, conversation, command.of)
        check_speaks(hub, user, conversation)  # again: it may have changed meanwhile
        key = key_of(hub, session, command) if command.outbox is not None else None
        if conversation.slow and isinstance(conversation, Room):
            check_restrained(hub, session, conversation, key)
    user = await session.register() if session.register is not None else user
    if user.away and not user.shown.stays_away:
        return_of(hub, user)
    other = _other(hub, conversation, user)
    body = events.Text(text, _to(conversation, user), of=entry.seq, of_author=entry.author, of_name=entry.name)
    pending = Pending(
        conversation.id,
        user.id,
        user.name,
        REPLY,
        encode_text(body),
        key,
        of=entry.seq,
        session=session,
        command=command,
    )
    if isinstance(conversation, Pair) and other is not None and (other.away or other.id not in hub.online.present):
        pending.told = absence(hub, conversation, user, other)
    hub.submit(pending)
    return ANSWERED


async def react(hub: Hub, session: Session, command: commands.React) -> Answer:
    """Submit a reaction or its removal; if it changes nothing, return the earlier entry."""
    user, text = speaker(session), check_reaction(command.text)
    conversation = referred_conversation(hub, user, command.conversation)
    check_speaks(hub, user, conversation)
    entry = await message_at(hub, user, conversation, command.seq)
    outbox = _outbox(user, entry, text)
    changes, newest = await _changes(hub, outbox)
    check_speaks(hub, user, conversation)  # again: it may have changed meanwhile
    where = shown_place(conversation, user, entry)
    if command.remove and newest is None:
        raise NotFound(f"You have no reaction {text} at {where}.")
    if newest is not None and newest.kind == _kind(command):
        return Answer(conversation.id, newest.seq, duplicate=True)
    if changes >= REACTION_CHANGES:
        raise TooMany(f"Limit reached: you changed the reaction {text} at {where} {REACTION_CHANGES} times.")
    user = await session.register() if session.register is not None else user
    body = encode_text(events.Text(text, _to(conversation, user), of=entry.seq))
    key, kind = (outbox, changes + 1), _kind(command)
    hub.submit(
        Pending(conversation.id, user.id, user.name, kind, body, key, of=entry.seq, session=session, command=command)
    )
    return ANSWERED


async def _changes(hub: Hub, outbox: int) -> tuple[int, events.Entry | None]:
    """Return how often a reaction was added or removed, and the newest such entry."""
    newest, changes = None, 0
    while changes < REACTION_CHANGES:
        hub.journal.give_up((outbox, changes + 1))  # a full disk may have refused it; the user can retry
        found = await hub.until(hub.journal.find((outbox, changes + 1)))
        if found is None:
            break
        newest, changes = found, changes + 1
    return changes, newest


def _outbox(user: User, entry: events.Entry, text: str) -> int:
    """Return the outbox of one reaction of a user to a message; its first change has the number 1.

    So the log itself decides about two changes at the same time, from any node.
    """
    of = f"react {user.id} {entry.conversation} {entry.seq} {reaction_key(text)}"
    return int.from_bytes(blake2b(of.encode(), digest_size=8).digest())


def _kind(command: commands.React) -> str:
    return UNREACT if command.remove else REACT


def _to(conversation: Conversation, user: User) -> str | None:
    return conversation.peer_of(user) if isinstance(conversation, Pair) else None


def _other(hub: Hub, conversation: Conversation, user: User) -> User | None:
    """Return the other user of direct messages, who may be gone."""
    if not isinstance(conversation, Pair):
        return None
    return next((hub.directory.users.get(each) for each in conversation.names if each != user.id), None)
