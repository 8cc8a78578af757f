"""The operator's orders about roles and bans."""

from __future__ import annotations

from ...exceptions import Refused, UsageProblem
from ...hub import Hub, Session, User
from ...hub.networks import is_address, is_loopback
from ...hub.state import restrictions
from ...protocol import operator
from ...protocol.conversations import LOBBY
from ...protocol.names import name_key
from ..moderation import begin, lift_ban
from .reports import Lines


async def owner(hub: Hub, session: Session, order: operator.SetOwner) -> Lines:
    """Make a user the owner of the server."""
    act = begin(hub, session, LOBBY)
    other = act.other(order.name)
    if other.is_guest:
        raise Refused(f"{other.name} is a guest; only a registered user can own the server.")
    await act.record(act.fact("owner", other), f"made {other.name} the owner of {act.room.place}")
    return ()


async def room_owner(hub: Hub, session: Session, order: operator.SetRoomOwner) -> Lines:
    """Make a user the owner of a room, for example if the old owner is gone."""
    act = begin(hub, session, order.room)
    if act.room.is_lobby:
        raise Refused("The owner of the server owns the lobby: `socketchat admin owner NAME`.")
    other = hub.permissions.user(act.actor, order.name)
    if other.is_guest:
        raise Refused(f"{other.name} is a guest; only a registered user can own a room.")
    if act.room.bans.covers(other, hub.now()):
        raise Refused(f"{other.name} is banned from {act.room.name}, and cannot own it.")
    await act.record(act.fact("owner", other), f"made {other.name} the owner of {act.room.place}")
    return ()


async def ban(hub: Hub, session: Session, order: operator.BanUser) -> Lines:
    """Ban a user or an address from the chat."""
    act = begin(hub, session, LOBBY)
    other = None if is_address(order.name) else act.other(_name(hub, order.name))
    peers = {order.name} if other is None else set()
    if other is not None and order.addresses:
        peers = {each.channel.peer for each in hub.online.of(other) if each.channel.peer}
        if not peers:
            raise Refused(f"{other.name} is not online, so the address is unknown; ban the name alone.")
    if peers and not order.seconds:
        raise UsageProblem("Addresses change hands, so a ban on one needs an end: add --for 7d, for example.")
    if any(map(is_loopback, peers)):
        raise Refused("This is the server's own address. Everyone behind a tunnel has it too, so it cannot be banned.")
    subjects = [] if other is None else restrictions.of_user(other)
    subjects += sorted(map(restrictions.of_address, peers))
    named = other or User("", order.name, "")
    fact = act.fact("ban", named, subjects=subjects, reason=order.reason, seconds=order.seconds)
    await act.restrict(fact, f"banned {named.name} from {act.room.place}", act.room.bans)
    return ()


async def unban_from_chat(hub: Hub, session: Session, order: operator.UnbanUser) -> Lines:
    """Lift the ban of a user or an address."""
    act = begin(hub, session, LOBBY)
    name = await lift_ban(act, order.name)
    also = f", which covered {order.name} too: they share a key or look alike" if name != order.name else ""
    return [f"Lifted the ban of {name} from {act.room.place}{also}."]


def _name(hub: Hub, word: str) -> str:
    """Return a word if it can be a name; raises UsageProblem if it looks like a network."""
    if hub.directory.holder(name_key(word)) is None and any(mark in word for mark in "./:"):
        raise UsageProblem(
            f"{word} is neither a name nor an address. You can ban names, and single addresses such as 203.0.113.9; "
            "`ban NAME --address --for 7d` also bans the addresses that NAME is connected from."
        )
    return word
