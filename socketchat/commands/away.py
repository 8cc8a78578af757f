"""Being away: the reason that others see until the user's next message."""

from __future__ import annotations

from ..exceptions import TooLong
from ..hub import Hub, Session
from ..protocol import commands, events
from ..protocol.limits import AWAY_CHARACTERS
from ..protocol.text.hygiene import clean_line
from ..protocol.wording import AWAY
from .handler import OK, Answer
from .messages import return_of, speaker


async def away(hub: Hub, session: Session, command: commands.Away) -> Answer:
    """Mark the user as away until the user's next message; muted users cannot give a reason."""
    if command.text:
        hub.permissions.check_speaks(speaker(session), hub.directory.lobby)
    text = (command.text or "").strip()
    if len(text) <= AWAY_CHARACTERS:  # cleaning may lengthen it, and is slow for long texts
        text = clean_line(text).strip() or AWAY
    if len(text) > AWAY_CHARACTERS:
        raise TooLong(f"Too long: {len(text):,} characters; the limit for the reason is {AWAY_CHARACTERS}.")
    user = speaker(session)
    user.away = text
    if user.profile is not None:
        user.profile.stays_away = command.stays
    hub.presence.tell_about(user, events.AwayChanged(user=user.id, name=user.name, text=text), own=False)
    return OK


async def back(hub: Hub, session: Session, _command: commands.Back) -> Answer:
    """Mark the user as back."""
    return_of(hub, speaker(session))
    return OK
