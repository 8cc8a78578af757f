"""Questions about the server and its users."""

from __future__ import annotations

from datetime import UTC, datetime

from ....protocol.names import name_key
from ....version import __version__
from .. import burst
from .. import numerics as n
from ..help_texts import help_lines
from ..line import Call

NAMES = 5
"""Names in one USERHOST."""


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
    if _is_here(call, call.param(0)):
        lines = burst.Lines(call.network, call.client)
        burst.motd(lines)
        call.add(lines.lines)


async def lusers(call: Call) -> None:
    """Count the users."""
    lines = burst.Lines(call.network, call.client)
    burst.lusers(lines)
    call.add(lines.lines)


async def version(call: Call) -> None:
    """Tell the version and what the server supports."""
    if _is_here(call, call.param(0)):
        call.numeric(n.RPL_VERSION, f"socketchat-{__version__}", call.network.name, "one port, every client")
        lines = burst.Lines(call.network, call.client)
        burst.isupport(lines)
        call.add(lines.lines)


async def time(call: Call) -> None:
    """Tell the server's time."""
    if _is_here(call, call.param(0)):
        now = datetime.fromtimestamp(call.hub.now() / 1000, UTC)
        call.numeric(n.RPL_TIME, call.network.name, now.strftime("%Y-%m-%d %H:%M:%S UTC"))


async def info(call: Call) -> None:
    """Tell about the program."""
    call.numeric(n.RPL_INFO, f"socketchat {__version__}: team chat in the terminal")
    call.numeric(n.RPL_INFO, "IRC, `socketchat join` and plain text share rooms, users and history.")
    call.numeric(n.RPL_ENDOFINFO)


async def admin(call: Call) -> None:
    """Tell who runs the server, as far as it says so."""
    call.numeric(n.RPL_ADMINME, call.network.name)
    call.numeric(n.RPL_ADMINLOC1, "Ask whoever gave you the address of this server.")


async def links(call: Call) -> None:
    """List the servers: this one, which needs no line."""
    call.numeric(n.RPL_ENDOFLINKS, "*")


async def help_on(call: Call) -> None:
    """Show a text about a command, or about IRC here."""
    subject = (call.param(0) or "index").lower()
    lines = help_lines(subject)
    if lines is None:
        call.numeric(n.ERR_HELPNOTFOUND, call.param(0)[:60])
        return
    first, *rest = lines
    call.numeric(n.RPL_HELPSTART, subject, first)
    for line in rest:
        call.numeric(n.RPL_HELPTXT, subject, line or " ")
    call.numeric(n.RPL_ENDOFHELP, subject, "End of /HELP")


async def userhost(call: Call) -> None:
    """Tell the hosts of up to five users."""
    words = []
    for name in call.params[:NAMES]:
        user = call.hub.directory.holder(name_key(name))
        if user is not None and user.id in call.hub.online.present:
            star = "*" if user.shown.is_operator else ""
            words.append(f"{user.name}{star}={'-' if user.away else '+'}{user.shown.ident}@{user.shown.host}")
    call.numeric(n.RPL_USERHOST, " ".join(words))


async def ison(call: Call) -> None:
    """Tell who of some users is online."""
    names = " ".join(call.params).split()[:50]
    holders = [call.hub.directory.holder(name_key(name)) for name in names]
    found = [user.name for user in holders if user is not None and user.id in call.hub.online.present]
    call.numeric(n.RPL_ISON, " ".join(found))


def _is_here(call: Call, server: str) -> bool:
    """Tell whether a query is for this server; if not, add the error."""
    if not server or server.lower() == call.network.name.lower() or "*" in server:
        return True
    if call.hub.directory.holder(name_key(server)) is not None:
        return True
    call.numeric(n.ERR_NOSUCHSERVER, server)
    return False
