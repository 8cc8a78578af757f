"""The operator's orders: one row of registration per order."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from ...exceptions import NotLoggedIn
from ...hub import Action, Hub, Session
from ...protocol import commands, operator
from ..dispatcher import Running
from . import audit_log, bots, lists, moderation, rooms
from .accounts import add, delete, erase, release, reset
from .invites import code, invite, invites, uninvite
from .reports import Lines, report


class Row(NamedTuple):
    """An order: its handler, and the right it needs on the server."""

    order: type[commands.Command]
    handler: Callable[[Hub, Session, Any], Coroutine[Any, Any, Lines]]
    right: Action = Action.OPERATE


ROWS = (
    Row(operator.ListUsers, lists.users),
    Row(operator.AddUser, add),
    Row(operator.ResetName, reset),
    Row(operator.ReleaseName, release),
    Row(operator.DeleteUser, delete),
    Row(operator.ListRooms, lists.rooms),
    Row(operator.RemoveRoom, rooms.remove),
    Row(operator.EraseUser, erase),
    Row(operator.JoinCode, code),
    Row(operator.SetOwner, moderation.owner),
    Row(operator.SetRoomOwner, moderation.room_owner),
    Row(operator.BanUser, moderation.ban),
    Row(operator.UnbanUser, moderation.unban_from_chat),
    Row(operator.ListBans, lists.bans),
    Row(operator.ShowLog, audit_log.log),
    Row(operator.CreateInvite, invite),
    Row(operator.ListInvites, invites),
    Row(operator.RevokeInvite, uninvite),
    Row(operator.CreateBot, bots.create),
    Row(operator.ListBots, bots.listed),
    Row(operator.RevokeBot, bots.revoke),
)
ORDERS = {row.order: row for row in ROWS}


def handle(hub: Hub, session: Session, order: operator.ORDERS) -> None:
    """Run an order, or answer with an error."""
    work = _checked(ORDERS[type(order)], hub, session, order)
    Running(hub, session, order, work, lambda lines: report(session, order, lines)).start()


async def _checked(row: Row, hub: Hub, session: Session, order: operator.ORDERS) -> Lines:
    """Run a handler for a user who may give the order."""
    if session.user is None:
        raise NotLoggedIn("Log in first.")
    hub.permissions.check(session.user, row.right, hub.directory.lobby)
    return await row.handler(hub, session, order)
