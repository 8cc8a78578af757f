"""Ignoring: whose words somebody does not want to read."""

from __future__ import annotations

from ..exceptions import Refused, TooMany
from ..hub import Hub, Pending, Session
from ..hub.state import facts
from ..journal import SERVER_LOG, Outcome, Stored
from ..protocol import commands, events
from .chat import speaker

IGNORED_USERS = 200
"""More are not a person's enemies but a program's table."""


def ignore(hub: Hub, session: Session, command: commands.Ignore) -> None:
    """Hide what a user says from now on, or tell who is ignored."""
    user = speaker(session)
    if command.name is None:
        _answer(hub, session, command)
        return
    other = hub.directory.user(command.name)
    if other is user:
        raise Refused("You cannot ignore yourself.")
    if len(user.ignored) >= IGNORED_USERS:
        raise TooMany(f"You ignore {IGNORED_USERS} users, and no more is possible; /unignore somebody first.")
    _set(hub, session, command, other.id, ignored=True)


def unignore(hub: Hub, session: Session, command: commands.Unignore) -> None:
    """Show again what a user says."""
    other = hub.directory.user(command.name)
    if other.id not in speaker(session).ignored:
        raise Refused(f"You do not ignore {other.name}; /ignore lists whom you do.")
    _set(hub, session, command, other.id, ignored=False)


def _set(hub: Hub, session: Session, command: commands.Command, other: str, *, ignored: bool) -> None:
    """Note it; what a guest wants ends with the connection and is not stored."""
    user = speaker(session)
    if user.is_guest:
        hub.directory.set_ignored(user, other, ignored=ignored)
        _answer(hub, session, command)
        return

    def decided(outcome: Outcome) -> None:
        if isinstance(outcome, Stored):
            _answer(hub, session, command)
        else:
            session.refuse(hub.why_not(outcome), command.id, retry=True)

    body = facts.encode(facts.IgnoreFact(other, ignored))
    hub.submit(Pending(SERVER_LOG, user, "ignore", body, session=session, then=decided))


def _answer(hub: Hub, session: Session, command: commands.Command) -> None:
    users = hub.directory.users
    names = sorted((users[other].name for other in speaker(session).ignored if other in users), key=str.casefold)
    session.tell(events.Ignored(names=names, id=command.id))
    if command.id is not None:
        session.tell(events.Ok(id=command.id))
