"""Bots as clients: who a request is from, what it may do, and how often."""

from __future__ import annotations

from math import ceil
from urllib.parse import unquote

from ...exceptions import NotFound, NotLoggedIn, Refused
from ...hub import Hub, Session
from ...hub.state import restrictions
from ...hub.state.bots import Bot
from ...hub.state.conversations import Room
from .rendering import Response, problem
from .requests import Request

BEARER = "bearer "


def bearer(hub: Hub, session: Session, request: Request) -> Bot:
    """Log the bot in whose token the request has; raises NotLoggedIn and Banned."""
    shown = request.headers.get("authorization", "")
    if not shown.lower().startswith(BEARER):
        raise NotLoggedIn("Send the token of a bot: Authorization: Bearer TOKEN.")
    return enter(hub, session, hub.state.bots.of_token(shown[len(BEARER) :].strip(), hub.now()))


def enter(hub: Hub, session: Session, bot: Bot) -> Bot:
    """Make a session that of a bot, for one request; raises NotLoggedIn and Banned."""
    user = hub.state.users.get(bot.user)
    if user is None:
        raise NotLoggedIn("The account of this bot is gone.")
    hub.permissions.check_entry([*restrictions.of_user(user), restrictions.of_address(session.channel.peer)])
    session.user = user
    session.outbox = None  # the names of outboxes are the user's
    hub.throttle.log_in(session)
    return bot


def room_of(hub: Hub, session: Session, bot: Bot, word: str) -> Room:
    """Return the room that a path names, in the scope of a bot; raises NotFound and Refused."""
    user = session.user
    if user is None:
        raise NotLoggedIn("Log in first.")
    name = unquote(word, errors="replace")
    try:
        room = hub.permissions.room(user, name if name.startswith("#") else f"#{name}")
    except NotFound:
        room = None
    if room is None or room.id not in bot.rooms:  # whether other rooms exist is not the bot's to know
        raise Refused(f"This token is not for the room {name[:40]}.")
    return room


def too_fast(hub: Hub, session: Session) -> Response | None:
    """Count a request against the allowance of the bot; return the refusal if it has used it up."""
    if session.allowance.left < 1 and (seconds := session.allowance.refill(hub.clock())):
        wait = ceil(seconds)
        text = f"Too many requests; try again in {wait} second{'s' * (wait != 1)}."
        return problem("too_many", text, headers={"Retry-After": str(wait)})
    session.allowance.left -= 1
    return None
