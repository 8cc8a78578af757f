"""The operator blanks all that a user said, and forgets what the user has read."""

from __future__ import annotations

from ...exceptions import ChatError
from ...hub import Hub, Session, User
from ...hub.pending import Pending
from ...hub.state import facts
from ...journal import SERVER_LOG, Outcome, Stored
from ...protocol import operator
from ...protocol.conversations import LOBBY
from .reports import report


def erase(hub: Hub, session: Session, order: operator.EraseUser) -> None:
    """Log it, then blank all that the user said until then."""
    user = hub.permissions.user(hub.operator, order.name)

    def decided(outcome: Outcome) -> None:
        if isinstance(outcome, Stored):
            hub.spawn(_erase(hub, session, order, user))
        else:
            session.refuse(hub.why_not(outcome), order.id, retry=True)

    body = facts.encode(facts.ActFact("erase", LOBBY, user.id, user.name))
    hub.submit(Pending(SERVER_LOG, hub.operator, "act", body, session=session, then=decided))


async def _erase(hub: Hub, session: Session, order: operator.EraseUser, user: User) -> None:
    def tell(done: int, of: int) -> None:
        session.tell(operator.Progress(done=done, of=of))

    try:
        blanked = await hub.journal.erase(user.id, tell)
    except ChatError as error:
        session.refuse(error, order.id, retry=True)
    else:
        user.read.clear()  # as in the journal
        report(session, order, [f"Erased {blanked} messages of {user.name}."])
