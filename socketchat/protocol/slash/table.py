"""The table of slash commands: usage, help, and the function that builds the command."""

from __future__ import annotations

from typing import NamedTuple

from .. import commands
from . import arguments, details
from .arguments import Build


class Slash(NamedTuple):
    """A slash command: ``build`` returns its command, or None if the arguments are wrong.

    ``help`` is its line in the list, and ``more`` the rest of its own help. If it is ``moderating``, it is for owners
    and moderators; if it is ``wide``, it applies to the whole chat in the lobby.
    """

    usage: str
    help: str
    build: Build
    more: str = ""
    moderating: bool = False
    wide: bool = False

    @property
    def name(self) -> str:
        """The name of the command, without its slash."""
        return self.usage.split(None, 1)[0].removeprefix("/")


_TABLE = (
    Slash("/help [COMMAND]", "List the commands, or explain one of them.", arguments.show_help),
    Slash("/users [#ROOM]", "List who is online, in the chat or in a room.", arguments.users),
    Slash("/dm NAME TEXT", "Send a direct message, for NAME only.", arguments.dm),
    Slash("/me TEXT", "Describe an action: /me waves.", arguments.me),
    Slash("/rooms", "List the rooms.", arguments.rooms),
    Slash("/join #ROOM", "Enter a room, or create it.", arguments.join),
    Slash("/leave", "Leave the current room; you cannot leave the lobby.", arguments.leave_room),
    Slash(
        "/topic [TEXT]",
        'Show or set the topic of the room; /topic "" clears it.',
        arguments.topic,
        details.TOPIC,
    ),
    Slash("/ignore [NAME]", "Hide messages from NAME, or list the people you ignore.", arguments.ignore),
    Slash("/unignore NAME", "Show messages from NAME again.", arguments.unignore),
    Slash("/away [TEXT]", "Say that you are away, until your next message.", arguments.away, details.AWAY),
    Slash("/unread", "Count unread messages and mentions.", arguments.unread),
    Slash("/read [#ROOM]", "Mark everything, or a room, as read on all your devices.", arguments.read),
    Slash(
        "/history [N]",
        "Show the last lines, here or in #ROOM or @NAME.",
        arguments.history,
        details.HISTORY,
    ),
    Slash(
        "/search WORDS",
        "Find messages; narrow by from:NAME in:#ROOM after:DATE.",
        arguments.search,
        details.SEARCH,
    ),
    Slash("/show PLACE", "Show a line, such as #ops/42, with its context.", arguments.show, details.PLACES),
    Slash("/edit TEXT", "Change your last line here; /edit PLACE TEXT for another.", arguments.edit, details.EDIT),
    Slash("/delete [PLACE]", "Delete your last line here, or the line at PLACE.", arguments.delete, details.DELETE),
    Slash("/reply N TEXT", "Answer line N here; its author is told.", arguments.reply, details.HERE),
    Slash("/react N EMOJI", "React to line N with an emoji or a word.", arguments.react(remove=False), details.REACT),
    Slash("/unreact N EMOJI", "Take your reaction back.", arguments.react(remove=True), details.HERE),
    Slash("/login NAME", "Log in as NAME from nc or telnet; asks for the password.", arguments.login),
    Slash("/password", "Set a password, to log in from other devices.", arguments.password, details.ANOTHER),
    Slash("/devices", "List your devices; /devices revoke KEY removes one.", arguments.devices, details.DEVICES),
    Slash("/quit", "Leave the chat.", arguments.leave_chat),
    Slash(
        "/kick NAME [REASON]", "Remove NAME from the room.", arguments.kick, details.KICK, moderating=True, wide=True
    ),
    Slash(
        "/ban NAME [TIME] [REASON]",
        "Ban NAME: /ban eve 2h spam.",
        arguments.for_a_time(commands.Ban),
        details.RESTRICTING,
        moderating=True,
        wide=True,
    ),
    Slash("/unban NAME", "Lift the ban on NAME.", arguments.on_user(commands.Unban), moderating=True, wide=True),
    Slash(
        "/mute NAME [TIME] [REASON]",
        "Mute NAME: /mute eve 10m too loud.",
        arguments.for_a_time(commands.Mute),
        details.RESTRICTING,
        moderating=True,
        wide=True,
    ),
    Slash("/unmute NAME", "Lift the mute on NAME.", arguments.on_user(commands.Unmute), moderating=True, wide=True),
    Slash("/invite NAME", "Invite NAME to this private room.", arguments.on_user(commands.Invite), moderating=True),
    Slash(
        "/room [SETTING]",
        "Show this room, or change it: /room announce on.",
        arguments.room_settings,
        details.ROOM,
        moderating=True,
    ),
    Slash(
        "/voice NAME",
        "Let NAME write in a room for announcements.",
        arguments.on_user(commands.Voice),
        details.VOICE,
        moderating=True,
    ),
    Slash("/unvoice NAME", "Take NAME's voice away.", arguments.on_user(commands.Unvoice), moderating=True),
    Slash("/mod NAME", "Make NAME a moderator.", arguments.on_user(commands.Mod), moderating=True, wide=True),
    Slash("/unmod NAME", "Remove NAME as moderator.", arguments.on_user(commands.Unmod), moderating=True, wide=True),
)

SLASHES = {slash.name: slash for slash in _TABLE}
