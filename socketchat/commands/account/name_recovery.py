"""Names taken back: by a link that the operator gives to an owner whose keys are lost."""

from __future__ import annotations

from collections.abc import Callable

from ...exceptions import BadInvite, ChatError, Refused
from ...hub import Hub, Pending, Session, User
from ...hub.state import facts, restrictions
from ...hub.state.invites import invite_id
from ...journal import SERVER_LOG, Conflict, Outcome, Stored
from ...protocol import commands, events
from ...protocol.names import name_key
from .devices import free_place, shown_label


def is_reset(hub: Hub, token: str) -> bool:
    """Tell whether a token is that of a reset, which may have expired; raises UsageProblem."""
    return invite_id(token) in hub.directory.resets


def take_back(hub: Hub, session: Session, asked: commands.Hello, token: str, enter: Callable[[User], None]) -> None:
    """Make a key that was proved the only one of the name, close all other sessions of it, then let the user in."""
    if not session.channel.is_private:
        raise Refused("Links are taken over TLS only.")
    number, key = invite_id(token), asked.key or ""
    reset = hub.directory.resets[number]
    user = hub.directory.users.get(reset.user)
    if user is None or user.key != name_key(asked.name or ""):
        raise BadInvite("This link is for another name; give the name that it was made for.")
    if hub.now() >= reset.expires:
        raise BadInvite("This link has expired; ask whoever hosts the server for a new one.")
    hub.permissions.check_entry(restrictions.of_user(user))

    def decided(outcome: Outcome) -> None:
        user.changes -= 1
        if isinstance(outcome, Stored):
            bye = events.Bye(code=Refused.code, text=f"{user.name} was taken back with another key.")
            hub.attendance.expel(user, bye)
        if session.gone:
            return
        try:
            if isinstance(outcome, Stored):
                enter(user)
            elif isinstance(outcome, Conflict):
                raise BadInvite("This link is used up; ask whoever hosts the server for a new one.")
            else:
                session.refuse(hub.why_not(outcome), asked.id, retry=True)
        except ChatError as error:
            session.refuse(error, asked.id)

    body = facts.encode(facts.TakenBackFact(number, key, shown_label(asked.label)))
    claims = (f"reset:{number}", *(() if key in user.devices else (free_place(hub, key),)))
    user.changes += 1
    hub.submit(Pending(SERVER_LOG, user, "taken back", body, session=session, claims=claims, then=decided))
