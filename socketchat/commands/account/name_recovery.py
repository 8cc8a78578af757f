"""Name recovery: the operator gives a link to an owner who has lost all keys."""

from __future__ import annotations

from ...exceptions import BadInvite, Busy, Refused
from ...hub import Hub, Session, User
from ...hub.proposals import why_not
from ...hub.state import facts, restrictions
from ...hub.state.invites import invite_id
from ...journal import Conflict, Stored
from ...protocol import commands
from ...protocol.names import name_key
from .devices import free_place, shown_label


def is_reset(hub: Hub, token: str) -> bool:
    """Tell whether a token belongs to a reset link, even if the link has expired; raises UsageProblem."""
    return invite_id(token) in hub.state.resets


async def take_back(hub: Hub, session: Session, asked: commands.Hello, token: str) -> User:
    """Make a proven key the only key of the name that a link is for; return its user."""
    if not session.channel.is_private:
        raise Refused("Links work over TLS only.")
    number, key = invite_id(token), asked.key or ""
    link = hub.state.resets[number]
    user = hub.state.users.get(link.user)
    if user is None or user.key != name_key(asked.name or ""):
        raise BadInvite("This link is for another name; use the name that it was made for.")
    if hub.now() >= link.expires:
        raise BadInvite("This link has expired; ask whoever runs the server for a new one.")
    hub.permissions.check_entry(restrictions.of_user(user))
    fact = facts.TakenBackFact(number, key, shown_label(asked.label))
    claims = (f"reset:{number}", *(() if key in user.devices else (free_place(hub, key),)))
    with user.changing_password():
        outcome = await hub.propose(session, "taken back", fact, author=user, claims=claims)
    if isinstance(outcome, Conflict) and outcome.claim == claims[0]:
        raise BadInvite("This link is used up; ask whoever runs the server for a new one.")
    if isinstance(outcome, Conflict):
        raise Busy("Your key just got another name. Try again.")
    if not isinstance(outcome, Stored):
        raise why_not(outcome)
    return user
