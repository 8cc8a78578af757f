"""Ignoring: users whose messages another user hides."""

from __future__ import annotations

from ..exceptions import Refused, TooMany
from ..hub import Hub, Session
from ..hub.state import facts
from ..protocol import commands, events
from .handler import OK, Answer
from .messages import speaker

IGNORED_USERS = 200
"""Most ignored users: no person needs more."""


async def ignore(hub: Hub, session: Session, command: commands.Ignore) -> Answer:
    """Hide a user's messages from now on, or list the ignored users."""
    user = speaker(session)
    if command.name is not None:
        other = hub.directory.user(command.name)
        if other is user:
            raise Refused("You cannot ignore yourself.")
        if len(user.ignored) >= IGNORED_USERS:
            raise TooMany(f"Limit reached: you ignore {IGNORED_USERS} users. /unignore one of them first.")
        await _set(hub, session, other.id, ignored=True)
    return _listed(hub, session, command)


async def unignore(hub: Hub, session: Session, command: commands.Unignore) -> Answer:
    """Show a user's messages again."""
    other = hub.directory.user(command.name)
    if other.id not in speaker(session).ignored:
        raise Refused(f"You do not ignore {other.name}; /ignore lists the users you ignore.")
    await _set(hub, session, other.id, ignored=False)
    return _listed(hub, session, command)


async def _set(hub: Hub, session: Session, other: str, *, ignored: bool) -> None:
    user = speaker(session)
    if user.is_guest:  # a guest's list ends with the connection
        hub.directory.set_ignored(user, other, ignored=ignored)
    else:
        await hub.record(session, "ignore", facts.IgnoreFact(other, ignored))


def _listed(hub: Hub, session: Session, command: commands.Command) -> Answer:
    users = hub.directory.users
    names = sorted((users[other].name for other in speaker(session).ignored if other in users), key=str.casefold)
    session.answer(events.Ignored(names=names, id=command.id), command)
    return OK
