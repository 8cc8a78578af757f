"""WHOIS and WHOWAS: who a user is, or was."""

from __future__ import annotations

from datetime import UTC, datetime

from ....hub import Action, User
from ....hub.delivery.absence import reason
from ....protocol.names import name_key
from .. import numerics as n
from ..burst import packed, prefixes
from ..line import Call
from ..message import LINE_BYTES


async def whois(call: Call) -> None:
    """Tell who a user is."""
    name = call.param(1) if len(call.params) > 1 and call.param(1) else call.param(0)
    name = name.partition(",")[0]
    if not name:
        call.numeric(n.ERR_NONICKNAMEGIVEN)
        return
    user = call.hub.directory.holder(name_key(name))
    if user is None or user.id not in call.hub.online.present:
        call.numeric(n.ERR_NOSUCHNICK, name)
    else:
        _tell(call, user)
        name = user.name
    call.numeric(n.RPL_ENDOFWHOIS, name)


def _tell(call: Call, user: User) -> None:
    shown, hub = user.shown, call.hub
    call.numeric(n.RPL_WHOISUSER, user.name, shown.ident, shown.host, "*", shown.real_name)
    room_for = LINE_BYTES - len(f":{call.network.name} 319 {call.client.target} {user.name} :\r\n".encode())
    for some in packed(list(_rooms(call, user)), room_for):
        call.numeric(n.RPL_WHOISCHANNELS, user.name, some)
    call.numeric(n.RPL_WHOISSERVER, user.name, call.network.name, "socketchat")
    if shown.is_operator:
        call.numeric(n.RPL_WHOISOPERATOR, user.name)
    if account := call.network.account(user):
        call.numeric(n.RPL_WHOISACCOUNT, user.name, account)
    if shown.is_bot:
        call.numeric(n.RPL_WHOISBOT, user.name)
    if user.away:
        call.numeric(n.RPL_AWAY, user.name, reason(hub, user))
    if any(session.channel.is_tls for session in hub.online.of(user)):
        call.numeric(n.RPL_WHOISSECURE, user.name)
    if shown.since:
        idle = (hub.now() - shown.spoke) // 1000
        call.numeric(n.RPL_WHOISIDLE, user.name, str(max(0, idle)), str(shown.since // 1000))


def _rooms(call: Call, user: User) -> list[str]:
    """Return the rooms of a user that the asker sees, with the user's signs."""
    me, hub = call.user, call.hub
    found = []
    for room in hub.directory.rooms_of(user):
        shared = room.has_member(me)
        if not hub.permissions.may(me, Action.SEE, room) or (not shared and hub.permissions.is_hidden(room)):
            continue
        if shared or user is me or not user.shown.is_invisible:
            found.append(f"{prefixes(call.network, room, user)[:1]}{room.name}")
    return found


async def whowas(call: Call) -> None:
    """Tell who has had a name."""
    name = call.param(0)
    if not name:
        call.numeric(n.ERR_NONICKNAMEGIVEN)
        return
    word = call.param(1)
    count = int(word) if word.isascii() and word.isdigit() and 0 < len(word) < 6 else 0
    found = call.hub.former.of(name)
    if not found:
        call.numeric(n.ERR_WASNOSUCHNICK, name)
    for each in found[: count or len(found)]:
        call.numeric(n.RPL_WHOWASUSER, each.name, each.ident, each.host, "*", each.real_name)
        when = datetime.fromtimestamp(each.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        call.numeric(n.RPL_WHOISSERVER, each.name, call.network.name, when)
    call.numeric(n.RPL_ENDOFWHOWAS, name)
