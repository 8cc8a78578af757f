"""The letters of a room's modes."""

from __future__ import annotations

from ...hub.state.conversations import Room
from ...protocol import events
from ...protocol.commands import MaskKind, Setting

SETTINGS: dict[str, Setting] = {
    "i": "invite only",
    "k": "key",
    "l": "limit",
    "n": "members only",
    "s": "secret",
    "t": "topic",
}
LISTS: dict[str, MaskKind] = {"I": "invitation", "b": "ban", "e": "exception"}
_LETTERS: dict[str, str] = {name: letter for letter, name in SETTINGS.items()} | {
    name: letter for letter, name in LISTS.items()
}


def modes_of(room: Room) -> tuple[str, list[str]]:
    """Return the letters of a room's modes, and the values of those that have one."""
    settings = room.modes.settings
    letters = {_LETTERS[name] for name in settings}
    letters |= {"i", "s"} if room.is_closed else set()
    letters |= {"m"} if room.is_announce else set()
    values = [settings[SETTINGS[letter]] for letter in sorted(letters) if letter in "kl"]
    return "".join(sorted(letters)), values


def changes_in(event: events.Changed) -> list[tuple[str, list[str]]]:
    """Return the changes of modes that an event tells: the letters with their sign, and their parameters."""
    found: list[tuple[str, list[str]]] = []
    if event.private is not None:
        found.append((f"{_sign(event.private)}is", []))
    if event.announce is not None:
        found.append((f"{_sign(event.announce)}m", []))
    role = event.moderator if event.moderator is not None else event.owner
    if role is not None:
        found.append((f"{_sign(role)}o", [event.user]))
    if event.voice is not None:
        found.append((f"{_sign(event.voice)}v", [event.user]))
    if event.setting:
        on = event.value is not None
        values = [event.value] if event.value else ["*"] if event.setting == "key" else []
        found.append((f"{_sign(on)}{_LETTERS[event.setting]}", values))
    if event.mask:
        found.append((f"{_sign(not event.lifted)}{_LETTERS[event.kind]}", [event.mask]))
    return found


def _sign(on: bool) -> str:  # noqa: FBT001 - it is the sign of this
    return "+" if on else "-"
