"""Registration: PASS, NICK, USER and CAP, in any order, and QUIT."""

from __future__ import annotations

from ....commands.account.login import hello
from ....commands.messages import farewell
from ....exceptions import Banned, ChatError, NameTaken, UsageProblem
from ....hub.state.users import Profile
from ....protocol import commands
from ....protocol.limits import AWAY_CHARACTERS, NAME_CHARACTERS
from ....protocol.names import check_name, name_key
from ....protocol.text.formatting import stripped
from ....protocol.text.hygiene import clean_line
from .. import numerics as n
from ..capabilities import available, listed, requested
from ..cloak import cloak
from ..line import Call
from ..message import line_of
from ..numerics import Numeric
from ..rendering import rendering_of
from .authentication import account_of_password

USER_BYTES = 16
"""Longest user name: USERLEN."""

REAL_NAME_CHARACTERS = 100
"""Longest real name: it is shown in a list."""


async def cap(call: Call) -> None:
    """Negotiate capabilities (IRCv3 capability-negotiation)."""
    client, sub = call.client, call.param(0).upper()
    target = client.target
    if sub == "LS":
        version = call.param(1)
        client.version = max(client.version, int(version) if version.isascii() and version.isdigit() else 301)
        client.negotiates = client.negotiates or call.session.user is None
        if client.version >= 302:
            client.caps.add("cap-notify")
        for line in listed(call, available(call)):
            call.line("CAP", target, "LS", *line)
    elif sub == "LIST":
        for line in listed(call, dict.fromkeys(sorted(client.caps), "")):
            call.line("CAP", target, "LIST", *line)
    elif sub == "REQ":
        client.negotiates = client.negotiates or call.session.user is None
        words = call.param(1)
        change = requested(call, words)
        if change is None:
            call.line("CAP", target, "NAK", words)
            return
        client.caps = change
        call.session.places.render_as(rendering_of(call.network, client.caps))
        call.line("CAP", target, "ACK", words)
    elif sub == "END":
        client.negotiates = False
        await come_in(call)
    else:
        call.numeric(n.ERR_INVALIDCAPCMD, call.param(0) or "*")


async def password(call: Call) -> None:
    """Keep the password until the client has a name."""
    if call.session.user is not None:
        call.numeric(n.ERR_ALREADYREGISTERED)
        return
    call.client.password = call.param(0)


async def nick(call: Call) -> None:
    """Take a name, or another one."""
    name = call.param(0)
    if not name:
        call.numeric(n.ERR_NONICKNAMEGIVEN)
        return
    try:
        name = check_name(name)
        if call.session.user is not None:
            await call.perform(commands.Rename(name=name))
            return
        _check_free(call, name)
    except NameTaken as error:
        call.numeric(Numeric(n.ERR_NICKNAMEINUSE.code), name, str(error))
    except UsageProblem as error:
        call.numeric(n.ERR_ERRONEUSNICKNAME, name[:60].replace(" ", "_") or "*", str(error))
    else:
        call.client.nick = name
        await come_in(call)


def _check_free(call: Call, name: str) -> None:
    """Raise NameTaken if a guest may not have a name; an owner proves the name later."""
    holder = call.hub.directory.holder(name_key(name))
    if holder is not None and holder.is_guest:
        raise NameTaken(f"{name} is in use; choose another name.")


async def user(call: Call) -> None:
    """Take the user name and the real name."""
    client = call.client
    if call.session.user is not None or client.ident:
        call.numeric(n.ERR_ALREADYREGISTERED)
        return
    ident = "".join(character for character in call.param(0) if character.isalnum() or character in "-_.")
    client.ident = ident[:USER_BYTES] or "user"
    client.real_name = clean_line(stripped(call.param(3)[:REAL_NAME_CHARACTERS]))[:REAL_NAME_CHARACTERS]
    await come_in(call)


async def come_in(call: Call) -> None:
    """Log the client in, if it has sent everything needed."""
    client, session = call.client, call.session
    if session.user is not None or not client.nick or not client.ident or client.negotiates:
        return
    try:
        account = client.account = await account_of_password(call)
        session.profile = profile(call)
        if account is not None and call.hub.directory.lookalike(client.nick) is account:
            session.device = ""
            call.hub.logins.enter(session, account, commands.Hello(name=account.name))
            return
        session.profile.account = account
        await hello(call.hub, session, commands.Hello(name=client.nick))
        if client.away:
            await call.perform(commands.Away(text=client.away[:AWAY_CHARACTERS], stays=True))
    except NameTaken as error:
        nick, client.nick = client.nick, ""
        free = next_free(call, nick)
        call.numeric(Numeric(n.ERR_NICKNAMEINUSE.code), nick, f"{error} Free is: {free}" if free else str(error))
    except ChatError as error:
        numeric = n.ERR_YOUREBANNEDCREEP if isinstance(error, Banned) else Numeric(n.ERR_PASSWDMISMATCH.code)
        call.numeric(numeric, str(error))
        close(call, str(error))


def next_free(call: Call, nick: str) -> str:
    """Return a name like this one that a guest may have, or ""."""
    for number in range(2, 10):
        name = f"{nick[: NAME_CHARACTERS - 6]}-guest{number}"
        if call.hub.directory.lookalike(name) is None:
            return name
    return ""


def profile(call: Call) -> Profile:
    """Return the profile of the client."""
    client = call.client
    shown = Profile(f"~{client.ident}", client.real_name, cloak(call.hub, call.session.channel.peer))
    shown.since = shown.spoke = call.hub.now()
    return shown


async def quit_chat(call: Call) -> None:
    """Leave the chat."""
    reason = farewell(call.hub, call.session, call.param(0))
    close(call, f"Quit: {reason}" if reason else "Quit", reason=reason)


def close(call: Call, why: str, *, reason: str = "") -> None:
    """Close the connection with an ERROR line, after the answer."""
    call.add([line_of("ERROR", f"Closing Link: {why}")])
    lines = "".join(call.client.reply or [])
    if call.client.reply is not None:
        call.client.reply.clear()
    call.session.link.close(lines.encode())
    call.hub.logins.exit(call.session, quits=True, reason=reason)
