"""The welcome: the first event after login, which describes the conversations that a session hears."""

from __future__ import annotations

from msgspec.structs import replace

from ...protocol import commands, events, limits
from ...protocol.limits import MISSED_ENTRIES, NEWEST_ENTRIES
from ...version import __version__
from ..sessions import Session
from ..state.conversations import Conversation, Pair
from ..state.users import User

WELCOME_CONVERSATIONS = 500
"""Conversations in the line of ``welcome``, which has to stay under the limit for a line; as many follow in each turn
of the loop, which takes a few milliseconds."""

Positions = dict[str, int] | None
"""The last seqs that a returning client has, by conversation; None if it wants no replay."""


def welcome(  # noqa: PLR0917 - all are part of the welcome
    session: Session,
    user: User,
    heard: list[Conversation],
    hello: commands.Hello,
    host: str | None,
    epoch: str,
    positions: Positions,
) -> events.Welcome:
    """Return the answer to a login, with the first of the conversations that the session will hear."""
    return events.Welcome(
        epoch=epoch,
        user=user.id,
        name=user.name,
        token=session.token,
        version=__version__,
        limits=limits.as_told(),
        conversations=[described(each, user, positions) for each in heard[:WELCOME_CONVERSATIONS]],
        following=max(0, len(heard) - WELCOME_CONVERSATIONS),
        host=host,
        id=hello.id,
    )


def replay_start(conversation: Conversation, positions: Positions) -> int | None:
    """Return the seq after which replay starts, the client's position or one close to the head; None without replay."""
    if positions is None:
        return None
    position, head = _position(conversation, positions), conversation.head
    return position if head - position <= MISSED_ENTRIES else head - NEWEST_ENTRIES


def described(conversation: Conversation, user: User, positions: Positions) -> events.Conversation:
    """Return the event that describes a conversation; with positions, also the start of a replay that skips entries."""
    told = conversation.described_to(user)
    start = replay_start(conversation, positions)
    if positions is None or start is None or start <= _position(conversation, positions):
        return told
    return replace(told, after=start)


def _position(conversation: Conversation, positions: dict[str, int]) -> int:
    """Return the last seq that a returning client has; direct messages that it does not know are new."""
    unknown = 0 if isinstance(conversation, Pair) else conversation.head
    return max(conversation.floor - 1, min(positions.get(conversation.id, unknown), conversation.head))
