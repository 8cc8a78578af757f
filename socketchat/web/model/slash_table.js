// @ts-check
/**
 * The slash commands, generated from socketchat/protocol/slash/table.py; do not edit.
 * To update this file: UPDATE_SLASH=1 python -m pytest tests/web/test_slash.py
 */
/** @type {{name: string, usage: string, help: string, more?: string, wide?: boolean}[]} */
export const SLASHES = [
  {"name": "help", "usage": "/help [COMMAND]", "help": "List the commands, or explain one of them."},
  {"name": "users", "usage": "/users [#ROOM]", "help": "List who is online, in the chat or in a room."},
  {"name": "dm", "usage": "/dm NAME TEXT", "help": "Send a direct message, for NAME only."},
  {"name": "me", "usage": "/me TEXT", "help": "Describe an action: /me waves."},
  {"name": "rooms", "usage": "/rooms", "help": "List the rooms."},
  {"name": "join", "usage": "/join #ROOM", "help": "Enter a room, or create it."},
  {"name": "leave", "usage": "/leave", "help": "Leave the current room; you cannot leave the lobby."},
  {"name": "topic", "usage": "/topic [TEXT]", "help": "Show or set the topic of the room; /topic \"\" clears it.", "more": "\nAny member who is not muted can set it."},
  {"name": "ignore", "usage": "/ignore [NAME]", "help": "Hide messages from NAME, or list the people you ignore."},
  {"name": "unignore", "usage": "/unignore NAME", "help": "Show messages from NAME again."},
  {"name": "away", "usage": "/away [TEXT]", "help": "Say that you are away, until your next message.", "more": "\n/users shows TEXT. Users who send you direct messages see it, at most once an hour."},
  {"name": "unread", "usage": "/unread", "help": "Count unread messages and mentions."},
  {"name": "read", "usage": "/read [#ROOM]", "help": "Mark everything, or a room, as read on all your devices."},
  {"name": "history", "usage": "/history [N]", "help": "Show the last lines, here or in #ROOM or @NAME.", "more": "\nEach line is shown with its place, such as #ops/42, for /show, /edit and /delete.\n/history #ROOM and /history @NAME show the last 50 lines there, or N.\n/history before PLACE shows the lines before it; in `join`, /history again shows\nthe page before the last one."},
  {"name": "search", "usage": "/search WORDS", "help": "Find messages; narrow by from:NAME in:#ROOM after:DATE.", "more": "\nIt finds lines with all WORDS, in your rooms and direct messages.\nIt finds whole words; deploy* also finds deployed, and \"link down\" finds the two words in a row.\nNarrow it by from:NAME, in:#ROOM, in:@NAME, after:DATE and before:DATE.\nWith from: or in:, you can leave out WORDS.\nA DATE is a day (2026-11-25), a minute (2026-11-25T14:30), or an age (2d, 3h)."},
  {"name": "show", "usage": "/show PLACE", "help": "Show a line, such as #ops/42, with its context.", "more": "\nA PLACE is #ops/42 in a room, or @bob/7 in direct messages with bob. /history and /search show places."},
  {"name": "edit", "usage": "/edit TEXT", "help": "Change your last line here; /edit PLACE TEXT for another.", "more": "\n/edit PLACE TEXT changes another line of yours.\nA PLACE is #ops/42 in a room, or @bob/7 in direct messages with bob. /history and /search show places.\nThe earlier text is kept until you delete the line."},
  {"name": "delete", "usage": "/delete [PLACE]", "help": "Delete your last line here, or the line at PLACE.", "more": "\nA PLACE is #ops/42 in a room, or @bob/7 in direct messages with bob. /history and /search show places.\nWithout a PLACE, it deletes your last line here, if it is at most five minutes old.\nThe line keeps its place but loses its text. Moderators can delete lines of others in their rooms.\nBackups and other people's screens keep what they have."},
  {"name": "reply", "usage": "/reply N TEXT", "help": "Answer line N here; its author is told.", "more": "\nN is a number in the current room, or a PLACE.\nA PLACE is #ops/42 in a room, or @bob/7 in direct messages with bob. /history and /search show places."},
  {"name": "react", "usage": "/react N EMOJI", "help": "React to line N with an emoji or a word.", "more": "\nN is a number in the current room, or a PLACE.\nA PLACE is #ops/42 in a room, or @bob/7 in direct messages with bob. /history and /search show places.\nEMOJI can also be a word of at most 20 characters, such as +1."},
  {"name": "unreact", "usage": "/unreact N EMOJI", "help": "Take your reaction back.", "more": "\nN is a number in the current room, or a PLACE.\nA PLACE is #ops/42 in a room, or @bob/7 in direct messages with bob. /history and /search show places."},
  {"name": "login", "usage": "/login NAME", "help": "Log in as NAME from nc or telnet; asks for the password."},
  {"name": "password", "usage": "/password", "help": "Set a password, to log in from other devices.", "more": "\nTo change a password, you need the old one. If you forgot it, press Enter instead: the new one becomes valid after a\nday, and until then any of your sessions can refuse it with /password keep. A first password also waits for a day,\nunless your account is younger than that.\nAll other sessions that used the old password are logged out. Keys stay valid: check /devices."},
  {"name": "devices", "usage": "/devices", "help": "List your devices; /devices revoke KEY removes one.", "more": "\n/devices revoke KEY: the device is logged out, at once if you give your password, otherwise after a day. Until then,\nany of your sessions can refuse it with /devices keep KEY."},
  {"name": "quit", "usage": "/quit", "help": "Leave the chat."},
  {"name": "kick", "usage": "/kick NAME [REASON]", "help": "Remove NAME from the room.", "more": "\nThis also withdraws an invitation to a private room.", "wide": true},
  {"name": "ban", "usage": "/ban NAME [TIME] [REASON]", "help": "Ban NAME: /ban eve 2h spam.", "more": "\nA TIME is a number and s, m, h, d or w, such as 10m, 2h or 7d. Without one, there is no end.", "wide": true},
  {"name": "unban", "usage": "/unban NAME", "help": "Lift the ban on NAME.", "wide": true},
  {"name": "mute", "usage": "/mute NAME [TIME] [REASON]", "help": "Mute NAME: /mute eve 10m too loud.", "more": "\nA TIME is a number and s, m, h, d or w, such as 10m, 2h or 7d. Without one, there is no end.", "wide": true},
  {"name": "unmute", "usage": "/unmute NAME", "help": "Lift the mute on NAME.", "wide": true},
  {"name": "invite", "usage": "/invite NAME", "help": "Invite NAME to this private room."},
  {"name": "room", "usage": "/room [SETTING]", "help": "Show this room, or change it: /room announce on.", "more": "\n/room private, /room public: hide the room from all but members and invited users, or not.\n/room announce on, /room announce off: only the owner, moderators and users with a voice write.\n/room slow 30s, /room slow off: all others wait 30 seconds between two messages.\n/room rename #NEW: give the room another name; the old one still leads to it."},
  {"name": "voice", "usage": "/voice NAME", "help": "Let NAME write in a room for announcements.", "more": "\nNAME need not wait in a slow room either."},
  {"name": "unvoice", "usage": "/unvoice NAME", "help": "Take NAME's voice away."},
  {"name": "mod", "usage": "/mod NAME", "help": "Make NAME a moderator.", "wide": true},
  {"name": "unmod", "usage": "/unmod NAME", "help": "Remove NAME as moderator.", "wide": true},
];

/** Hints for the commands of other chats. @type {Record<string, string>} */
export const ELSEWHERE = {
  "msg": ". Use /dm NAME TEXT for a direct message.",
  "query": ". Use /dm NAME TEXT for a direct message.",
  "part": ". Use /leave to leave the room.",
  "names": ". Use /users to see who is online, or /users ROOM.",
  "who": ". Use /users to see who is online, or /users ROOM.",
  "list": ". Use /rooms to list the rooms.",
  "nick": ". Type /quit, then join under the other name.",
  "exit": ". Use /quit to leave the chat.",
  "clear": ". In `join`, press Ctrl+L to clear the screen."
};
