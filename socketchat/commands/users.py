"""Who is online, and help."""

from __future__ import annotations

from ..hub import Action, Hub, Session
from ..protocol import commands, events
from ..protocol.slash import help_text
from .chat import speaker

NAMES_PER_EVENT = 1000
"""Names in one line of an answer: a thousand of the longest stay under the limit of a line."""


def users(hub: Hub, session: Session, command: commands.Users) -> None:
    """List who is online, or which of them are members of a room."""
    room = None
    if command.room:
        room = hub.permissions.room(speaker(session), command.room)
        hub.permissions.check(speaker(session), Action.READ, room)
    names = hub.attendance.online(room)
    shown = None if room is None or room.is_lobby else room.name
    for start in range(0, max(1, len(names)), NAMES_PER_EVENT):
        session.tell(events.Users(users=names[start : start + NAMES_PER_EVENT], id=command.id, room=shown))
    if command.id is not None:
        session.tell(events.Ok(id=command.id))


def help_on(_hub: Hub, session: Session, command: commands.Help) -> None:
    """Explain the slash commands, or one of them."""
    session.tell(events.Help(text=help_text(command.topic), id=command.id))
    if command.id is not None:
        session.tell(events.Ok(id=command.id))
