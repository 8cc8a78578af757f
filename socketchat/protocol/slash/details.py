"""The details that `/help COMMAND` adds to the line in the list, and hints for the commands of other chats."""

from __future__ import annotations

from ..text.reactions import REACTION_CHARACTERS

A_TIME = "A TIME is a number and s, m, h, d or w, such as 10m, 2h or 7d. Without one, there is no end."

RESTRICTING = f"\n{A_TIME}"

TOPIC = "\nAny member who is not muted can set it."

KICK = "\nThis also withdraws an invitation to a private room."

AWAY = "\n/users shows TEXT. Users who send you direct messages see it, at most once an hour."

PLACES = "\nA PLACE is #ops/42 in a room, or @bob/7 in direct messages with bob. /history and /search show places."

HERE = f"\nN is a number in the current room, or a PLACE.{PLACES}"

REACT = f"{HERE}\nEMOJI can also be a word of at most {REACTION_CHARACTERS} characters, such as +1."

HISTORY = """
Each line is shown with its place, such as #ops/42, for /show, /edit and /delete.
/history #ROOM and /history @NAME show the last 50 lines there, or N.
/history before PLACE shows the lines before it; in `join`, /history again shows
the page before the last one."""

SEARCH = """
It finds lines with all WORDS, in your rooms and direct messages.
It finds whole words; deploy* also finds deployed, and "link down" finds the two words in a row.
Narrow it by from:NAME, in:#ROOM, in:@NAME, after:DATE and before:DATE.
With from: or in:, you can leave out WORDS.
A DATE is a day (2026-11-25), a minute (2026-11-25T14:30), or an age (2d, 3h)."""

EDIT = f"\n/edit PLACE TEXT changes another line of yours.{PLACES}\nThe earlier text is kept until you delete the line."

DELETE = f"""{PLACES}
Without a PLACE, it deletes your last line here, if it is at most five minutes old.
The line keeps its place but loses its text. Moderators can delete lines of others in their rooms.
Backups and other people's screens keep what they have."""

ROOM = """
/room private, /room public: hide the room from all but members and invited users, or not.
/room announce on, /room announce off: only the owner, moderators and users with a voice write.
/room slow 30s, /room slow off: all others wait 30 seconds between two messages.
/room rename #NEW: give the room another name; the old one still leads to it."""

VOICE = "\nNAME need not wait in a slow room either."

ANOTHER = """
To change a password, you need the old one. If you forgot it, press Enter instead: the new one becomes valid after a
day, and until then any of your sessions can refuse it with /password keep. A first password also waits for a day,
unless your account is younger than that.
All other sessions that used the old password are logged out. Keys stay valid: check /devices."""

DEVICES = """
/devices revoke KEY: the device is logged out, at once if you give your password, otherwise after a day. Until then,
any of your sessions can refuse it with /devices keep KEY."""

ELSEWHERE = {
    "msg": ". Use /dm NAME TEXT for a direct message.",
    "query": ". Use /dm NAME TEXT for a direct message.",
    "part": ". Use /leave to leave the room.",
    "names": ". Use /users to see who is online, or /users ROOM.",
    "who": ". Use /users to see who is online, or /users ROOM.",
    "list": ". Use /rooms to list the rooms.",
    "nick": ". Type /quit, then join under the other name.",
    "exit": ". Use /quit to leave the chat.",
    "clear": ". In `join`, press Ctrl+L to clear the screen.",
}
"""Hints for the commands of other chats."""
