"""Rooms as channels: JOIN, PART, NAMES and TOPIC."""

from __future__ import annotations

from ....exceptions import (
    AlreadyThere,
    Banned,
    ChatError,
    InviteOnly,
    NoSuchRoom,
    NotAMember,
    RoomFull,
    TooMany,
    WrongKey,
)
from ....hub import Action
from ....hub.state.conversations import Room
from ....protocol import commands
from ....protocol.names import name_key
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


async def _join(call: Call, name: str, key: str) -> None:
    if not name.startswith("#"):
        call.numeric(n.ERR_NOSUCHCHANNEL, name)
        return
    room = call.room(name)
    if room is not None and call.session.places.hears(room):
        return
    try:
        await call.perform(commands.Join(room=name, key=key))
    except ChatError as error:
        code = next((code for kind, code in _NOT_JOINED.items() if isinstance(error, kind)), n.ERR_NOSUCHCHANNEL)
        call.numeric(Numeric(code.code), name, str(error))


_NOT_JOINED: dict[type[ChatError], Numeric] = {
    Banned: n.ERR_BANNEDFROMCHAN,
    InviteOnly: n.ERR_INVITEONLYCHAN,
    NoSuchRoom: n.ERR_INVITEONLYCHAN,
    RoomFull: n.ERR_CHANNELISFULL,
    TooMany: n.ERR_TOOMANYCHANNELS,
    WrongKey: n.ERR_BADCHANNELKEY,
}


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


async def kick(call: Call) -> None:
    """Remove users from a room."""
    room = call.room(call.param(0))
    if room is None:
        call.numeric(n.ERR_NOSUCHCHANNEL, call.param(0))
        return
    for name in call.param(1).split(",")[:TARGETS]:
        user = call.hub.directory.holder(name_key(name))
        if not call.session.places.hears(room):
            call.numeric(n.ERR_NOTONCHANNEL, room.name)
        elif not call.hub.permissions.may(call.user, Action.MODERATE, room):
            call.numeric(n.ERR_CHANOPRIVSNEEDED, room.name)
        elif user is None:
            call.numeric(n.ERR_NOSUCHNICK, name)
        elif not room.has_member(user):
            call.numeric(n.ERR_USERNOTINCHANNEL, name, room.name)
        else:
            try:
                await call.perform(commands.Kick(room=room.id, name=user.name, reason=call.param(2)))
            except ChatError as error:
                call.numeric(Numeric(n.ERR_CHANOPRIVSNEEDED.code), room.name, str(error))


def _list_invitations(call: Call) -> None:
    for room in call.hub.directory.rooms.values():
        if call.user.id in room.invited or call.user.id in room.guest_invited:
            call.numeric(n.RPL_INVITELIST, room.name)
    call.numeric(n.RPL_ENDOFINVITELIST)


async def invite(call: Call) -> None:
    """Invite a user to a room, or list the invitations."""
    if len(call.params) < 2:
        if call.params:
            call.numeric(n.ERR_NEEDMOREPARAMS, "INVITE")
            return
        _list_invitations(call)
        return
    user, found = call.hub.directory.holder(name_key(call.param(0))), call.room(call.param(1))
    if user is None:
        call.numeric(n.ERR_NOSUCHNICK, call.param(0))
    elif found is None:
        call.numeric(n.ERR_NOSUCHCHANNEL, call.param(1))
    elif not call.session.places.hears(found):
        call.numeric(n.ERR_NOTONCHANNEL, found.name)
    else:
        try:
            await call.perform(commands.Invite(room=found.id, name=user.name))
        except AlreadyThere:
            call.numeric(n.ERR_USERONCHANNEL, user.name, found.name)
        except ChatError as error:
            call.numeric(Numeric(n.ERR_CHANOPRIVSNEEDED.code), found.name, str(error))
        else:
            call.numeric(n.RPL_INVITING, user.name, found.name)
            if user.away:
                call.numeric(n.RPL_AWAY, user.name, user.away)
