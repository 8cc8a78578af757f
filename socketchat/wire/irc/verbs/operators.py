"""IRC operators: OPER, KILL and WALLOPS. They manage sessions; accounts and rooms have their own ranks."""

from __future__ import annotations

from hmac import compare_digest

from ....exceptions import ChatError
from ....protocol import events
from ....protocol.names import name_key
from ....protocol.text.hygiene import clean_line
from .. import numerics as n
from ..line import Call
from ..message import line_of
from ..numerics import Numeric

REASON_CHARACTERS = 200
"""Longest reason of a KILL."""


async def oper(call: Call) -> None:
    """Become an operator by a name and password of the server's file."""
    known = call.hub.about.operators.get(call.param(0), "")
    try:
        call.hub.guess_limits.check(call.session.channel.peer)
    except ChatError as error:
        call.numeric(Numeric(n.ERR_PASSWDMISMATCH.code), str(error))
        return
    if not call.session.channel.is_private or not compare_digest(known.encode(), call.param(1).encode()) or not known:
        call.numeric(n.ERR_PASSWDMISMATCH)
        return
    call.hub.guess_limits.succeeded(call.session.channel.peer)
    call.client.modes.add("o")
    if call.user.profile is not None:
        call.user.profile.is_operator = True
    call.numeric(n.RPL_YOUREOPER)
    call.line("MODE", call.user.name, "+o", source=call.source)


async def kill(call: Call) -> None:
    """Close the sessions of a user."""
    if not _is_operator(call):
        return
    user = call.hub.directory.holder(name_key(call.param(0)))
    if call.param(0).lower() == call.network.name.lower():
        call.numeric(n.ERR_CANTKILLSERVER)
    elif user is None or user.id not in call.hub.online.present:
        call.numeric(n.ERR_NOSUCHNICK, call.param(0))
    else:
        reason = clean_line(call.param(1)[:REASON_CHARACTERS])
        why = f"Killed ({call.user.name} ({reason}))"
        for session in call.hub.online.of(user):
            if session.dialect is not None and hasattr(session.dialect, "client"):
                session.write(line_of("KILL", user.name, reason, source=call.source).encode())
        call.hub.logins.expel(user, events.Bye(code="kicked", text=why), reason=why)


async def wallops(call: Call) -> None:
    """Tell something to all users who want to hear it."""
    if not _is_operator(call):
        return
    line = line_of("WALLOPS", clean_line(call.param(0)), source=call.source)
    for user in list(call.hub.online.present.values()):
        for session in call.hub.online.of(user):
            client = getattr(session.dialect, "client", None)
            if client is not None and "w" in client.modes and session is not call.session:
                session.write(line.encode())
    call.add([line])


def _is_operator(call: Call) -> bool:
    """Tell whether the client is an operator; if not, add the error."""
    if "o" in call.client.modes:
        return True
    call.numeric(n.ERR_NOPRIVILEGES)
    return False
