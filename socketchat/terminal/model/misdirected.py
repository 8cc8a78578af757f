"""Keeps what was typed for one room out of another, unless the user confirms it with a second Enter."""

from __future__ import annotations

from ...protocol.slash.parsing import is_for_room

REFUSED = 100
"""Refused lines whose room is remembered: more than a user steps back through with the arrow key."""


class Misdirected:
    """Holds back a line in a room that the user did not choose, and a line that was refused in another room."""

    def __init__(self) -> None:
        self._gone = ""
        self._doubted = ""
        self._refused: dict[str, str] = {}

    def put_out(self, room: str) -> None:
        """Note that the user was removed from a room, and is now in another one."""
        self._gone, self._doubted = room, ""

    def chose(self) -> None:
        """Note that the user chose the current room."""
        self._gone = self._doubted = ""

    def refused(self, line: str, conversation: str) -> None:
        """Note a refused line, which was for this conversation."""
        if is_for_room(line):
            self._refused.pop(line, None)
            self._refused[line] = conversation
            if len(self._refused) > REFUSED:
                del self._refused[next(iter(self._refused))]

    def doubt(self, line: str, room: str) -> str:
        """Return why a line is not sent to the current room yet; "" if it is sent, as when the user repeats it."""
        meant = self._refused.pop(line, room)
        if (self._gone or meant) == room or not is_for_room(line):
            return ""
        if self._gone and line == self._doubted:
            self.chose()
            return ""
        self._doubted = line
        does = f"do this in {room}" if line.startswith("/") and not line.startswith("//") else f"send this to {room}"
        if self._gone:
            return f"You are no longer in {self._gone}. Press Enter again to {does}."
        return f"You typed this for {meant}. Press Enter again to {does}."
