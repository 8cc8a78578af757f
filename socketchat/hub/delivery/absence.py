"""Tells users that the recipient of their direct messages is offline, but not at every message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...protocol.events import Absent
from ...protocol.wording import AWAY
from ..policy.permissions import Action

if TYPE_CHECKING:
    from ..hub import Hub
    from ..state.conversations import Pair
    from ..state.users import User

TOLD_SECONDS = 3600.0
"""Time before the notice is repeated: users who keep writing remember it, but not for longer."""


def absence(hub: Hub, pair: Pair, author: User, other: User) -> Absent | None:
    """Return the notice that ``other`` is offline, or None if ``author`` got it recently or they are the same."""
    if author is other:
        return None
    now = hub.clock()
    if now - pair.told.get(author.id, -TOLD_SECONDS) < TOLD_SECONDS:
        return None
    pair.told[author.id] = now
    return Absent(name=other.name, away=reason(hub, other))


def reason(hub: Hub, user: User) -> str:
    """Return why a user is away, or "" if the user is not; the reason of a muted user is hidden."""
    if not user.away or hub.permissions.may(user, Action.SPEAK, hub.directory.lobby):
        return user.away
    return AWAY
