"""What the server answers to what was asked by a command, as it is drawn above the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..protocol import commands, events
from ..protocol.transcript import text_lines
from .screen.rendering import Rendering
from .screen.view import View

if TYPE_CHECKING:
    from rich.console import RenderableType


def answered(
    command: commands.ANY, answer: Sequence[events.ANY], rendering: Rendering, view: View, *, me: str, width: int
) -> list[RenderableType]:
    """Return the lines of the answer to a command; ``me`` is the reader's name."""
    match command:
        case commands.Users():
            parts = [event for event in answer if isinstance(event, events.Users)]
            names = [name for part in parts for name in part.users]
            away = {name: reason for part in parts for name, reason in part.away.items()}
            guests = {name for part in parts for name in part.guests}
            return [rendering.users(names, away, guests, me=me, room=command.room, width=width)]
        case commands.Away():
            return [rendering.notice("You are away until you say something.")]
        case commands.Rooms():
            rooms = [room for event in answer if isinstance(event, events.Rooms) for room in event.rooms]
            for room in rooms:
                view.name_room(room.name)
            return [rendering.rooms(rooms, current=view.room, unread=view.unread, width=width)]
    if isinstance(command, commands.Devices | commands.Revoke):
        return [rendering.help(text_lines(event, me=None).rstrip()) for event in answer]
    if isinstance(command, commands.Ignore | commands.Unignore):
        return [rendering.ignored(event.names) for event in answer if isinstance(event, events.Ignored)]
    return [rendering.topic(event.room, event.text) for event in answer if isinstance(event, events.Topic)]
