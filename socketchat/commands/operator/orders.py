"""The handler of each of the operator's orders."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from ...hub import Hub, Session
from ...protocol import commands, operator
from ..dispatcher import Running
from . import audit_log, lists, moderation, rooms
from .accounts import delete, erase, release, reset
from .invites import code, invite, invites, uninvite
from .reports import Lines, report

HANDLERS: dict[type[commands.Command], Callable[[Hub, Session, Any], Coroutine[Any, Any, Lines]]] = {
    operator.ListUsers: lists.users,
    operator.ResetName: reset,
    operator.ReleaseName: release,
    operator.DeleteUser: delete,
    operator.ListRooms: lists.rooms,
    operator.RemoveRoom: rooms.remove,
    operator.EraseUser: erase,
    operator.JoinCode: code,
    operator.SetOwner: moderation.owner,
    operator.SetRoomOwner: moderation.room_owner,
    operator.BanUser: moderation.ban,
    operator.UnbanUser: moderation.unban_from_chat,
    operator.ListBans: lists.bans,
    operator.ShowLog: audit_log.log,
    operator.CreateInvite: invite,
    operator.ListInvites: invites,
    operator.RevokeInvite: uninvite,
}


def handle(hub: Hub, session: Session, order: operator.ORDERS) -> None:
    """Run an order, or answer with an error."""
    handler = HANDLERS[type(order)](hub, session, order)
    Running(hub, session, order, handler, lambda lines: report(session, order, lines)).start()
