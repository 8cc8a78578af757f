"""The operator's orders about newcomers: the join code and invites."""

from __future__ import annotations

from ...exceptions import Refused, TooMany, UsageProblem
from ...hub import Hub, Session
from ...hub.state import facts
from ...hub.state.invites import Invite, invite_id
from ...protocol import operator
from ...protocol.authentication.certificates import to_fingerprint
from ...protocol.authentication.entry_proof import INVITE_BYTES
from ...protocol.conversations import LOBBY
from ...protocol.names import check_room
from ...protocol.text.durations import LONGEST_SECONDS, in_words
from ..rooms import make_room
from .reports import Lines

MOST_INVITES = 1000
"""Most valid invites: more than an operator needs, and few enough to list."""

MOST_USES = 10_000
"""Most uses of one invite; a server with more newcomers should be open."""

ID_CHARACTERS = 8
"""Characters shown of an invite's id: enough to tell a thousand apart."""


async def code(hub: Hub, session: Session, order: operator.JoinCode) -> Lines:
    """Show the join code, or change it."""
    join_code = hub.admission.join_code
    if join_code is None:
        raise Refused("This server has no join code.")
    if order.new:
        await hub.record(session, "act", facts.ActFact("new code", LOBBY))
        await hub.until(join_code.change_code())
    return [join_code.code]


async def invite(hub: Hub, session: Session, order: operator.CreateInvite) -> Lines:
    """Create an invite and return its token; the server does not keep the token."""
    if not 1 <= order.uses <= MOST_USES:
        raise UsageProblem(f"An invite has 1 to {MOST_USES:,} uses. Give --uses in this range.")
    if not 1 <= order.seconds <= LONGEST_SECONDS:
        raise UsageProblem("An invite lasts from one second to ten years.")
    if len(hub.state.invites.good(hub.now())) >= MOST_INVITES:
        raise TooMany(f"Limit reached: {MOST_INVITES:,} invites. Revoke some: `socketchat admin invite revoke ID`.")
    room = None if order.room is None else await _room(hub, session, order.room)
    token = hub.token(INVITE_BYTES)
    fact = facts.InviteFact(invite_id(token), order.uses, hub.now() + 1000 * order.seconds, room)
    await hub.record(session, "invite", fact)
    return [" ".join(hub.admission.addresses), to_fingerprint(hub.host_key), token]


async def _room(hub: Hub, session: Session, name: str) -> str:
    """Return the id of a room; create the room if it does not exist."""
    name = check_room(name)
    found = hub.directory.room_named(name) or await make_room(hub, session, name)
    return found.id


async def invites(hub: Hub, _session: Session, _order: operator.ListInvites) -> Lines:
    """List the valid invites."""
    now = hub.now()
    return [_described(each, now) for each in hub.state.invites.good(now)]


async def uninvite(hub: Hub, session: Session, order: operator.RevokeInvite) -> Lines:
    """Revoke an invite."""
    found = hub.state.invites.beginning(order.invite, hub.now())
    with found.revoking():
        await hub.record(session, "revoked invite", facts.RevokedInviteFact(found.id))
    return ()


def _described(each: Invite, now: int) -> str:
    room = f" to {each.room}" if each.room else ""
    return (
        f"{each.id[:ID_CHARACTERS]} used {each.used} of {each.uses}, for {in_words((each.expires - now) // 1000)}{room}"
    )
