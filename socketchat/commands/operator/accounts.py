"""What the operator does to accounts: gives a name back to its owner, releases a name, deletes, and erases messages."""

from __future__ import annotations

from ...exceptions import Refused
from ...hub import Hub, Session, User
from ...hub.state import facts
from ...hub.state.invites import invite_id
from ...protocol import operator
from ...protocol.authentication.certificates import to_fingerprint
from ...protocol.authentication.entry_proof import INVITE_BYTES
from ...protocol.conversations import LOBBY
from .reports import Lines

RESET_SECONDS = 86_400
"""A link lasts a day: long enough to send it by another way, and too short to be of use to whoever finds it later."""


async def reset(hub: Hub, session: Session, order: operator.ResetName) -> Lines:
    """Tell the token that lets the owner of a name take it back; the server does not keep it."""
    user = _account(hub, order.name)
    token = hub.token(INVITE_BYTES)
    fact = facts.ResetFact(invite_id(token), user.id, hub.now() + 1000 * RESET_SECONDS)
    await hub.record(session, "reset", fact)
    return [" ".join(hub.admission.addresses), to_fingerprint(hub.host_key), token, user.name]


async def release(hub: Hub, session: Session, order: operator.ReleaseName) -> Lines:
    """Free the name of an account, whose sessions end."""
    user = _account(hub, order.name)
    await hub.record(session, "released", facts.ReleasedFact(user.id))
    return [f"{user.name} is free now."]


async def delete(hub: Hub, session: Session, order: operator.DeleteUser) -> Lines:
    """Delete an account, whose sessions end; what it said stays, under its name."""
    user = _account(hub, order.name)
    await hub.record(session, "deleted account", facts.DeletedAccountFact(user.id))
    return [f"Deleted the account {user.name}."]


async def erase(hub: Hub, session: Session, order: operator.EraseUser) -> Lines:
    """Log the order, then blank everything that the user said until then."""
    user = hub.permissions.user(hub.operator, order.name)
    await hub.record(session, "act", facts.ActFact("erase", LOBBY, user.id, user.name))
    erased = await hub.until(
        hub.journal.erase(user.id, lambda done, of: session.tell(operator.Progress(done=done, of=of)))
    )
    user.read.clear()  # as in the journal
    return [f"Erased {erased:,} {'message' if erased == 1 else 'messages'} from {user.name}."]


def _account(hub: Hub, name: str) -> User:
    user = hub.permissions.user(hub.operator, name)
    if user.is_guest:
        raise Refused(f"{user.name} is a guest; the name is free when the connection ends.")
    return user
