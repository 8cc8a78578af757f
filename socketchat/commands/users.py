"""Who is online, and help."""

from __future__ import annotations

from ..exceptions import TooLong
from ..hub import Action, Hub, Session
from ..protocol import commands, events
from ..protocol.limits import AWAY_CHARACTERS
from ..protocol.slash import help_text
from ..protocol.text.hygiene import clean_line
from ..protocol.wording import AWAY
from .chat import speaker

NAMES_PER_EVENT = 500
"""Names in one line of an answer: so many of the longest, all away, stay under the limit of a line."""


def users(hub: Hub, session: Session, command: commands.Users) -> None:
    """List who is online, or which of them are members of a room."""
    room = None
    if command.room:
        room = hub.permissions.room(speaker(session), command.room)
        hub.permissions.check(speaker(session), Action.READ, room)
    there = hub.attendance.users_online(room)
    shown = None if room is None or room.is_lobby else room.name
    for start in range(0, max(1, len(there)), NAMES_PER_EVENT):
        part = there[start : start + NAMES_PER_EVENT]
        away = {user.name: user.away for user in part if user.away}
        guests = [user.name for user in part if user.is_guest]
        names = [user.name for user in part]
        session.tell(events.Users(users=names, id=command.id, room=shown, away=away, guests=guests))
    if command.id is not None:
        session.tell(events.Ok(id=command.id))


def away(hub: Hub, session: Session, command: commands.Away) -> None:
    """Note that the user is away, until the user says something; who is muted does not say why."""
    if command.text:
        hub.permissions.check_speaks(speaker(session), hub.directory.lobby)
    text = clean_line(command.text or "").strip() or AWAY
    if len(text) > AWAY_CHARACTERS:
        raise TooLong(f"Say in at most {AWAY_CHARACTERS} characters why you are away.")
    speaker(session).away = text
    if command.id is not None:
        session.tell(events.Ok(id=command.id))


def help_on(_hub: Hub, session: Session, command: commands.Help) -> None:
    """Explain the slash commands, or one of them."""
    session.tell(events.Help(text=help_text(command.topic), id=command.id))
    if command.id is not None:
        session.tell(events.Ok(id=command.id))
