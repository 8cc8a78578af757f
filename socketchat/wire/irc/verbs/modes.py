"""MODE of a room: letters to commands, and the answers about what is set."""

from __future__ import annotations

from ....exceptions import BadText, ChatError, Refused, TooMany
from ....hub import Action
from ....hub.state.conversations import Room
from ....protocol import commands
from ....protocol.names import name_key
from ....protocol.text.masks import full_mask
from .. import numerics as n
from ..line import Call
from ..modes import LISTS, SETTINGS, modes_of
from ..numerics import Numeric
from .status import user_mode

CHANGES = 6
"""Changes of modes in one line: MODES."""

_LISTED = {
    "b": (n.RPL_BANLIST, n.RPL_ENDOFBANLIST),
    "e": (n.RPL_EXCEPTLIST, n.RPL_ENDOFEXCEPTLIST),
    "I": (n.RPL_INVEXLIST, n.RPL_ENDOFINVEXLIST),
}


async def mode(call: Call) -> None:
    """Show or change the modes of a room, or of the user."""
    target = call.param(0)
    if not target.startswith("#"):
        await user_mode(call)
        return
    room = call.room(target)
    if room is None:
        call.numeric(n.ERR_NOSUCHCHANNEL, target)
    elif len(call.params) == 1:
        letters, values = modes_of(room)
        shown = values if room.has_member(call.user) else []
        call.numeric(n.RPL_CHANNELMODEIS, room.name, f"+{letters}", *shown)
        call.numeric(n.RPL_CREATIONTIME, room.name, str(room.made // 1000))
    else:
        await _change(call, room)


async def _change(call: Call, room: Room) -> None:
    adds, values, count = True, list(call.params[2:]), 0
    for letter in call.param(1):
        if letter in "+-":
            adds = letter == "+"
            continue
        needs = letter in "beIkov" or (letter == "l" and adds)
        value = values.pop(0) if needs and values else None
        if letter in LISTS and value is None:
            _list(call, room, letter)
            continue
        count += 1
        if count > CHANGES:
            return
        if letter not in SETTINGS and letter not in LISTS and letter not in "ovm":
            call.numeric(n.ERR_UNKNOWNMODE, letter)
        elif needs and value is None and not (letter == "k" and not adds):
            call.numeric(Numeric(n.ERR_INVALIDMODEPARAM.code), room.name, letter, "*", "You must give a parameter.")
        else:
            await _one(call, room, letter, value, adds=adds)


async def _one(call: Call, room: Room, letter: str, value: str | None, *, adds: bool) -> None:
    if not call.hub.permissions.may(call.user, Action.MODERATE, room):
        call.numeric(n.ERR_CHANOPRIVSNEEDED, room.name)
        return
    try:
        if letter in "ov":
            await _role(call, room, letter, value or "", adds=adds)
        elif letter == "m":
            if room.is_announce != adds:
                await call.perform(commands.Settings(room=room.id, announce=adds))
        elif letter in LISTS:
            mask = full_mask(value or "")
            await call.perform(commands.Mask(room=room.id, kind=LISTS[letter], mask=mask, lifted=not adds))
        elif room.is_private and letter in "is" and not adds:
            await call.perform(commands.Access(room=room.id, private=False))
        else:
            setting = commands.Mode(room=room.id, setting=SETTINGS[letter], value=(value or "") if adds else None)
            await call.perform(setting)
    except BadText as error:
        call.numeric(Numeric(n.ERR_INVALIDMODEPARAM.code), room.name, letter, "*", str(error))
    except TooMany as error:
        call.numeric(Numeric(n.ERR_BANLISTFULL.code), room.name, letter, str(error))
    except ChatError as error:
        call.numeric(Numeric(n.ERR_CHANOPRIVSNEEDED.code), room.name, str(error))


async def _role(call: Call, room: Room, letter: str, name: str, *, adds: bool) -> None:
    user = call.hub.directory.holder(name_key(name))
    if user is None:
        call.numeric(n.ERR_NOSUCHNICK, name)
        return
    if not room.has_member(user):
        call.numeric(n.ERR_USERNOTINCHANNEL, user.name, room.name)
        return
    kinds = {("o", True): commands.Mod, ("o", False): commands.Unmod, ("v", True): commands.Voice}
    kind = kinds.get((letter, adds), commands.Unvoice)
    has = room.has_moderator(user) if letter == "o" else room.has_voice(user)
    if has == adds:
        return
    if user is call.user and letter == "o":
        raise Refused("You cannot do that to yourself.")
    await call.perform(kind(room=room.id, name=user.name))


def _list(call: Call, room: Room, letter: str) -> None:
    entry, end = _LISTED[letter]
    if letter != "b" and not call.hub.permissions.may(call.user, Action.MODERATE, room):
        call.numeric(n.ERR_CHANOPRIVSNEEDED, room.name)
        return
    for mask, (by, at) in room.modes.masks.get(LISTS[letter], {}).items():
        call.numeric(entry, room.name, mask, by, str(at // 1000))
    if letter == "b":
        for ban in room.bans.current(call.hub.now()):
            call.numeric(entry, room.name, f"{ban.name or '*'}!*@*")
    call.numeric(end, room.name)
