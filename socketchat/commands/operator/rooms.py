"""The operator's order to remove a room."""

from __future__ import annotations

from ...exceptions import NoSuchRoom, Refused
from ...hub import Hub, Session
from ...hub.proposals import why_not
from ...hub.state import facts
from ...journal import Conflict, Stored
from ...protocol import operator
from .reports import Lines


async def remove(hub: Hub, session: Session, order: operator.RemoveRoom) -> Lines:
    """Log the order, then remove a room: its members leave, and its messages are not shown again."""
    room = hub.permissions.room(hub.operator, order.room)
    if room.is_lobby:
        raise Refused("The lobby cannot be removed.")
    await hub.record(session, "act", facts.ActFact("remove room", room.id))
    with room.closing():
        outcome = await hub.propose(
            session,
            "removed room",
            facts.RemovedRoomFact(),
            conversation=room.id,
            claims=(hub.state.removal_claim(room),),
        )
    if isinstance(outcome, Conflict):
        raise NoSuchRoom(f"{room.name} was removed already.")
    if not isinstance(outcome, Stored):
        raise why_not(outcome)
    return [f"Removed {room.name}."]
