"""Where paging back through a conversation goes on: each page is the one before the last, from the newest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ...client.session.client_events import Gap, Reset
from ...protocol.commands import History
from ...protocol.conversations import is_room, room_id
from ...protocol.events import Conversation, Past
from ...protocol.names import name_key
from ...protocol.text.references import place


class Paging:
    """The oldest seq of the last page of each conversation, by its id.

    The first page is the newest, also of lines that are on the screen already, where they have no places.
    """

    def __init__(self, conversations: Mapping[str, Conversation]) -> None:
        self._conversations = conversations
        self._oldest: dict[str, int] = {}

    def begin(self, room: str) -> None:
        """Begin anew with the newest lines of a room that is entered."""
        self._oldest.pop(room_id(room), None)

    def note(self, event: object) -> None:
        """Go on where lines were skipped, and anew where the server has another history."""
        match event:
            case Gap(reason="skipped"):
                self._oldest[event.conversation] = event.last + 1
            case Reset():
                self._oldest.clear()

    def next(self, command: History) -> History:
        """Return what to ask for the next page of a conversation; a command that names a place stays as it is."""
        before = self._oldest.get(self._id_of(command.conversation))
        return command if before is None or command.around or command.before else replace(command, before=before)

    def told(self, command: History, past: Sequence[Past], *, more: bool) -> str:
        """Take note of what was told, and return the words for it."""
        where = command.conversation
        if command.around is not None:
            return f"around {where}/{command.around}"
        if not past:
            return f"nothing was said {'before that ' if command.before else ''}in {where}"
        first = past[0]
        last = past[-1]
        shown = f"{first.place} to {place(last.place.rpartition('/')[0], last.newest)}"
        if more:
            self._oldest[first.conversation] = first.seq
            return f"{shown}; /history shows what came before"
        self._oldest.pop(first.conversation, None)
        end = (
            f"this is the beginning of {where}" if first.seq == 1 else f"what came before {first.seq} is no longer kept"
        )
        return f"{shown}; {end}"

    def _id_of(self, name: str) -> str:
        """Return the id of a conversation that somebody typed; the name itself where nothing was said yet."""
        if is_room(name):
            return room_id(name)
        key = name_key(name.removeprefix("@"))
        pairs = (each.conversation for each in self._conversations.values() if each.peer and name_key(each.peer) == key)
        return next(pairs, name)
