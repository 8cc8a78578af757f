"""Listing the users who are online."""

from __future__ import annotations

from msgspec.structs import replace

from ..hub import Hub, Session
from ..hub.delivery.absence import reason
from ..protocol import commands, events
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
