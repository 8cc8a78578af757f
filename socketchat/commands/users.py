"""Listing online users, away messages, and help."""

from __future__ import annotations

from msgspec.structs import replace

from ..exceptions import TooLong
from ..hub import Hub, Session
from ..hub.delivery.absence import reason
from ..protocol import commands, events
from ..protocol.limits import AWAY_CHARACTERS
from ..protocol.slash.help import help_text
from ..protocol.text.hygiene import clean_line
from ..protocol.wording import AWAY
from .handler import ANSWERED, OK, Answer
from .messages import speaker

NAMES_PER_EVENT = 500
"""Names in one line of an answer: even the longest, all of them away, stay under the limit for a line."""


async def users(hub: Hub, session: Session, command: commands.Users) -> Answer:
    """List the users who are online, or the online members of a room."""
    room = hub.permissions.room(speaker(session), command.room) if command.room else None
    there = hub.online.users(room)
    shown = None if room is None or room.is_lobby else room.name
    for start in range(0, max(1, len(there)), NAMES_PER_EVENT):
        part = there[start : start + NAMES_PER_EVENT]
        away = {user.name: reason(hub, user) for user in part if user.away}
        guests = [user.name for user in part if user.is_guest]
        names = [user.name for user in part]
        told = events.Users(users=names, id=command.id, room=shown, away=away, guests=guests)
        if len(there) > NAMES_PER_EVENT:
            told = replace(told, start=start, total=len(there))
        session.answer(told, command)
        if start + NAMES_PER_EVENT < len(there) and not await hub.next_turn(session):
            return ANSWERED
    return OK


async def away(hub: Hub, session: Session, command: commands.Away) -> Answer:
    """Mark the user as away until the user's next message; muted users cannot give a reason."""
    if command.text:
        hub.permissions.check_speaks(speaker(session), hub.directory.lobby)
    text = (command.text or "").strip()
    if len(text) <= AWAY_CHARACTERS:  # cleaning may lengthen it, and is slow for long texts
        text = clean_line(text).strip() or AWAY
    if len(text) > AWAY_CHARACTERS:
        raise TooLong(f"Too long: {len(text):,} characters; the limit for the reason is {AWAY_CHARACTERS}.")
    speaker(session).away = text
    return OK


async def help_on(_hub: Hub, session: Session, command: commands.Help) -> Answer:
    """Explain the slash commands, or one of them."""
    session.answer(events.Help(text=help_text(command.topic), id=command.id), command)
    return OK
