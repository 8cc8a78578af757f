"""What each order of the operator does to the hub."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from ...exceptions import ChatError
from ...hub import Hub, Session, User
from ...hub.policy.permissions import Rank
from ...hub.state import facts
from ...journal import SERVER_LOG
from ...protocol import commands, events, operator
from ...protocol.text.durations import in_words
from .. import moderation
from .accounts import release, reset
from .erase import erase
from .invites import code, invite, invites, uninvite
from .reports import LINES_PER_REPORT, report


def handle(hub: Hub, session: Session, order: operator.ORDERS) -> None:
    """Do what an order says, or answer why not."""
    try:
        HANDLERS[type(order)](hub, session, order)
    except ChatError as error:
        session.refuse(error, order.id)


def users(hub: Hub, session: Session, order: operator.ListUsers) -> None:
    """List the accounts, and the guests of the moment."""
    everybody = sorted(hub.directory.users.values(), key=lambda user: user.key)
    report(session, order, (_described(hub, user) for user in everybody))


def _described(hub: Hub, user: User) -> str:
    rank = hub.permissions.rank(user, hub.directory.lobby)
    parts = [
        user.name,
        "guest" if user.is_guest else "",
        {Rank.SERVER_OWNER: "owner", Rank.MODERATOR: "moderator"}.get(rank, ""),
        "online" if user.id in hub.attendance.present else "",
    ]
    return " ".join(filter(None, parts))


def rooms(hub: Hub, session: Session, order: operator.ListRooms) -> None:
    """List the rooms."""
    everything = sorted(hub.directory.rooms.values(), key=lambda room: room.id)
    report(session, order, (f"{room.name}{' private' if room.is_private else ''}" for room in everything))


def bans(hub: Hub, session: Session, order: operator.ListBans) -> None:
    """List who is banned from the chat."""
    now = hub.now()
    report(
        session,
        order,
        (
            each.name
            + (f" for another {in_words(-(-(each.until - now) // 1000))}" if each.until else "")
            + (f": {each.reason}" if each.reason else "")
            for each in hub.directory.lobby.bans.current(now)
        ),
    )


def log(hub: Hub, session: Session, order: operator.ShowLog) -> None:
    """List what owners, moderators and the operator did, from the log itself."""
    hub.spawn(_log(hub, session, order))


async def _log(hub: Hub, session: Session, order: operator.ShowLog) -> None:
    after = 0
    try:
        while entries := await hub.journal.read(SERVER_LOG, after=after, limit=LINES_PER_REPORT):
            after = entries[-1].seq
            lines = [_logged(hub, entry) for entry in entries if entry.kind == "act"]
            if lines:
                session.tell(operator.Report(lines=lines))
    except ChatError as error:
        session.refuse(error, order.id, retry=True)
    else:
        report(session, order)


def _logged(hub: Hub, entry: events.Entry) -> str:
    """Return an act as a line: when, who, what, whom, where, for how long and why."""
    act = msgspec.json.decode(entry.body, type=facts.ActFact)
    room = hub.directory.rooms.get(act.room)
    when = datetime.fromtimestamp(entry.ts / 1000, UTC)
    what = f"{when:%Y-%m-%d %H:%M:%S}Z {entry.name} {act.act} {act.name or '-'} in {room.name if room else act.room}"
    what += f" for {in_words(act.seconds)}" if act.seconds else ""
    addresses = [subject.partition(":")[2] for subject in act.subjects if subject.startswith("address:")]
    what += f" with {', '.join(addresses)}" if addresses else ""
    return f"{what}: {act.reason}" if act.reason else what


HANDLERS: dict[type[commands.Command], Callable[[Hub, Session, Any], None]] = {
    operator.ListUsers: users,
    operator.ResetName: reset,
    operator.ReleaseName: release,
    operator.ListRooms: rooms,
    operator.EraseUser: erase,
    operator.JoinCode: code,
    operator.SetOwner: moderation.owner,
    operator.SetRoomOwner: moderation.room_owner,
    operator.BanUser: moderation.operator_ban,
    operator.UnbanUser: moderation.operator_unban,
    operator.ListBans: bans,
    operator.ShowLog: log,
    operator.CreateInvite: invite,
    operator.ListInvites: invites,
    operator.RevokeInvite: uninvite,
}
