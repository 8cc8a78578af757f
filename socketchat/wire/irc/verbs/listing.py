"""LIST: the rooms, perhaps those with a mask, a number of users, or an age (ELIST)."""

from __future__ import annotations

from collections.abc import Callable

from ....hub import Action
from ....hub.state.conversations import Room
from ....protocol.text.masks import matcher
from .. import numerics as n
from ..line import Call

ROOMS_PER_TURN = 200
"""Rooms in one turn of the loop."""

Filter = Callable[[Room], bool]


async def list_rooms(call: Call) -> None:
    """List the rooms."""
    words = [word for word in call.param(0).split(",") if word]
    masks = [word for word in words if word[0] not in "<>!CT" or word.startswith("#")]
    filters = [_filter(call, word) for word in words if word not in masks]
    tests = [matcher(mask) for mask in masks]
    call.numeric(n.RPL_LISTSTART, "Channel")
    for count, room in enumerate(sorted(call.hub.directory.rooms.values(), key=lambda each: each.id), 1):
        named = any(test(room.name) for test in tests)
        is_shown = named if tests else not room.is_lobby
        if is_shown and _may_see(call, room) and all(each(room) for each in filters):
            call.numeric(n.RPL_LIST, room.name, str(call.hub.online.count(room)), room.topic)
        if count % ROOMS_PER_TURN == 0:
            call.flush()
            if not await call.hub.next_turn(call.session):
                return
    call.numeric(n.RPL_LISTEND)


def _may_see(call: Call, room: Room) -> bool:
    permissions = call.hub.permissions
    if room.has_member(call.user):
        return True
    return permissions.may(call.user, Action.SEE, room) and not permissions.is_hidden(room)


def _filter(call: Call, word: str) -> Filter:
    """Return the test that a word of ELIST stands for; a word that stands for none lets all rooms through."""
    if word.startswith("!"):
        test = matcher(word[1:])
        return lambda room: not test(room.name)
    kind, number = (word[0], word[1:]) if word[0] in "<>" else (word[:2], word[2:])
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return lambda _: True
    value, now = int(number), call.hub.now()
    tests: dict[str, Filter] = {
        "<": lambda room: call.hub.online.count(room) < value,
        ">": lambda room: call.hub.online.count(room) > value,
        "C<": lambda room: now - room.made < value * 60_000,
        "C>": lambda room: now - room.made > value * 60_000,
        "T<": lambda room: room.topic_at > 0 and now - room.topic_at < value * 60_000,
        "T>": lambda room: room.topic_at == 0 or now - room.topic_at > value * 60_000,
    }
    return tests.get(kind, lambda _: True)
