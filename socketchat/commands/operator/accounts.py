"""The operator's orders about accounts: give a name back, release it, delete an account, erase messages."""

from __future__ import annotations

from ...exceptions import BadPassword, Refused
from ...hub import Hub, Session, User
from ...hub.state import facts
from ...hub.state.invites import invite_id
from ...hub.state.users import NO_MARKS
from ...protocol import operator
from ...protocol.authentication.certificates import to_fingerprint
from ...protocol.authentication.entry_proof import INVITE_BYTES
from ...protocol.authentication.passwords import LONGEST_PASSWORD_BYTES
from ...protocol.conversations import LOBBY
from ...protocol.names import check_name
from ...protocol.text.confusables import check_not_reserved
from ..account.registration import register_with_password, taken
from .reports import Lines

RESET_SECONDS = 86_400
"""Life of a link: a day is enough to send it to the owner, and too short to be useful if it leaks later."""


async def reset(hub: Hub, session: Session, order: operator.ResetName) -> Lines:
    """Return the token with which the owner of a name takes it back; the server does not keep it."""
    user = _account(hub, order.name)
    token = hub.token(INVITE_BYTES)
    fact = facts.ResetFact(invite_id(token), user.id, hub.now() + 1000 * RESET_SECONDS)
    await hub.record(session, "reset", fact)
    return [" ".join(hub.admission.addresses), to_fingerprint(hub.host_key), token, user.name]


async def add(hub: Hub, session: Session, order: operator.AddUser) -> Lines:
    """Register an account with a password; the operator alone decides how good it is."""
    name = check_name(order.name)
    check_not_reserved(name)
    if not 0 < len(order.password.encode()) <= LONGEST_PASSWORD_BYTES:
        raise BadPassword(f"A password has 1 to {LONGEST_PASSWORD_BYTES:,} bytes.")
    holder = hub.directory.lookalike(name)
    if holder is not None and not holder.is_guest:
        raise taken(name, holder)
    user = await register_with_password(hub, session, name, order.password)
    return [f"Registered {user.name}. To log in: /login {user.name} in nc and telnet, SASL or PASS in IRC."]


async def release(hub: Hub, session: Session, order: operator.ReleaseName) -> Lines:
    """Release the name of an account, and end its sessions."""
    user = _account(hub, order.name)
    await hub.record(session, "released", facts.ReleasedFact(user.id))
    return [f"{user.name} is free now."]


async def delete(hub: Hub, session: Session, order: operator.DeleteUser) -> Lines:
    """Delete an account, and end its sessions; its messages stay, under its name."""
    user = _account(hub, order.name)
    await hub.record(session, "deleted account", facts.DeletedAccountFact(user.id))
    return [f"Deleted the account {user.name}."]


async def erase(hub: Hub, session: Session, order: operator.EraseUser) -> Lines:
    """Log the order, then blank all earlier messages of the user."""
    user = hub.permissions.user(hub.operator, order.name)
    await hub.record(session, "act", facts.ActFact("erase", LOBBY, user.id, user.name))
    erased = await hub.until(
        hub.journal.erase(user.id, lambda done, of: session.tell(operator.Progress(done=done, of=of)))
    )
    user.read = NO_MARKS  # as in the journal
    return [f"Erased {erased:,} {'message' if erased == 1 else 'messages'} from {user.name}."]


def _account(hub: Hub, name: str) -> User:
    user = hub.permissions.user(hub.operator, name)
    if user.is_guest:
        raise Refused(f"{user.name} is a guest; the name is free when the connection ends.")
    return user
