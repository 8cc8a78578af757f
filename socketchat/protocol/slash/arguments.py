"""Builds the command for the arguments of each slash command; the result is None if the arguments are wrong."""

from __future__ import annotations

import re
from collections.abc import Callable

from ...exceptions import UsageProblem
from .. import commands
from ..limits import LARGEST_NUMBER, NAME_CHARACTERS
from ..names import check_room
from ..text.durations import seconds_of
from ..text.hygiene import clean_line
from ..text.references import conversation_of, place_of
from .details import A_TIME

Build = Callable[[str, str], commands.ANY | None]
"""Takes the arguments and the current room."""

_OnUser = (
    commands.Invite
    | commands.Unban
    | commands.Unmute
    | commands.Mod
    | commands.Unmod
    | commands.Voice
    | commands.Unvoice
)
_ForATime = commands.Ban | commands.Mute

FILTERS = ("from", "in", "after", "before")
"""The filters of a search, each followed by a colon."""

NEWEST = LARGEST_NUMBER
"""The seq that `/history N` asks for lines before: it means the newest lines, not the next page."""

_SEARCHED = re.compile(r'"[^"]*"\*?|\S+').findall
"""The words of a search; quoted words belong together."""


def show_help(arguments: str, _room: str) -> commands.ANY | None:
    """Show the help."""
    return commands.Help(topic=arguments or None) if _is_word(arguments) else None


def users(arguments: str, _room: str) -> commands.ANY | None:
    """List users."""
    if not arguments:
        return commands.Users()
    return commands.Users(room=check_room(arguments)) if _is_word(arguments) else None


def dm(arguments: str, _room: str) -> commands.ANY | None:
    """Send a direct message."""
    name, *text = arguments.split(None, 1)[:2] or [""]
    return commands.Send(to="@" + name.removeprefix("@"), text=text[0]) if text else None


def leave_chat(arguments: str, _room: str) -> commands.ANY | None:
    """Leave the chat."""
    return None if arguments else commands.Quit()


def join(arguments: str, _room: str) -> commands.ANY | None:
    """Enter a room."""
    return commands.Join(room=check_room(arguments)) if arguments and _is_word(arguments) else None


def leave_room(arguments: str, room: str) -> commands.ANY | None:
    """Leave the current room."""
    return None if arguments else commands.Leave(room=room)


def rooms(arguments: str, _room: str) -> commands.ANY | None:
    """List rooms."""
    return None if arguments else commands.Rooms()


def away(arguments: str, _room: str) -> commands.ANY | None:
    """Set the user away."""
    return commands.Away(text=arguments or None)


def unread(arguments: str, _room: str) -> commands.ANY | None:
    """Count unread messages."""
    return None if arguments else commands.Unread()


def read(arguments: str, _room: str) -> commands.ANY | None:
    """Mark conversations as read."""
    if not arguments:
        return commands.Read()
    return commands.Read(conversation=conversation_of(arguments)) if _is_word(arguments) else None


def history(arguments: str, room: str) -> commands.ANY | None:
    """Show the history."""
    words = arguments.split()
    conversation, before = room, None
    if words and words[0].lower() == "before":
        found = place_of(words[1]) if len(words) > 1 else None
        if found is None:
            return None
        (conversation, before), words = found, words[2:]
    elif words and words[0].startswith(("#", "@")):
        word = words.pop(0)
        conversation, before = place_of(word) or (conversation_of(word), None)
    match words:
        case []:
            return commands.History(conversation=conversation, before=before)
        case [number] if number.isascii() and number.isdigit() and int(number[:9]) > 0:
            before = NEWEST if before is None else before
            return commands.History(conversation=conversation, before=before, limit=int(number[:9]))
    return None


def show(arguments: str, _room: str) -> commands.ANY | None:
    """Show a line with its context."""
    place = place_of(arguments)
    return commands.History(conversation=place[0], around=place[1]) if place else None


def search(arguments: str, _room: str) -> commands.ANY | None:
    """Search messages."""
    words: list[str] = []
    found: dict[str, str] = {}
    for word in _SEARCHED(arguments):
        name, colon, value = word.partition(":")
        if not colon or name.lower() not in FILTERS:
            words.append(word)
        elif value:
            found[name.lower()] = value
        else:
            return None
    where, who = found.get("in"), found.get("from")
    return (
        commands.Search(
            words=" ".join(words),
            conversation=conversation_of(where) if where else None,
            name=who.removeprefix("@") if who else None,
            after=found.get("after"),
            before=found.get("before"),
        )
        if words or found  # dates alone are refused by the server, which says what is missing
        else None
    )


def edit(arguments: str, room: str) -> commands.ANY | None:
    """Edit a line."""
    word, rest = _word_and_rest(arguments)
    place = place_of(word)
    conversation, seq, text = (*place, rest) if place else (room, None, arguments)
    return commands.Edit(conversation=conversation, seq=seq, text=text) if text else None


def delete(arguments: str, room: str) -> commands.ANY | None:
    """Delete a line."""
    if not arguments:
        return commands.Delete(conversation=room)
    place = place_of(arguments)
    return commands.Delete(conversation=place[0], seq=place[1]) if place else None


def reply(arguments: str, room: str) -> commands.ANY | None:
    """Reply to a line."""
    word, text = _word_and_rest(arguments)
    place = _place_here(word, room)
    return commands.Send(to=place[0], text=text, of=place[1]) if place and text else None


def react(*, remove: bool) -> Build:
    """Return the builder of a command that adds or removes a reaction to a line."""

    def build(arguments: str, room: str) -> commands.ANY | None:
        match arguments.split():
            case [word, text] if place := _place_here(word, room):
                return commands.React(conversation=place[0], seq=place[1], text=text, remove=remove)
        return None

    return build


def topic(arguments: str, room: str) -> commands.ANY | None:
    """Show or set the topic."""
    return commands.Topic(room=room, text="" if arguments == '""' else arguments or None)


def on_user(kind: type[_OnUser]) -> Build:
    """Return the builder of a command that names a user in the current room."""

    def build(arguments: str, room: str) -> commands.ANY | None:
        name = arguments.removeprefix("@")
        return kind(room=room, name=name) if name and _is_word(name) else None

    return build


def kick(arguments: str, room: str) -> commands.ANY | None:
    """Kick a user."""
    name, reason = _word_and_rest(arguments.removeprefix("@"))
    return commands.Kick(room=room, name=name, reason=reason) if name else None


def for_a_time(kind: type[_ForATime]) -> Build:
    """Return the builder of a command that names a user, with an optional time and reason."""

    def build(arguments: str, room: str) -> commands.ANY | None:
        name, rest = _word_and_rest(arguments.removeprefix("@"))
        word, reason = _word_and_rest(rest)
        seconds = seconds_of(word)
        if not seconds and word.lstrip("+-.")[:1].isdigit():  # a typo must not mean "no end"
            shown = clean_line(word[:NAME_CHARACTERS])[:NAME_CHARACTERS]
            raise UsageProblem(f"{shown} is not a time. {A_TIME} Start a reason with a word.")
        if seconds is None:
            seconds, reason = 0, rest
        return kind(room=room, name=name, seconds=seconds, reason=reason) if name else None

    return build


def room_settings(arguments: str, room: str) -> commands.ANY | None:
    """Show the settings of the room, or change one."""
    word, name = _word_and_rest(arguments)
    if word.lower() == "rename" and name and _is_word(name):
        return commands.Settings(room=room, name=check_room(name))
    match arguments.lower().split():
        case []:
            return commands.Settings(room=room)
        case ["private" | "public" as word]:
            return commands.Access(room=room, private=word == "private")
        case ["announce", "on" | "off" as word]:
            return commands.Settings(room=room, announce=word == "on")
        case ["slow", "off"]:
            return commands.Settings(room=room, slow=0)
        case ["slow", word] if seconds := seconds_of(word):
            return commands.Settings(room=room, slow=seconds)
    return None


def login(arguments: str, _room: str) -> commands.ANY | None:
    """Log in by password."""
    return commands.Login(name=arguments) if arguments and _is_word(arguments) else None


def password(arguments: str, _room: str) -> commands.ANY | None:
    """Set the password, or keep the current one."""
    if arguments == "keep":
        return commands.KeepPassword()
    return None if arguments else commands.Password()  # the client asks for it, without showing it


def devices(arguments: str, _room: str) -> commands.ANY | None:
    """List, revoke or keep devices."""
    match arguments.split():
        case []:
            return commands.Devices()
        case ["revoke", device]:
            return commands.Revoke(device=device)
        case ["keep", device]:
            return commands.KeepDevice(device=device)
    return None


def ignore(arguments: str, _room: str) -> commands.ANY | None:
    """Ignore a user, or list the ignored ones."""
    return commands.Ignore(name=arguments.removeprefix("@") or None) if _is_word(arguments) else None


def unignore(arguments: str, _room: str) -> commands.ANY | None:
    """Stop ignoring a user."""
    name = arguments.removeprefix("@")
    return commands.Unignore(name=name) if name and _is_word(name) else None


def me(arguments: str, room: str) -> commands.ANY | None:
    """Describe an action."""
    return commands.Send(to=room, text=arguments, kind="action") if arguments else None


def _place_here(word: str, room: str) -> tuple[str, int] | None:
    """Return the conversation and the seq of a place; a number alone is a line of the room."""
    return place_of(f"{room}/{word}" if word.isdecimal() else word)


def _word_and_rest(arguments: str) -> tuple[str, str]:
    word, *rest = arguments.split(None, 1) or [""]
    return word, rest[0] if rest else ""


def _is_word(arguments: str) -> bool:
    return len(arguments.split()) <= 1
