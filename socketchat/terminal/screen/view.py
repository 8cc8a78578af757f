"""Decides which events are shown, which are only counted and which are held back; draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from ...client.session.client_events import Gap, LinkBack, LinkLost, NotStored, Reset, StoredAgain
from ...client.session.positions import id_of_room
from ...protocol.codec import is_deleted
from ...protocol.conversations import LOBBY, is_room
from ...protocol.events import Changed, Conversation, Entry, Left, Past, Presence, Read, UnreadCount
from ...protocol.kinds import CHANGEABLE
from ...protocol.limits import NAME_CHARACTERS, PRESENCE_NAMES
from ...protocol.names import name_key
from ..model.completion import Known
from ..model.places import Places
from ..model.unread import Unread

REMEMBERED = 20_000
"""Most names, rooms and so on that are kept: our server has fewer users online, and a hostile one fills no memory."""

HELD = 1_000
"""Held-back events from which on no more are taken."""


def before(past: Sequence[Past], held: Sequence[object]) -> tuple[list[Entry], list[object]]:
    """Split held-back events into the direct messages older than the last line of a room, and the rest."""
    newest = past[-1].ts if past else 0
    direct = [
        event for event in held if isinstance(event, Entry) and not is_room(event.conversation) and event.ts < newest
    ]
    return direct, [event for event in held if not any(event is one for one in direct)]


class View:
    """One user's view of the chat: the current room and all direct messages are shown, everything else is counted.

    While the user enters a room, all events are held back until its history arrives, since they belong below it.
    """

    def __init__(
        self, user: str, name: str, heard: Callable[[], Mapping[str, Conversation]] = dict[str, Conversation]
    ) -> None:
        self.user = user
        self._heard = heard
        self.room = LOBBY
        self.unread = Unread(user, name_key(name))
        self.rooms: dict[str, str] = {LOBBY: LOBBY}
        self.online: dict[str, str] = {}
        self.online_count = 0  # more than the known names, if many users came together
        self._speakers: dict[str, str] = {}
        self._peers: dict[str, str] = {}
        self._held: list[object] | None = None
        self._places = Places(user)
        self.is_down = False
        """Whether the connection is lost."""
        self.refuses = False
        """Whether the server cannot store messages at the moment."""
        self._deleted: tuple[str, str] | None = None
        self._met = ""
        self.other_key = False
        """Whether the last attempt to reconnect met another key than the server's."""

    @property
    def known(self) -> Known:
        """The words that Tab can complete."""
        names = {**dict(reversed(self._speakers.items())), **self.online, **self._peers}
        return Known(list(names.values()), sorted(self.rooms.values()), self._places.lines)

    def quote(self, conversation: str, seq: int) -> str:
        """Return the first words of a line that was shown lately, or ""."""
        return self._places.words(conversation, seq)

    def take(self, event: object) -> list[object]:
        """Take an event; return the events to show now."""
        if self._held is not None:
            self._held.append(event)
            return []
        return [event] if self._seen(event) else []

    @property
    def is_full(self) -> bool:
        """Whether too many events are held back to take more before the room is entered."""
        return self._held is not None and len(self._held) >= HELD

    def enter(self) -> None:
        """Begin to enter a room: hold back everything until :meth:`entered` or :meth:`stayed`."""
        if self._held is None:
            self._held = []

    def entered(self, room: str, past: Sequence[Past]) -> list[object]:
        """Make ``room`` current, with ``past`` on the screen; return the held-back events to show below it."""
        self.room = self.name_room(room)
        self.unread.entered(self.id_of(room), past)
        for entry in past:
            self._note_speaker(entry)
        self._note_places(past)
        return self.stayed()

    def paged(self, conversation: str, past: Sequence[Past], before: int | None) -> None:
        """Note a page of history: the newest one, or the one ``before`` a seq."""
        self._note_places(past)
        if past and (not is_room(past[-1].conversation) or past[-1].conversation == self.id_of(self.room)):
            self.unread.paged(conversation, past, before)

    def listed(self, past: Sequence[Past]) -> None:
        """Note single lines that the user requested, as by a search."""
        self._note_places(past)

    def _note_places(self, past: Sequence[Past]) -> None:
        for entry in past:
            self._places.note(entry, self._room_name(entry.conversation))

    def stayed(self) -> list[object]:
        """Stay in the current room after all; return the held-back events to show."""
        held, self._held = self._held or [], None
        return [event for event in held if self._seen(event)]

    def id_of(self, room: str) -> str:
        """Return the id of a room, which may have another name by now."""
        return id_of_room(room, self._heard())

    def name_room(self, room: str) -> str:
        """Note the display form of a room's name; return that form."""
        known = self.rooms.get(self.id_of(room))
        if known is None or known == self.id_of(room):
            _remember(self.rooms, self.id_of(room), room)
        return self.rooms.get(self.id_of(room), room)

    def named(self, event: object) -> object:
        """Return an event with its room's name in the display form."""
        match event:
            case Presence() if event.room:
                return replace(event, room=self._room_name(event.room))
            case Left():
                return replace(event, conversation=self._room_name(event.conversation))
            case Gap() if is_room(event.conversation):
                return replace(event, conversation=self._room_name(event.conversation))
        return event

    def _room_name(self, room: str) -> str:
        return self.rooms.get(self.id_of(room), room)

    def count(self, unread: Iterable[UnreadCount]) -> None:
        """Use the server's counts."""
        for count in unread:
            if is_room(count.conversation):
                self.name_room(count.name)
                on_screen = count.conversation == self.id_of(self.room)
                messages = count.messages, count.mentions
                self.unread.counted(count.conversation, messages, more=count.more, on_screen=on_screen)

    def count_on_arrival(self, unread: Iterable[UnreadCount]) -> None:
        """Use the server's counts from before anything was shown."""
        for count in unread:
            if is_room(count.conversation):
                self.name_room(count.name)
                messages = count.messages, count.mentions
                self.unread.counted(count.conversation, messages, more=count.more, on_screen=False)

    def unread_in(self, rooms: Iterable[str]) -> dict[str, int]:
        """Return the numbers of unread messages in these rooms, by name."""
        return {room: self.unread.messages.get(self.id_of(room), 0) for room in rooms}

    def unseen(self, unread: Iterable[UnreadCount]) -> str | None:
        """Return the name of a conversation with unread direct messages that were not shown here."""
        direct = (count for count in unread if not is_room(count.conversation))
        return next((count.name for count in direct if not self.unread.has_shown(count.conversation)), None)

    def meet(self, names: Sequence[str]) -> None:
        """Note users who are online."""
        for name in names[:REMEMBERED]:
            _remember(self.online, name_key(name), name)
        self.online_count = len(self.online)

    def _seen(self, event: object) -> bool:
        match event:
            case Entry():
                return self._entry_seen(event)
            case Presence():
                return self._presence_seen(event)
            case Conversation():
                return self._noted(event)
            case Changed():
                return self._changed(event)
            case Read():
                self.unread.read_elsewhere(event.conversation, event.seq)
                return False
            case Left():
                self.unread.forget(event.conversation)
                return event.conversation == self.id_of(self.room)
            case Gap():
                return self._gap_seen(event)
            case LinkLost() | LinkBack() | NotStored() | StoredAgain():
                return self._link_changed(event)
            case Reset():
                self.unread.clear()
                self._places = Places(self.user)
        return True

    def _link_changed(self, event: LinkLost | LinkBack | NotStored | StoredAgain) -> bool:
        if isinstance(event, NotStored | StoredAgain):
            self.refuses = isinstance(event, NotStored)
            return True
        before, self.is_down = self.is_down, isinstance(event, LinkLost)
        self.other_key = isinstance(event, LinkLost) and event.other_key
        if isinstance(event, LinkLost) and event.other_key:
            before, self._met = event.reason == self._met, event.reason
        elif not self.is_down:
            self._met = ""
        return not (before and self.is_down)

    def _gap_seen(self, gap: Gap) -> bool:
        on_screen = not is_room(gap.conversation) or gap.conversation == self.id_of(self.room)
        if gap.reason == "skipped":
            self.unread.skipped(gap.conversation, gap.first, gap.last, on_screen=on_screen)
        return on_screen

    def _noted(self, event: Conversation) -> bool:
        if is_room(event.conversation):
            self.name_room(event.name or event.conversation)
        elif event.peer:
            _remember(self._peers, name_key(event.peer), event.peer)
        return False

    def _changed(self, event: Changed) -> bool:
        """Note the new name of a room; a notice in the room says what changed."""
        if event.name:
            is_here = self.id_of(self.room) == event.conversation or self.room == self.rooms.get(event.conversation)
            _remember(self.rooms, event.conversation, event.name)
            self.room = event.name if is_here else self.room
        return False

    def _entry_seen(self, entry: Entry) -> bool:
        if not self.unread.is_new(entry):
            return False
        if is_room(entry.conversation) and entry.conversation != self.id_of(self.room):
            self.unread.hidden(entry)
            return False
        self.unread.shown(entry)
        self._note_speaker(entry)
        self._places.note(entry, self._room_name(entry.conversation))
        deleted = entry.kind in CHANGEABLE and is_deleted(entry)
        before, self._deleted = self._deleted, (entry.conversation, entry.author) if deleted else None
        return not deleted or before != self._deleted  # one line replaces a run of them

    def _presence_seen(self, event: Presence) -> bool:
        if event.room:
            return self.id_of(event.room) == self.id_of(self.room)
        if event.online is not None:
            if not event.start:
                self.online.clear()
            self.meet([person.name for person in event.online])
        self.meet([person.name for person in event.appeared[:PRESENCE_NAMES]])
        for person in event.disappeared[:PRESENCE_NAMES]:
            self.online.pop(name_key(person.name), None)
        self.online_count = event.total
        return bool(event.appeared or event.disappeared)

    def _note_speaker(self, entry: Entry) -> None:
        if entry.author != self.user:
            self._speakers.pop(name_key(entry.name), None)
            _remember(self._speakers, name_key(entry.name), entry.name)


def _remember(known: dict[str, str], key: str, name: str) -> None:
    """Remember a name, unless it is too long for one, and forget the oldest if there are too many."""
    if len(name) <= 2 * NAME_CHARACTERS:
        known[key] = name
        if len(known) > REMEMBERED:
            del known[next(iter(known))]
