"""What the operator decides about newcomers: the join code, and invites."""

from __future__ import annotations

from collections.abc import Callable

from ...exceptions import ChatError, Refused, TooMany, UsageProblem
from ...hub import Hub, Pending, Session
from ...hub.policy.admission import Doorkeeper
from ...hub.state import facts
from ...hub.state.invites import Invite, invite_id
from ...journal import SERVER_LOG, Outcome, Stored
from ...protocol import operator
from ...protocol.authentication.certificates import to_fingerprint
from ...protocol.authentication.entry_proof import INVITE_BYTES
from ...protocol.text.durations import LONGEST_SECONDS, in_words
from .reports import report

MOST_INVITES = 1000
"""Invites that let in at a time: more than anybody keeps in view, and few enough to be listed."""

MOST_USES = 10_000
"""Newcomers by one invite; who wants to let in more has an open server."""

ID_CHARACTERS = 8
"""What is shown of an invite's id: enough to tell a thousand apart."""


def code(hub: Hub, session: Session, order: operator.JoinCode) -> None:
    """Tell the join code, or draw a new one."""
    doorkeeper = hub.entrance.doorkeeper
    if doorkeeper is None:
        raise Refused("This server has no join code.")
    if order.new:
        hub.spawn(_change(doorkeeper, session, order))
    else:
        report(session, order, [doorkeeper.code])


async def _change(doorkeeper: Doorkeeper, session: Session, order: operator.JoinCode) -> None:
    try:
        await doorkeeper.change_code()
    except ChatError as error:
        session.refuse(error, order.id)
    else:
        report(session, order, [doorkeeper.code])


def invite(hub: Hub, session: Session, order: operator.CreateInvite) -> None:
    """Make an invite, and tell its token, which is kept nowhere."""
    if not 1 <= order.uses <= MOST_USES:
        raise UsageProblem(f"An invite is for 1 to {MOST_USES:,} uses.")
    if not 1 <= order.seconds <= LONGEST_SECONDS:
        raise UsageProblem("An invite lasts from a second to ten years.")
    if len(hub.directory.invites.good(hub.now())) >= MOST_INVITES:
        raise TooMany(f"There are {MOST_INVITES:,} invites, and no more are kept: `socketchat admin invite revoke ID`.")
    room = None if order.room is None else hub.directory.room(order.room, lambda _: True).id
    token = hub.token(INVITE_BYTES)
    fact = facts.InviteFact(invite_id(token), order.uses, hub.now() + 1000 * order.seconds, room)
    lines = [" ".join(hub.entrance.addresses), to_fingerprint(hub.host_key), token]
    store_fact(hub, session, order, "invite", fact, lines=lines)


def invites(hub: Hub, session: Session, order: operator.ListInvites) -> None:
    """List the invites that still let in."""
    now = hub.now()
    report(session, order, (_described(each, now) for each in hub.directory.invites.good(now)))


def uninvite(hub: Hub, session: Session, order: operator.RevokeInvite) -> None:
    """Let nobody in by an invite any more: at once, and for good when it is stored."""
    found = hub.directory.invites.beginning(order.invite, hub.now())
    found.is_revoked = True

    def undo() -> None:
        found.is_revoked = False

    store_fact(hub, session, order, "revoked invite", facts.RevokedInviteFact(found.id), lines=[], undo=undo)


def _described(each: Invite, now: int) -> str:
    room = f" to {each.room}" if each.room else ""
    return (
        f"{each.id[:ID_CHARACTERS]} used {each.used} of {each.uses}, for {in_words((each.expires - now) // 1000)}{room}"
    )


def store_fact(
    hub: Hub,
    session: Session,
    order: operator.ORDERS,
    kind: str,
    fact: object,
    *,
    lines: list[str],
    undo: Callable[[], None] | None = None,
    done: Callable[[], None] | None = None,
) -> None:
    """Store a fact, and answer with lines; then ``done`` is called, or ``undo`` where it is refused."""

    def decided(outcome: Outcome) -> None:
        if isinstance(outcome, Stored):
            if done is not None:
                done()
            report(session, order, lines)
        else:
            if undo is not None:
                undo()
            session.refuse(hub.why_not(outcome), order.id, retry=True)

    hub.submit(Pending(SERVER_LOG, hub.operator, kind, facts.encode(fact), session=session, then=decided))
