"""Slash commands: what a person types, as a command. One table for the plain dialect and for ``join``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..exceptions import ChatError, NoSuchCommand, UsageProblem
from . import commands
from .limits import NAME_CHARACTERS
from .names import check_room
from .spelling import nearest
from .text.durations import seconds_of
from .text.hygiene import clean_line
from .text.references import conversation_of, place_of

_OnName = commands.Invite | commands.Unban | commands.Unmute | commands.Mod | commands.Unmod
_ForATime = commands.Ban | commands.Mute

FILTERS = ("from", "in", "after", "before")
"""What narrows a search, with a colon behind it."""


_SEARCHED = re.compile(r'"[^"]*"\*?|\S+').findall
"""Words of a search; those in quotes belong together."""


class Slash(NamedTuple):
    """A slash command: ``build`` makes the command of its arguments and the current room, None where they are wrong.

    ``help`` is its line in the list, and ``more`` what else is to be said about it alone.
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
        if words or found  # dates alone are too little, and the server says what else there is
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
    """Return what builds a command about somebody in the current room."""

    def build(arguments: str, room: str) -> commands.ANY | None:
        name = arguments.removeprefix("@")
        return kind(room=room, name=name) if name and _is_word(name) else None

    return build


def _kick(arguments: str, room: str) -> commands.ANY | None:
    name, reason = _word_and_rest(arguments.removeprefix("@"))
    return commands.Kick(room=room, name=name, reason=reason) if name else None


def _restricts(kind: type[_ForATime]) -> Callable[[str, str], commands.ANY | None]:
    """Return what builds a command about somebody, perhaps for a time and with a reason."""

    def build(arguments: str, room: str) -> commands.ANY | None:
        name, rest = _word_and_rest(arguments.removeprefix("@"))
        word, reason = _word_and_rest(rest)
        seconds = seconds_of(word)
        if not seconds and word.lstrip("+-.")[:1].isdigit():  # a slip must not mean for ever
            shown = clean_line(word)[:NAME_CHARACTERS]
            raise UsageProblem(f"{shown} is no time. {_A_TIME} A reason begins with a word.")
        if seconds is None:
            seconds, reason = 0, rest
        return kind(room=room, name=name, seconds=seconds, reason=reason) if name else None

    return build


def _access(arguments: str, room: str) -> commands.ANY | None:
    return commands.Access(room=room, private=arguments == "private") if arguments in {"private", "public"} else None


def _login(arguments: str, _room: str) -> commands.ANY | None:
    return commands.Login(name=arguments) if arguments and _is_word(arguments) else None


def _password(arguments: str, _room: str) -> commands.ANY | None:
    return None if arguments else commands.Password()  # which is asked for, where nobody sees it


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


_A_TIME = "A TIME is a number and s, m, h, d or w, such as 10m, 2h or 7d; without one there is no end."

_RESTRICTING = f"\n{_A_TIME}"

_TOPIC = "\nAny member of the room may set it, unless muted, and everybody in the lobby."

_KICK = "\nWho was only invited to a private room is so no longer."

_AWAY = "\n/users shows TEXT, and who writes to you directly is told, once an hour at most."

_PLACES = "\nPlaces are #ops/42 in a room, @bob/7 in direct messages with bob; /history and /search show them."

_HISTORY = """
Each line is shown with its place, #ops/42, for /show, /edit and /delete.
/history #ROOM and /history @NAME show what was said there, 50 lines or N;
/history PLACE shows what came before, and in `join` so does /history again."""

_SEARCH = """
All WORDS have to stand in a line, in any of your rooms or direct messages.
They are whole words: deploy* finds deployed too, "link down" both in a row.
from:NAME  in:#ROOM  in:@NAME  after:DATE  before:DATE narrow that.
With from: or in: there need be no WORDS.
DATE is a day, 2026-11-25, a minute, 2026-11-25T14:30, or how long ago: 2d, 3h."""

_EDIT = (
    f"\n/edit PLACE TEXT changes another line of yours.{_PLACES} Your earlier text is kept until you delete the line."
)

_DELETE = f"""{_PLACES} Without one it is your last line, if it is not older than five minutes.
The line keeps its place, without its text. Moderators delete what others said in their rooms.
Backups are not changed, and neither is what others have on their screens."""

_ANOTHER = """
Who came in by the old one is out at once, but for you here. Keys stay: /devices lists them, and shuts one out."""

EVERYDAY: dict[str, Slash] = {
    slash.name: slash
    for slash in (
        Slash("help", "/help [COMMAND]", "List the commands, or explain one of them.", _help),
        Slash("users", "/users [#ROOM]", "List who is online, in the whole chat or in a room.", _users),
        Slash("dm", "/dm NAME TEXT", "Send a direct message that only NAME and you can read.", _dm),
        Slash("me", "/me TEXT", "Say what you do: /me waves.", _me),
        Slash("rooms", "/rooms", "List the rooms.", _rooms),
        Slash("join", "/join #ROOM", "Enter a room and talk there; it is made if there is none.", _join),
        Slash("leave", "/leave", "Leave the current room; nobody leaves the lobby.", _leave),
        Slash("topic", "/topic [TEXT]", 'Show the topic of the room, or set it; /topic "" clears it.', _topic, _TOPIC),
        Slash("ignore", "/ignore [NAME]", "Read no longer what NAME says, or list whom you ignore.", _ignore),
        Slash("unignore", "/unignore NAME", "Read again what NAME says.", _unignore),
        Slash("away", "/away [TEXT]", "Say that you are away, until you say something else.", _away, _AWAY),
        Slash("unread", "/unread", "Count what you have not read, and where your name was said.", _unread),
        Slash("read", "/read [#ROOM]", "Take everything as read, or a room, on all your devices.", _read),
        Slash(
            "history",
            "/history [N]",
            "Show the last lines, also of #ROOM or of @NAME.",
            _history,
            _HISTORY,
        ),
        Slash("search", "/search WORDS", "Find what was said; also from:NAME in:#ROOM after:DATE.", _search, _SEARCH),
        Slash("show", "/show PLACE", "Show a line, such as #ops/42, among those around it.", _show, _PLACES),
        Slash("edit", "/edit TEXT", "Change your last line here, or with PLACE another.", _edit, _EDIT),
        Slash("delete", "/delete [PLACE]", "Delete your last line here, or another.", _delete, _DELETE),
        Slash("login", "/login NAME", "In nc and telnet: be NAME; asks for its password.", _login),
        Slash("password", "/password", "Set your password, for other devices; asks for it.", _password, _ANOTHER),
        Slash("devices", "/devices", "List your keys; /devices revoke KEY shuts one out.", _devices),
        Slash("quit", "/quit", "Leave the chat.", _quit),
    )
}
"""What everybody needs."""

MODERATING: dict[str, Slash] = {
    slash.name: slash
    for slash in (
        Slash("kick", "/kick NAME [REASON]", "Make NAME leave.", _kick, _KICK),
        Slash(
            "ban",
            "/ban NAME [TIME] [REASON]",
            "Keep NAME out: /ban eve 2h spam.",
            _restricts(commands.Ban),
            _RESTRICTING,
        ),
        Slash("unban", "/unban NAME", "Let NAME in again.", _acts_on(commands.Unban)),
        Slash("mute", "/mute NAME [TIME] [REASON]", "Let NAME not speak.", _restricts(commands.Mute), _RESTRICTING),
        Slash("unmute", "/unmute NAME", "Let NAME speak again.", _acts_on(commands.Unmute)),
        Slash("invite", "/invite NAME", "Let NAME join this private room.", _acts_on(commands.Invite)),
        Slash("room", "/room private|public", "Let only the invited know of this room, or all.", _access),
        Slash("mod", "/mod NAME", "Make NAME a moderator.", _acts_on(commands.Mod)),
        Slash("unmod", "/unmod NAME", "Let NAME be a moderator no longer.", _acts_on(commands.Unmod)),
    )
}
"""What owners and moderators do in the current room; in the lobby it is for the whole chat."""

SLASHES = EVERYDAY | MODERATING

ELSEWHERE = {
    "msg": "; /dm NAME TEXT writes to one alone.",
    "query": "; /dm NAME TEXT writes to one alone.",
    "part": "; /leave leaves the room.",
    "names": "; /users tells who is online, /users ROOM who of a room.",
    "who": "; /users tells who is online, /users ROOM who of a room.",
    "list": "; /rooms lists the rooms.",
    "nick": "; /quit, and come back under the other name.",
    "exit": "; /quit leaves the chat.",
    "clear": "; in `join`, Ctrl+L clears the screen.",
}
"""What stands here for the commands of other chats."""

WIDE = MODERATING.keys() - {"invite", "room"}
"""What reaches further in the lobby."""


def parse(line: str, room: str) -> commands.ANY:
    """Return what a typed line asks for, where text goes to ``room``; two slashes send a text that begins with one.

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
    """Tell whether it matters in which room a line is typed."""
    try:
        return parse(line, "#one") != parse(line, "#other")
    except ChatError:
        return False


def help_text(topic: str | None = None) -> str:
    """Return the list of slash commands, or the help of one of them; raises NoSuchCommand."""
    if topic is not None:
        slash = _found(topic.removeprefix("/"))
        place = " In the lobby it is for the whole chat." if slash.name in WIDE else ""
        return f"{slash.usage}\n{slash.help}{place}{slash.more}"
    return "\n".join(
        [
            "Commands:",
            columns(EVERYDAY),
            f"For moderators: {' '.join('/' + name for name in MODERATING)}",
            "Everything else is sent to the room; // sends a text that begins with /.",
        ]
    )


def columns(slashes: Mapping[str, Slash]) -> str:
    """Return a line per slash command, with its help behind it."""
    width = max(len(slash.usage) for slash in slashes.values())
    return "\n".join(f"  {slash.usage:{width}}  {slash.help}" for slash in slashes.values())


def _found(word: str) -> Slash:
    slash = SLASHES.get(word.lower())
    if slash:
        return slash
    shown = "/" + clean_line(word)[:NAME_CHARACTERS]
    if told := ELSEWHERE.get(word.lower()):
        raise NoSuchCommand(f"There is no {shown}{told} /help lists the commands.")
    near = nearest(word, list(SLASHES))
    if near:
        raise NoSuchCommand(f"There is no {shown}; did you mean /{near}? /help lists the commands.")
    raise NoSuchCommand(f"There is no {shown}. /help lists the commands; // sends a text that begins with /.")
