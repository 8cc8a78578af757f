"""Who writes to somebody who is not here is told so, and not at every message."""

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
"""Time after which it is told again: who writes on knows it, and who comes back to it has forgotten."""


def absence(hub: Hub, pair: Pair, author: User, other: User) -> Absent | None:
    """Return what ``author`` is told about ``other``, who is not here: nothing so soon again, nor of oneself."""
    if author is other:
        return None
    now = hub.clock()
    if now - pair.told.get(author.id, -TOLD_SECONDS) < TOLD_SECONDS:
        return None
    pair.told[author.id] = now
    return Absent(name=other.name, away=reason(hub, other))


def reason(hub: Hub, user: User) -> str:
    """Return why a user is away, "" if the user is not; muted users give no reason, not even an earlier one."""
    if not user.away or hub.permissions.may(user, Action.SPEAK, hub.directory.lobby):
        return user.away
    return AWAY
