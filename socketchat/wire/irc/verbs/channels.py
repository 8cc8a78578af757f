"""Rooms as channels: JOIN, PART, NAMES and TOPIC."""

from __future__ import annotations

from ....exceptions import BadName, Banned, ChatError, NoSuchRoom, NotAMember, TooMany
from ....hub.state.conversations import Room
from ....protocol import commands
from .. import burst
from .. import numerics as n
from ..isupport import TARGETS
from ..line import Call
from ..numerics import Numeric


async def join(call: Call) -> None:
    """Join rooms, or with 0, leave all."""
    if call.param(0) == "0":
        for room in [each for each in call.session.places.heard if isinstance(each, Room)]:
            await _part(call, room.name, "")
        return
    keys = call.param(1).split(",")
    for place, name in enumerate(call.param(0).split(",")[:TARGETS]):
        if name:
            await _join(call, name, keys[place] if place < len(keys) else "")


async def _join(call: Call, name: str, _key: str) -> None:
    if not name.startswith("#"):
        call.numeric(n.ERR_NOSUCHCHANNEL, name)
        return
    room = call.room(name)
    if room is not None and call.session.places.hears(room):
        return
    try:
        await call.perform(commands.Join(room=name))
    except BadName as error:
        call.numeric(Numeric(n.ERR_NOSUCHCHANNEL.code), name, str(error))
    except Banned as error:
        call.numeric(Numeric(n.ERR_BANNEDFROMCHAN.code), name, str(error))
    except TooMany as error:
        call.numeric(Numeric(n.ERR_TOOMANYCHANNELS.code), name, str(error))
    except NoSuchRoom as error:
        call.numeric(Numeric(n.ERR_INVITEONLYCHAN.code), name, str(error))
    except ChatError as error:
        call.numeric(Numeric(n.ERR_NOSUCHCHANNEL.code), name, str(error))


async def part(call: Call) -> None:
    """Leave rooms."""
    for name in call.param(0).split(",")[:TARGETS]:
        await _part(call, name, call.param(1))


async def _part(call: Call, name: str, reason: str) -> None:
    room = call.room(name)
    if room is None:
        call.numeric(n.ERR_NOSUCHCHANNEL, name)
    elif not call.session.places.hears(room):
        call.numeric(n.ERR_NOTONCHANNEL, room.name)
    elif room.is_lobby:
        call.hub.subscriptions.unhear(call.session, room)
        call.line("PART", room.name, source=call.network.source(call.user.id, call.user.name))
    else:
        try:
            await call.perform(commands.Leave(room=room.id, reason=reason))
        except NotAMember:
            call.numeric(n.ERR_NOTONCHANNEL, room.name)


async def names(call: Call) -> None:
    """List the users in rooms."""
    lines = burst.Lines(call.network, call.client)
    for name in call.param(0).split(",")[:1]:
        room = call.room(name)
        if room is None:
            lines.add(n.RPL_ENDOFNAMES, name or "*")
        else:
            burst.names(lines, call.session, room)
    call.add(lines.lines)


async def topic(call: Call) -> None:
    """Show or set the topic of a room."""
    room = call.room(call.param(0))
    if room is None:
        call.numeric(n.ERR_NOSUCHCHANNEL, call.param(0))
    elif len(call.params) == 1:
        lines = burst.Lines(call.network, call.client)
        burst.topic(lines, room)
        call.add(lines.lines)
    else:
        try:
            await call.perform(commands.Topic(room=room.id, text=call.param(1)))
        except NotAMember:
            call.numeric(n.ERR_NOTONCHANNEL, room.name)
        except ChatError as error:
            call.numeric(Numeric(n.ERR_CHANOPRIVSNEEDED.code), room.name, str(error))
