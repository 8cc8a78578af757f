"""The operator's lists: users, rooms and bans."""

from __future__ import annotations

from ...hub import Hub, Session, User
from ...hub.policy.permissions import Rank
from ...protocol import operator
from ...protocol.text.durations import in_words
from .reports import Lines


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


def _described(hub: Hub, user: User) -> str:
    rank = hub.permissions.rank(user, hub.directory.lobby)
    parts = [
        user.name,
        "guest" if user.is_guest else "",
        {Rank.SERVER_OWNER: "owner", Rank.MODERATOR: "moderator"}.get(rank, ""),
        "online" if user.id in hub.online.present else "",
    ]
    return " ".join(filter(None, parts))
