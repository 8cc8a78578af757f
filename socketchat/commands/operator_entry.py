"""What the operator decides about newcomers: the join code."""

from __future__ import annotations

from ..exceptions import ChatError, Refused
from ..hub import Hub, Session
from ..hub.entrance import Doorkeeper
from ..protocol import operator
from .reports import report


def code(hub: Hub, session: Session, order: operator.Code) -> None:
    """Tell the join code, or draw a new one."""
    doorkeeper = hub.entrance.doorkeeper
    if doorkeeper is None:
        raise Refused("This server has no join code.")
    if order.new:
        hub.spawn(_change(doorkeeper, session, order))
    else:
        report(session, order, [doorkeeper.code])


async def _change(doorkeeper: Doorkeeper, session: Session, order: operator.Code) -> None:
    try:
        await doorkeeper.change_code()
    except ChatError as error:
        session.refuse(error, order.id)
    else:
        report(session, order, [doorkeeper.code])
