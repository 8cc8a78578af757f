"""WHO and WHOX: users by mask or room, one line each."""

from __future__ import annotations

from collections.abc import Iterator

from ....hub import Action, User
from ....hub.state.conversations import Room
from ....protocol.names import name_key
from ....protocol.text.masks import matcher
from .. import numerics as n
from ..burst import prefixes, visible
from ..line import Call
from ..numerics import Numeric

LINES_PER_TURN = 200
"""Users in one turn of the loop."""

_FIELDS = "tcuihsnfdlaor"
"""The fields of WHOX in the order in which they are sent."""


async def who(call: Call) -> None:
    """List users."""
    asked = call.param(0)
    mask = "*" if asked in {"", "0"} else asked
    flags, _, token = call.param(1).partition(",")
    fields = flags.partition("%")[2] if "%" in flags else ""
    only_operators = "o" in flags.partition("%")[0]
    for count, (user, room) in enumerate(list(_found(call, mask)), 1):
        if only_operators and not user.shown.is_operator:
            continue
        if fields:
            _whox(call, user, room, fields, token)
        else:
            _who(call, user, room)
        if count % LINES_PER_TURN == 0:
            call.flush()
            if not await call.hub.next_turn(call.session):
                return
    call.numeric(n.RPL_ENDOFWHO, asked or "*")


def _found(call: Call, mask: str) -> Iterator[tuple[User, Room | None]]:
    """Return the users whom a mask finds, each with the room to show."""
    if mask.startswith("#"):
        room = call.room(mask)
        if room is not None and call.hub.permissions.may(call.user, Action.READ, room):
            yield from ((user, room) for user in visible(call.network, call.user, room))
        return
    exact = call.hub.directory.holder(name_key(mask))
    if exact is not None and exact.id in call.hub.online.present:
        yield exact, None
        return
    matches = matcher(mask)
    for user in call.hub.online.users():
        if matches(user.name) and call.may_see(user):
            yield user, None


def _flags(call: Call, user: User, room: Room | None) -> str:
    signs = prefixes(call.network, room, user) if room is not None else ""
    signs = signs if call.client.has("multi-prefix") else signs[:1]
    shown = user.shown
    return ("G" if user.away else "H") + ("*" if shown.is_operator else "") + signs + ("B" if shown.is_bot else "")


def _who(call: Call, user: User, room: Room | None) -> None:
    shown = user.shown
    place = room.name if room is not None else "*"
    flags = _flags(call, user, room)
    server = call.network.name
    call.numeric(n.RPL_WHOREPLY, place, shown.ident, shown.host, server, user.name, flags, f"0 {shown.real_name}")


def _whox(call: Call, user: User, room: Room | None, fields: str, token: str) -> None:
    shown = user.shown
    idle = (call.hub.now() - shown.spoke) // 1000 if shown.spoke else 0
    values = {
        "t": token[:3] or "0",
        "c": room.name if room is not None else "*",
        "u": shown.ident,
        "i": "255.255.255.255",
        "h": shown.host,
        "s": call.network.name,
        "n": user.name,
        "f": _flags(call, user, room),
        "d": "0",
        "l": str(idle),
        "a": call.network.account(user) or "0",
        "o": "n/a",
        "r": shown.real_name,
    }
    call.numeric(Numeric(n.RPL_WHOSPCRPL.code), *(values[field] for field in _FIELDS if field in fields))
