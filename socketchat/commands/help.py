"""Help on the slash commands, for clients in which people type."""

from __future__ import annotations

from ..hub import Hub, Session
from ..protocol import commands, events
from ..protocol.slash.help import help_text
from .handler import OK, Answer


async def help_on(_hub: Hub, session: Session, command: commands.Help) -> Answer:
    """Explain the slash commands, or one of them."""
    session.answer(events.Help(text=help_text(command.topic), id=command.id), command)
    return OK
