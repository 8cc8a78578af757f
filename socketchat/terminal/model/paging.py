"""Pages back through a conversation: each page comes before the previous one, from the newest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ...client.session.client_events import Gap, Reset
from ...client.session.positions import id_of_room
from ...protocol.commands import History
from ...protocol.conversations import is_room
from ...protocol.events import Conversation, Past
from ...protocol.kinds import REFERS
from ...protocol.names import name_key
from ...protocol.slash.arguments import NEWEST
from ...protocol.text.references import place

PAGE = 50
"""Lines of a page if the user does not say how many."""


class Paging:
    """The oldest seq of the last page of each conversation, by its id.

    The first page is the newest one, even if its lines are on the screen already: there they have no places.
    """

    def __init__(self, conversations: Mapping[str, Conversation]) -> None:
        self._conversations = conversations
        self._oldest: dict[str, int] = {}

    def begin(self, room: str) -> None:
        """Begin again with the newest lines of a room that the user enters."""
        self._oldest.pop(self.id_of(room), None)

    def note(self, event: object) -> None:
        """Continue above skipped lines, and begin again if the server has another history."""
        match event:
            case Gap(reason="skipped"):
                self._oldest[event.conversation] = event.last + 1
            case Reset():
                self._oldest.clear()

    def next(self, command: History) -> History:
        """Return the command for the next page of a conversation; a command with a position stays as it is."""
        before = self._oldest.get(self.id_of(command.conversation))
        asks_where = command.around is not None or command.before is not None
        return command if before is None or asks_where else replace(command, before=before)

    def told(self, command: History, past: Sequence[Past], *, more: bool) -> str:
        """Note a page, and return its caption: what it shows, what it lacks, and how to go on."""
        where = command.conversation
        if command.around is not None:
            return f"around {where}/{command.around}"
        if not past:
            has_before = command.before is not None and command.before != NEWEST
            return f"no messages {'before that ' if has_before else ''}in {where}"
        first = past[0]
        last = past[-1]
        shown = f"{first.place} to {place(last.place.rpartition('/')[0], last.newest)}"
        if more:
            self._oldest[first.conversation] = first.seq
            lines = sum(entry.kind not in REFERS for entry in past)
            asked = command.limit if command.limit != PAGE else 0
            lacks = f" ({lines} of {asked:,}: a page holds no more)" if lines < asked else ""
            return f"{shown}{lacks}; /history shows what came before"
        self._oldest.pop(first.conversation, None)
        end = (
            f"this is the beginning of {where}" if first.seq == 1 else f"lines before {first.place} are no longer kept"
        )
        return f"{shown}; {end}"

    def id_of(self, name: str) -> str:
        """Return the id of a conversation that the user typed; the name itself if it has no messages yet."""
        if is_room(name):
            return id_of_room(name, self._conversations)
        key = name_key(name.removeprefix("@"))
        pairs = (each.conversation for each in self._conversations.values() if each.peer and name_key(each.peer) == key)
        return next(pairs, name)
