"""MONITOR: who of some users is online, and who comes and goes (IRCv3 monitor)."""

from __future__ import annotations

from ....hub import User
from ....protocol.names import name_key
from .. import numerics as n
from ..burst import packed
from ..isupport import MONITORED
from ..line import Call
from ..message import LINE_BYTES
from ..network import mask
from ..numerics import Numeric


async def monitor(call: Call) -> None:
    """Add, remove, list or look up names."""
    watching, session = call.hub.presence.watching, call.session
    names = [name for name in call.param(1).split(",") if name]
    match call.param(0).upper():
        case "+":
            _add(call, names)
        case "-":
            for name in names:
                watching.unwatch(session, name)
        case "C":
            watching.forget(session)
        case "L":
            _list(call, n.RPL_MONLIST, watching.names(session))
            call.numeric(n.RPL_ENDOFMONLIST)
        case "S":
            _state(call, watching.names(session))
        case _:
            call.numeric(n.ERR_NEEDMOREPARAMS, "MONITOR")


def _add(call: Call, names: list[str]) -> None:
    watching, session = call.hub.presence.watching, call.session
    added = []
    left = MONITORED - len(watching.names(session))
    for place, name in enumerate(names):
        if not watching.watches(session, name):
            if left <= 0:
                call.numeric(n.ERR_MONLISTFULL, str(MONITORED), ",".join(names[place:])[:200])
                break
            left -= 1
            watching.watch(session, name)
        added.append(name)
    _state(call, added)


def _state(call: Call, names: list[str]) -> None:
    online = [mask(user) for name in names if (user := _present(call, name)) is not None]
    _list(call, n.RPL_MONONLINE, online)
    _list(call, n.RPL_MONOFFLINE, [name for name in names if _present(call, name) is None])


def _present(call: Call, name: str) -> User | None:
    user = call.hub.directory.holder(name_key(name))
    return user if user is not None and user.id in call.hub.online.present else None


def _list(call: Call, numeric: Numeric, words: list[str]) -> None:
    room_for = LINE_BYTES - len(f":{call.network.name} 730 {call.client.target} :\r\n".encode())
    for some in packed(words, room_for):
        call.numeric(numeric, some.replace(" ", ","))
