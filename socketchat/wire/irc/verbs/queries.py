"""Questions about the server and its users."""

from __future__ import annotations

from .. import burst
from .. import numerics as n
from ..line import Call


async def ping(call: Call) -> None:
    """Answer with PONG, after everything that happened before."""
    if not call.params:
        call.numeric(n.ERR_NEEDMOREPARAMS, "PING")
        return
    if not call.param(0):
        call.numeric(n.ERR_NOORIGIN)
        return
    call.hub.presence.report()
    call.line("PONG", call.network.name, call.param(0))


async def pong(_call: Call) -> None:
    """Take the answer to a PING."""


async def motd(call: Call) -> None:
    """Show the message of the day."""
    lines = burst.Lines(call.network, call.client)
    burst.motd(lines)
    call.add(lines.lines)


async def lusers(call: Call) -> None:
    """Count the users."""
    lines = burst.Lines(call.network, call.client)
    burst.lusers(lines)
    call.add(lines.lines)
