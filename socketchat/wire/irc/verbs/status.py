"""What a user says about itself: AWAY, SETNAME and user modes."""

from __future__ import annotations

from ....exceptions import ChatError
from ....protocol import commands, events
from ....protocol.limits import AWAY_CHARACTERS
from ....protocol.names import name_key
from ....protocol.text.formatting import stripped
from ....protocol.text.hygiene import clean_line
from .. import numerics as n
from ..line import Call
from .registration import REAL_NAME_CHARACTERS


async def away(call: Call) -> None:
    """Say that the user is away, or back."""
    text = stripped(call.param(0)).strip()[:AWAY_CHARACTERS].strip()
    if call.session.user is None:
        call.client.away = text
        return
    if text == "*":
        text = "away"
    if not text:
        await call.perform(commands.Back())
        call.numeric(n.RPL_UNAWAY)
        return
    await call.perform(commands.Away(text=text, stays=True))
    call.numeric(n.RPL_NOWAWAY)


async def setname(call: Call) -> None:
    """Change the real name."""
    name = clean_line(stripped(call.param(0)[:REAL_NAME_CHARACTERS]))[:REAL_NAME_CHARACTERS].strip()
    user = call.user
    try:
        call.hub.permissions.check_speaks(user, call.hub.directory.lobby)
    except ChatError as error:
        call.fail("CANNOT_CHANGE_REALNAME", str(error))
        return
    if not name:
        call.fail("INVALID_REALNAME", "The real name is not valid.")
        return
    profile = user.profile
    if profile is not None:
        profile.real_name = name
        call.hub.presence.tell_about(user, events.Described(user=user.id, name=user.name, real_name=name))


async def user_mode(call: Call) -> None:
    """Show or change the user's modes."""
    if call.hub.directory.holder(name_key(call.param(0))) is not call.user:
        known = call.hub.directory.holder(name_key(call.param(0))) is not None
        call.numeric(n.ERR_USERSDONTMATCH if known else n.ERR_NOSUCHNICK, *([] if known else [call.param(0)]))
        return
    modes = call.client.modes
    if len(call.params) == 1:
        call.numeric(n.RPL_UMODEIS, "+" + "".join(sorted(modes)))
        return
    adds, changed, unknown = True, "", False
    for letter in call.param(1):
        if letter in "+-":
            adds = letter == "+"
        elif letter not in "Biow":
            unknown = True
        elif (letter in modes) != adds and not (letter == "o" and adds):
            (modes.add if adds else modes.discard)(letter)
            changed += ("+" if adds else "-") + letter
    if unknown:
        call.numeric(n.ERR_UMODEUNKNOWNFLAG)
    if changed:
        shown = call.user.shown
        shown.is_bot, shown.is_invisible, shown.is_operator = (letter in modes for letter in "Bio")
        call.line("MODE", call.user.name, _short(changed), source=call.source)


def _short(changed: str) -> str:
    """Return changes of modes with each sign only where it changes: "+B+i-o" is "+Bi-o"."""
    short, last = "", ""
    for sign, letter in zip(changed[::2], changed[1::2], strict=True):
        short += letter if sign == last else sign + letter
        last = sign
    return short
