"""What the operator can list: users, rooms, bans, and the log of what moderators and the operator did."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from ...hub import Hub, Session, User
from ...hub.policy.permissions import Rank
from ...hub.state import facts
from ...journal import SERVER_LOG
from ...protocol import events, operator
from ...protocol.text.durations import in_words
from .reports import LINES_PER_REPORT, Lines


async def users(hub: Hub, _session: Session, _order: operator.ListUsers) -> Lines:
    """List the accounts, and the guests who are online."""
    return [_described(hub, user) for user in sorted(hub.directory.users.values(), key=lambda user: user.key)]


async def rooms(hub: Hub, _session: Session, _order: operator.ListRooms) -> Lines:
    """List the rooms."""
    everything = sorted(hub.directory.rooms.values(), key=lambda room: room.id)
    return [f"{room.name}{' private' if room.is_private else ''}" for room in everything]


async def bans(hub: Hub, _session: Session, _order: operator.ListBans) -> Lines:
    """List the users and addresses that are banned from the chat."""
    now = hub.now()
    return [
        each.name
        + (f" for another {in_words(-(-(each.until - now) // 1000))}" if each.until else "")
        + (f": {each.reason}" if each.reason else "")
        for each in hub.directory.lobby.bans.current(now)
    ]


async def log(hub: Hub, session: Session, _order: operator.ShowLog) -> Lines:
    """List what owners, moderators and the operator did, from the log itself."""
    after = 0
    while entries := await hub.until(hub.journal.read(SERVER_LOG, after=after, limit=LINES_PER_REPORT)):
        after = entries[-1].seq
        lines = [_logged(hub, entry) for entry in entries if entry.kind == "act"]
        if lines:
            session.tell(operator.Report(lines=lines))
    return ()


def _described(hub: Hub, user: User) -> str:
    rank = hub.permissions.rank(user, hub.directory.lobby)
    parts = [
        user.name,
        "guest" if user.is_guest else "",
        {Rank.SERVER_OWNER: "owner", Rank.MODERATOR: "moderator"}.get(rank, ""),
        "online" if user.id in hub.attendance.present else "",
    ]
    return " ".join(filter(None, parts))


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
