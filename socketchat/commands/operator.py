"""What each order of the operator does to the hub."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..exceptions import ChatError
from ..hub import Hub, Session
from ..protocol import commands, operator
from .operator_entry import code
from .reports import report


def handle(hub: Hub, session: Session, order: operator.ORDERS) -> None:
    """Do what an order says, or answer why not."""
    try:
        HANDLERS[type(order)](hub, session, order)
    except ChatError as error:
        session.refuse(error, order.id)


def users(hub: Hub, session: Session, order: operator.Users) -> None:
    """List the accounts, and the guests of the moment."""
    everybody = sorted(hub.directory.users.values(), key=lambda user: user.key)
    online = hub.attendance.present
    report(
        session,
        order,
        (
            f"{user.name}{' (guest)' if user.is_guest else ''}{' online' if user.id in online else ''}"
            for user in everybody
        ),
    )


def rooms(hub: Hub, session: Session, order: operator.Rooms) -> None:
    """List the rooms."""
    everything = sorted(hub.directory.rooms.values(), key=lambda room: room.id)
    report(session, order, (f"{room.name} {room.topic}".rstrip() for room in everything))


HANDLERS: dict[type[commands.Command], Callable[[Hub, Session, Any], None]] = {
    operator.Users: users,
    operator.Rooms: rooms,
    operator.Code: code,
}
