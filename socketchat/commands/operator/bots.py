"""The operator's orders about bots: accounts of programs, with a token."""

from __future__ import annotations

from ...exceptions import TooMany, UsageProblem
from ...hub import Hub, Session, User
from ...hub.proposals import why_not
from ...hub.state import facts
from ...hub.state.bots import TOKEN_BYTES, bot_of, token_id
from ...journal import Conflict, Stored
from ...protocol import operator
from ...protocol.names import check_name, check_room, name_key
from ...protocol.text.confusables import check_not_reserved
from ...protocol.text.durations import LONGEST_SECONDS, in_words
from ..account.registration import USER_ID_BYTES, taken
from .reports import Lines

MOST_BOTS = 1000
"""Most bots of a server: more than an operator needs, and few enough to list."""

MOST_ROOMS = 50
"""Most rooms of one bot: its scope is one fact, and is read at each start."""


async def create(hub: Hub, session: Session, order: operator.CreateBot) -> Lines:
    """Create a bot and return its token; the server keeps a hash of it only."""
    name = check_name(order.name)
    _check_scope(order)
    owner = hub.permissions.user(hub.operator, order.owner).name if order.owner else hub.operator.name
    rooms = tuple(dict.fromkeys(hub.permissions.room(hub.operator, check_room(room)).id for room in order.rooms))
    holder = hub.directory.lookalike(name)
    if holder is None:
        check_not_reserved(name)
        if len(hub.state.bots.by_user) >= MOST_BOTS:
            raise TooMany(f"Limit reached: {MOST_BOTS:,} bots. Delete one: `socketchat admin users delete NAME`.")
        user = User(hub.token(USER_ID_BYTES), name, name_key(name), "")
        claims = hub.state.name_claims(user)
    elif holder.key == name_key(name) and holder.id in hub.state.bots.by_user:
        user, claims = holder, ()
    else:
        raise taken(name, holder)
    token = hub.token(TOKEN_BYTES)
    fact = facts.BotFact(
        user=user.id,
        name=user.name,
        owner=owner,
        token=token_id(token),
        rooms=rooms,
        read=order.read,
        write=order.write or order.hook,
        hook=order.hook,
        expires=hub.now() + 1000 * order.seconds if order.seconds else 0,
    )
    outcome = await hub.propose(session, "bot", fact, claims=claims)
    if isinstance(outcome, Conflict):
        raise taken(name, hub.directory.lookalike(name))
    if not isinstance(outcome, Stored):
        raise why_not(outcome)
    return [token]


async def listed(hub: Hub, _session: Session, _order: operator.ListBots) -> Lines:
    """List the bots, with their scopes."""
    found = [(hub.state.users[each], each) for each in hub.state.bots.by_user if each in hub.state.users]
    return [_described(hub, user) for user, _ in sorted(found, key=lambda pair: pair[0].key)]


async def revoke(hub: Hub, session: Session, order: operator.RevokeBot) -> Lines:
    """Revoke the token of a bot; its account stays."""
    user = hub.permissions.user(hub.operator, order.name)
    bot = bot_of(hub.state.bots, user.id, user.name)
    bot.revocations += 1
    try:
        await hub.record(session, "revoked bot", facts.RevokedBotFact(user.id))
    finally:
        bot.revocations -= 1
    return [f"Revoked the token of {user.name}."]


def _check_scope(order: operator.CreateBot) -> None:
    if not 1 <= len(order.rooms) <= MOST_ROOMS:
        raise UsageProblem(f"A bot has 1 to {MOST_ROOMS} rooms. Give --room.")
    if order.hook and (order.read or len(order.rooms) > 1):
        raise UsageProblem("A hook only writes, and has one room.")
    if not (order.read or order.write or order.hook):
        raise UsageProblem("A bot reads, writes or both.")
    if order.seconds > LONGEST_SECONDS:
        raise UsageProblem("A token lasts at most ten years, or without end.")


def _described(hub: Hub, user: User) -> str:
    bot = hub.state.bots.by_user[user.id]
    now = hub.now()
    scope = "hook" if bot.hook else ", ".join(["read"] * bot.read + ["write"] * bot.write)
    rooms = " ".join(hub.state.rooms[room].name for room in bot.rooms if room in hub.state.rooms)
    if not bot.token:
        ends = " (revoked)"
    elif bot.expires:
        ends = " (expired)" if bot.expires <= now else f" (for another {in_words((bot.expires - now) // 1000)})"
    else:
        ends = ""
    return f"{user.name} of {bot.owner}: {scope} in {rooms or 'no room'}{ends}"
