"""What the operator does to accounts: gives a name back to its owner, and releases one that nobody needs."""

from __future__ import annotations

from ...exceptions import Refused
from ...hub import Hub, Session, User
from ...hub.state import facts
from ...hub.state.invites import invite_id
from ...protocol import events, operator
from ...protocol.authentication.certificates import to_fingerprint
from ...protocol.authentication.entry_proof import INVITE_BYTES
from .invites import store_fact

RESET_SECONDS = 86_400
"""A link lasts a day: time enough to send it by another way, and short enough to be of little use when it is found."""


def reset(hub: Hub, session: Session, order: operator.ResetName) -> None:
    """Tell the token by which the owner of a name takes it back; it is kept nowhere."""
    user = _account(hub, order.name)
    token = hub.token(INVITE_BYTES)
    fact = facts.ResetFact(invite_id(token), user.id, hub.now() + 1000 * RESET_SECONDS)
    lines = [" ".join(hub.entrance.addresses), to_fingerprint(hub.host_key), token, user.name]
    store_fact(hub, session, order, "reset", fact, lines=lines)


def release(hub: Hub, session: Session, order: operator.ReleaseName) -> None:
    """Close all sessions of an account, whose name is anybody's from then on."""
    user = _account(hub, order.name)
    bye = events.Bye(code=Refused.code, text=f"The name {user.name} was released; it is nobody's any more.")
    hub.attendance.expel(user, bye)
    store_fact(
        hub,
        session,
        order,
        "released",
        facts.ReleasedFact(user.id),
        lines=[f"{user.name} is free."],
        done=lambda: hub.attendance.expel(user, bye),  # who came back meanwhile
    )


def _account(hub: Hub, name: str) -> User:
    user = hub.permissions.user(hub.operator, name)
    if user.is_guest:
        raise Refused(f"{user.name} is a guest, and gone with the connection.")
    return user
