"""Where paging back through a conversation goes on: each page is the one before what was shown last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ..client.facts import Gap, Reset
from ..protocol.commands import History
from ..protocol.conversations import is_room, room_id
from ..protocol.events import Conversation, Past
from ..protocol.names import name_key


class Paging:
    """The oldest seq that was shown of each conversation, by its id."""

    def __init__(self, conversations: Mapping[str, Conversation]) -> None:
        self._conversations = conversations
        self._oldest: dict[str, int] = {}

    def begin(self, past: Sequence[Past]) -> None:
        """Go on before what was just shown of a conversation that was entered."""
        if past:
            self._oldest[past[0].conversation] = past[0].seq

    def note(self, event: object) -> None:
        """Go on where lines were skipped, and anew where the server has another history."""
        match event:
            case Gap(reason="skipped"):
                self._oldest[event.conversation] = event.last + 1
            case Reset():
                self._oldest.clear()

    def next(self, command: History) -> History:
        """Return what to ask for the next page of a conversation, or for lines around a place."""
        before = self._oldest.get(self._id_of(command.conversation))
        return replace(command, before=before) if before is not None and command.around is None else command

    def told(self, command: History, past: Sequence[Past], *, more: bool) -> str:
        """Take note of what was told, and return the words for it."""
        where = command.conversation
        if command.around is not None:
            return f"around {where}/{command.around}"
        self.begin(past)
        shown = f"{past[0].place} to {past[-1].place}" if past else ""
        if more:
            return f"{shown}; /history shows what came before"
        oldest = self._oldest.get(self._id_of(where), 1)
        end = f"this is the beginning of {where}" if oldest == 1 else f"what came before {oldest} is no longer kept"
        return f"{shown}; {end}" if past else end

    def _id_of(self, name: str) -> str:
        """Return the id of a conversation that somebody typed; the name itself where nothing was said yet."""
        if is_room(name):
            return room_id(name)
        key = name_key(name.removeprefix("@"))
        pairs = (each.conversation for each in self._conversations.values() if each.peer and name_key(each.peer) == key)
        return next(pairs, name)
