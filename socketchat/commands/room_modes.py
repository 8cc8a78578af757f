"""The modes of a room: settings such as a key or a limit, and masks of users who are banned, excepted or invited."""

from __future__ import annotations

from ..exceptions import BadText, Refused, TooMany
from ..hub import Hub, Session
from ..hub.state import facts
from ..hub.state.room_modes import MASKS
from ..protocol import commands
from ..protocol.text.hygiene import clean_line
from ..protocol.text.masks import MASK_CHARACTERS
from .handler import OK, Answer
from .moderation import begin

KEY_CHARACTERS = 32
"""Longest key of a room."""


async def mode(hub: Hub, session: Session, command: commands.Mode) -> Answer:
    """Turn a setting on or off."""
    act = begin(hub, session, command.room)
    room, value = act.room, command.value
    if room.is_lobby and command.setting != "topic":
        raise Refused(f"{room.name} is open to everyone; make another room.")
    if value is not None:
        value = _checked(command.setting, value)
    if room.modes.settings.get(command.setting) == value:
        return OK
    word = "set" if value is not None else "unset"
    fact = facts.ActFact(word, room.id, name=command.setting, reason=value or "")
    shown = "on" if value is not None else "off"
    await act.record(fact, f"turned {command.setting} {shown} in {room.name}")
    return OK


async def mask(hub: Hub, session: Session, command: commands.Mask) -> Answer:
    """Add a mask of users, or lift it."""
    act = begin(hub, session, command.room)
    room, text = act.room, command.mask
    if not 0 < len(text) <= MASK_CHARACTERS or text != clean_line(text) or " " in text:
        raise BadText("A mask is like nick!user@host, with * and ?, and has no spaces.")
    there = room.modes.masks.get(command.kind, {})
    if (text in there) != command.lifted:
        return OK
    if not command.lifted and len(there) >= MASKS:
        raise TooMany(f"Limit reached: {room.name} has {MASKS} masks of this kind. Lift some first.")
    word = "unmask" if command.lifted else "mask"
    what = f"{'lifted' if command.lifted else 'set'} the {command.kind} mask {text} in {room.name}"
    await act.record(facts.ActFact(word, room.id, name=command.kind, reason=text), what)
    return OK


def _checked(setting: str, value: str) -> str:
    """Return the value of a setting; raises BadText."""
    if setting == "key":
        if (
            not 0 < len(value) <= KEY_CHARACTERS
            or not value.isascii()
            or not value.isprintable()
            or set(value) & {*" ,"}
        ):
            raise BadText(f"A key has 1 to {KEY_CHARACTERS} ASCII characters, without spaces and commas.")
        return value
    if setting == "limit":
        if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value) > 0):
            raise BadText("A limit is a number from 1.")
        return str(int(value))
    return ""
