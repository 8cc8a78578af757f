"""Slash commands: what a user types, as a command; one table for the plain dialect and for ``join``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..exceptions import ChatError, NoSuchCommand, UsageProblem
from . import commands, slash_help
from .limits import NAME_CHARACTERS
from .names import check_room
from .spelling import nearest
from .text.durations import seconds_of
from .text.hygiene import clean_line
from .text.references import conversation_of, place_of

_OnName = commands.Invite | commands.Unban | commands.Unmute | commands.Mod | commands.Unmod
_ForATime = commands.Ban | commands.Mute

FILTERS = ("from", "in", "after", "before")
"""The filters of a search, each followed by a colon."""


_SEARCHED = re.compile(r'"[^"]*"\*?|\S+').findall
"""The words of a search; quoted words belong together."""


class Slash(NamedTuple):
    """A slash command: ``build`` returns the command for the arguments and the current room, or None if they are wrong.

    ``help`` is its line in the list, and ``more`` the rest of its own help.
    """

    name: str
    usage: str
    help: str
    build: Callable[[str, str], commands.ANY | None]
    more: str = ""


def _help(arguments: str, _room: str) -> commands.ANY | None:
    return commands.Help(topic=arguments or None) if _is_word(arguments) else None


def _users(arguments: str, _room: str) -> commands.ANY | None:
    if not arguments:
        return commands.Users()
    return commands.Users(room=check_room(arguments)) if _is_word(arguments) else None


def _dm(arguments: str, _room: str) -> commands.ANY | None:
    name, *text = arguments.split(None, 1)[:2] or [""]
    return commands.Send(to="@" + name.removeprefix("@"), text=text[0]) if text else None


def _quit(arguments: str, _room: str) -> commands.ANY | None:
    return None if arguments else commands.Quit()


def _join(arguments: str, _room: str) -> commands.ANY | None:
    return commands.Join(room=check_room(arguments)) if arguments and _is_word(arguments) else None


def _leave(arguments: str, room: str) -> commands.ANY | None:
    return None if arguments else commands.Leave(room=room)


def _rooms(arguments: str, _room: str) -> commands.ANY | None:
    return None if arguments else commands.Rooms()


def _away(arguments: str, _room: str) -> commands.ANY | None:
    return commands.Away(text=arguments or None)


def _unread(arguments: str, _room: str) -> commands.ANY | None:
    return None if arguments else commands.Unread()


def _read(arguments: str, _room: str) -> commands.ANY | None:
    if not arguments:
        return commands.Read()
    return commands.Read(conversation=conversation_of(arguments)) if _is_word(arguments) else None


def _history(arguments: str, room: str) -> commands.ANY | None:
    words = arguments.split()
    conversation, before = room, None
    if words and words[0].startswith(("#", "@")):
        word = words.pop(0)
        conversation, before = place_of(word) or (conversation_of(word), None)
    match words:
        case []:
            return commands.History(conversation=conversation, before=before)
        case [number] if number.isascii() and number.isdigit() and int(number[:9]) > 0:
            return commands.History(conversation=conversation, before=before, limit=int(number[:9]))
    return None


def _show(arguments: str, _room: str) -> commands.ANY | None:
    place = place_of(arguments)
    return commands.History(conversation=place[0], around=place[1]) if place else None


def _search(arguments: str, _room: str) -> commands.ANY | None:
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


def _edit(arguments: str, room: str) -> commands.ANY | None:
    word, rest = _word_and_rest(arguments)
    place = place_of(word)
    conversation, seq, text = (*place, rest) if place else (room, None, arguments)
    return commands.Edit(conversation=conversation, seq=seq, text=text) if text else None


def _delete(arguments: str, room: str) -> commands.ANY | None:
    if not arguments:
        return commands.Delete(conversation=room)
    place = place_of(arguments)
    return commands.Delete(conversation=place[0], seq=place[1]) if place else None


def _topic(arguments: str, room: str) -> commands.ANY | None:
    return commands.Topic(room=room, text="" if arguments == '""' else arguments or None)


def _acts_on(kind: type[_OnName]) -> Callable[[str, str], commands.ANY | None]:
    """Return the builder of a command that names a user in the current room."""

    def build(arguments: str, room: str) -> commands.ANY | None:
        name = arguments.removeprefix("@")
        return kind(room=room, name=name) if name and _is_word(name) else None

    return build


def _kick(arguments: str, room: str) -> commands.ANY | None:
    name, reason = _word_and_rest(arguments.removeprefix("@"))
    return commands.Kick(room=room, name=name, reason=reason) if name else None


def _restricts(kind: type[_ForATime]) -> Callable[[str, str], commands.ANY | None]:
    """Return the builder of a command that names a user, with an optional time and reason."""

    def build(arguments: str, room: str) -> commands.ANY | None:
        name, rest = _word_and_rest(arguments.removeprefix("@"))
        word, reason = _word_and_rest(rest)
        seconds = seconds_of(word)
        if not seconds and word.lstrip("+-.")[:1].isdigit():  # a typo must not mean "no end"
            shown = clean_line(word)[:NAME_CHARACTERS]
            raise UsageProblem(f"{shown} is not a time. {slash_help.A_TIME} Start a reason with a word.")
        if seconds is None:
            seconds, reason = 0, rest
        return kind(room=room, name=name, seconds=seconds, reason=reason) if name else None

    return build


def _access(arguments: str, room: str) -> commands.ANY | None:
    return commands.Access(room=room, private=arguments == "private") if arguments in {"private", "public"} else None


def _login(arguments: str, _room: str) -> commands.ANY | None:
    return commands.Login(name=arguments) if arguments and _is_word(arguments) else None


def _password(arguments: str, _room: str) -> commands.ANY | None:
    return None if arguments else commands.Password()  # the client asks for it, without showing it


def _devices(arguments: str, _room: str) -> commands.ANY | None:
    match arguments.split():
        case []:
            return commands.Devices()
        case ["revoke", device]:
            return commands.Revoke(device=device)
    return None


def _ignore(arguments: str, _room: str) -> commands.ANY | None:
    return commands.Ignore(name=arguments.removeprefix("@") or None) if _is_word(arguments) else None


def _unignore(arguments: str, _room: str) -> commands.ANY | None:
    name = arguments.removeprefix("@")
    return commands.Unignore(name=name) if name and _is_word(name) else None


def _me(arguments: str, room: str) -> commands.ANY | None:
    return commands.Send(to=room, text=arguments, kind="action") if arguments else None


def _word_and_rest(arguments: str) -> tuple[str, str]:
    word, *rest = arguments.split(None, 1) or [""]
    return word, rest[0] if rest else ""


def _is_word(arguments: str) -> bool:
    return len(arguments.split()) <= 1


EVERYDAY: dict[str, Slash] = {
    slash.name: slash
    for slash in (
        Slash("help", "/help [COMMAND]", "List the commands, or explain one of them.", _help),
        Slash("users", "/users [#ROOM]", "List who is online, in the chat or in a room.", _users),
        Slash("dm", "/dm NAME TEXT", "Send a direct message, for NAME only.", _dm),
        Slash("me", "/me TEXT", "Describe an action: /me waves.", _me),
        Slash("rooms", "/rooms", "List the rooms.", _rooms),
        Slash("join", "/join #ROOM", "Enter a room, or create it.", _join),
        Slash("leave", "/leave", "Leave the current room; you cannot leave the lobby.", _leave),
        Slash(
            "topic",
            "/topic [TEXT]",
            'Show or set the topic of the room; /topic "" clears it.',
            _topic,
            slash_help.TOPIC,
        ),
        Slash("ignore", "/ignore [NAME]", "Hide messages from NAME, or list the people you ignore.", _ignore),
        Slash("unignore", "/unignore NAME", "Show messages from NAME again.", _unignore),
        Slash("away", "/away [TEXT]", "Say that you are away, until your next message.", _away, slash_help.AWAY),
        Slash("unread", "/unread", "Count unread messages and mentions.", _unread),
        Slash("read", "/read [#ROOM]", "Mark everything, or a room, as read on all your devices.", _read),
        Slash(
            "history",
            "/history [N]",
            "Show the last lines, here or in #ROOM or @NAME.",
            _history,
            slash_help.HISTORY,
        ),
        Slash(
            "search",
            "/search WORDS",
            "Find messages; narrow by from:NAME in:#ROOM after:DATE.",
            _search,
            slash_help.SEARCH,
        ),
        Slash("show", "/show PLACE", "Show a line, such as #ops/42, with its context.", _show, slash_help.PLACES),
        Slash(
            "edit", "/edit TEXT", "Change your last line here; /edit PLACE TEXT for another.", _edit, slash_help.EDIT
        ),
        Slash(
            "delete", "/delete [PLACE]", "Delete your last line here, or the line at PLACE.", _delete, slash_help.DELETE
        ),
        Slash("login", "/login NAME", "Log in as NAME from nc or telnet; asks for the password.", _login),
        Slash("password", "/password", "Set a password, to log in from other devices.", _password, slash_help.ANOTHER),
        Slash("devices", "/devices", "List your devices; /devices revoke KEY removes one.", _devices),
        Slash("quit", "/quit", "Leave the chat.", _quit),
    )
}
"""The commands that everyone needs."""

MODERATING: dict[str, Slash] = {
    slash.name: slash
    for slash in (
        Slash("kick", "/kick NAME [REASON]", "Remove NAME from the room.", _kick, slash_help.KICK),
        Slash(
            "ban",
            "/ban NAME [TIME] [REASON]",
            "Ban NAME: /ban eve 2h spam.",
            _restricts(commands.Ban),
            slash_help.RESTRICTING,
        ),
        Slash("unban", "/unban NAME", "Lift the ban on NAME.", _acts_on(commands.Unban)),
        Slash(
            "mute",
            "/mute NAME [TIME] [REASON]",
            "Mute NAME: /mute eve 10m too loud.",
            _restricts(commands.Mute),
            slash_help.RESTRICTING,
        ),
        Slash("unmute", "/unmute NAME", "Lift the mute on NAME.", _acts_on(commands.Unmute)),
        Slash("invite", "/invite NAME", "Invite NAME to this private room.", _acts_on(commands.Invite)),
        Slash("room", "/room private|public", "Make this room private (by invitation) or public.", _access),
        Slash("mod", "/mod NAME", "Make NAME a moderator.", _acts_on(commands.Mod)),
        Slash("unmod", "/unmod NAME", "Remove NAME as moderator.", _acts_on(commands.Unmod)),
    )
}
"""The commands of owners and moderators; in the lobby they apply to the whole chat."""

SLASHES = EVERYDAY | MODERATING

WIDE = MODERATING.keys() - {"invite", "room"}
"""The commands that apply to the whole chat in the lobby."""


def parse(line: str, room: str) -> commands.ANY:
    """Return the command for a typed line; text goes to ``room``, and two slashes send text that starts with one.

    Raises NoSuchCommand, UsageProblem or BadName. Whether a text may be sent is for ``check_text`` to say.
    """
    if not line.startswith("/"):
        return commands.Send(to=room, text=line)
    if line.startswith("//"):
        return commands.Send(to=room, text=line[1:])
    word = line[1:].split(None, 1)[0] if line[1:2].strip() else ""
    slash = _found(word)
    command = slash.build(line[1 + len(word) :].strip(), room)
    if command is None:
        raise UsageProblem(f"Usage: {slash.usage}")
    return command


def is_for_room(line: str) -> bool:
    """Tell whether a typed line depends on the current room."""
    try:
        return parse(line, "#one") != parse(line, "#other")
    except ChatError:
        return False


def help_text(topic: str | None = None) -> str:
    """Return the list of slash commands, or the help of one of them; raises NoSuchCommand."""
    if topic is not None:
        slash = _found(topic.removeprefix("/"))
        place = " In the lobby, it applies to the whole chat." if slash.name in WIDE else ""
        return f"{slash.usage}\n{slash.help}{place}{slash.more}"
    return "\n".join(
        [
            "Commands:",
            columns(EVERYDAY),
            f"For moderators: {' '.join('/' + name for name in MODERATING)}",
            "Anything else is sent to the room. To send text that starts with /, type //.",
        ]
    )


def columns(slashes: Mapping[str, Slash]) -> str:
    """Return one line per slash command, with its help."""
    width = max(len(slash.usage) for slash in slashes.values())
    return "\n".join(f"  {slash.usage:{width}}  {slash.help}" for slash in slashes.values())


def _found(word: str) -> Slash:
    slash = SLASHES.get(word.lower())
    if slash:
        return slash
    shown = "/" + clean_line(word)[:NAME_CHARACTERS]
    if told := slash_help.ELSEWHERE.get(word.lower()):
        raise NoSuchCommand(f"No such command: {shown}{told} /help lists the commands.")
    near = nearest(word, list(SLASHES))
    if near:
        raise NoSuchCommand(f"No such command: {shown}. Did you mean /{near}? /help lists the commands.")
    raise NoSuchCommand(
        f"No such command: {shown}. /help lists the commands. To send text that starts with /, type //."
    )
