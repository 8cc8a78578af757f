"""What is current, what is counted and what is held back: decides which events are seen, and draws nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from ...client.session.client_events import Gap, LinkBack, LinkLost, NotStored, Reset, StoredAgain
from ...protocol.codec import is_deleted
from ...protocol.conversations import LOBBY, is_room, room_id
from ...protocol.events import Conversation, Entry, Left, Past, Presence, Read, UnreadCount
from ...protocol.kinds import CHANGEABLE, COUNTED
from ...protocol.limits import NAME_CHARACTERS, PRESENCE_NAMES
from ...protocol.names import name_key
from ...protocol.text.mentions import is_mention
from ..model.completion import Known
from ..model.places import Places

REMEMBERED = 20_000
"""Names, rooms and the like that are remembered of each kind, the newest: no server of ours has more people online, and
another one fills no memory."""

HELD = 1_000
"""Events that are held back before no more are taken."""


def before(past: Sequence[Past], held: Sequence[object]) -> tuple[list[Entry], list[object]]:
    """Part what was held back: direct messages that are older than the last line of a room, and the rest."""
    newest = past[-1].ts if past else 0
    direct = [
        event for event in held if isinstance(event, Entry) and not is_room(event.conversation) and event.ts < newest
    ]
    return direct, [event for event in held if not any(event is one for one in direct)]


class View:
    """One user's view of the chat: the text of the current room and all direct messages are seen, the rest is counted.

    While a room is entered, everything is held back until its history is there: what comes meanwhile belongs below it.
    """

    def __init__(self, user: str, name: str) -> None:
        self.user = user
        self._key = name_key(name)
        self.room = LOBBY
        self.unread: Counter[str] = Counter()
        self.to_you: Counter[str] = Counter()
        self.rooms: dict[str, str] = {LOBBY: LOBBY}
        self.online: dict[str, str] = {}
        self.online_count = 0  # more than the names that are known, if many came at once
        self._speakers: dict[str, str] = {}
        self._peers: dict[str, str] = {}
        self._newest: dict[str, int] = {}
        self._shown: dict[str, int] = {}
        self._held: list[object] | None = None
        self._places = Places(user)
        self.is_down = False
        self.refuses = False
        """Whether the server stores nothing at the moment."""
        self._deleted: tuple[str, str] | None = None
        self._met = ""
        self.other_key = False
        """Whether the last try to come back met another key than the server's."""

    @property
    def known(self) -> Known:
        """What Tab can complete."""
        names = {**dict(reversed(self._speakers.items())), **self.online, **self._peers}
        return Known(list(names.values()), sorted(self.rooms.values()), self._places.lines)

    def take(self, event: object) -> list[object]:
        """Take what the client was told; return what is to be seen now."""
        if self._held is not None:
            self._held.append(event)
            return []
        return [event] if self._seen(event) else []

    @property
    def is_full(self) -> bool:
        """Whether so much is held back that no more should be taken until the room is entered."""
        return self._held is not None and len(self._held) >= HELD

    def enter(self) -> None:
        """Begin to enter a room: hold back everything until :meth:`entered` or :meth:`stayed`."""
        if self._held is None:
            self._held = []

    def entered(self, room: str, past: Sequence[Past]) -> list[object]:
        """Make ``room`` current, of which ``past`` is seen; return what was held back and is to be seen below it."""
        self.room = self.name_room(room)
        if past:
            self._newest[room_id(room)] = self._shown[room_id(room)] = past[-1].newest
        for entry in past:
            self._note_speaker(entry)
        self.listed(past)
        self._read(room_id(room))
        return self.stayed()

    def listed(self, past: Sequence[Past], *, is_newest: bool = False) -> None:
        """Note what was asked for; the newest direct messages count as shown, as those do that are live."""
        for entry in past:
            self._places.note(entry, self._room_name(entry.conversation))
        if is_newest and past and not is_room(past[-1].conversation):
            last = past[-1]
            self._newest[last.conversation] = max(last.newest, self._newest.get(last.conversation, 0))
            self._shown[last.conversation] = max(last.newest, self._shown.get(last.conversation, 0))

    def stayed(self) -> list[object]:
        """Stay where one is after all; return what was held back and is to be seen."""
        held, self._held = self._held or [], None
        return [event for event in held if self._seen(event)]

    def name_room(self, room: str) -> str:
        """Note how a room writes its name; return that."""
        known = self.rooms.get(room_id(room))
        if known is None or known == room_id(room):
            _remember(self.rooms, room_id(room), room)
        return self.rooms.get(room_id(room), room)

    def named(self, event: object) -> object:
        """Return an event with the room written as it writes itself."""
        match event:
            case Presence() if event.room:
                return replace(event, room=self._room_name(event.room))
            case Left():
                return replace(event, conversation=self._room_name(event.conversation))
            case Gap() if is_room(event.conversation):
                return replace(event, conversation=self._room_name(event.conversation))
        return event

    def _room_name(self, room: str) -> str:
        return self.rooms.get(room_id(room), room)

    def shown(self) -> dict[str, int]:
        """Return up to which seq conversations were shown, where that is more than the last time."""
        shown, self._shown = self._shown, {}
        return shown

    def count(self, unread: Iterable[UnreadCount]) -> None:
        """Take over what the server counted; the current room is shown, and so are direct messages."""
        for count in unread:
            if is_room(count.conversation):
                self.name_room(count.name)
                if count.conversation != room_id(self.room):
                    self.unread[count.conversation] = count.messages
                    self.to_you[count.conversation] = count.mentions

    def unseen(self, unread: Iterable[UnreadCount]) -> str | None:
        """Return whose unread direct messages are not shown here: those from before the first visit do not come."""
        direct = (count for count in unread if not is_room(count.conversation))
        return next((count.name for count in direct if count.conversation not in self._newest), None)

    def meet(self, names: Sequence[str]) -> None:
        """Note who is online."""
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
            case Read():
                return self._read_elsewhere(event)
            case Left():
                self._read(event.conversation)
                for known in (self._newest, self._shown):
                    known.pop(event.conversation, None)
                return event.conversation == room_id(self.room)
            case Gap():
                return not is_room(event.conversation) or event.conversation == room_id(self.room)
            case LinkLost() | LinkBack() | NotStored() | StoredAgain():
                return self._link_changed(event)
            case Reset():
                self._shown.clear()
                self.unread.clear()
                self.to_you.clear()
                self._newest.clear()
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

    def _read_elsewhere(self, event: Read) -> bool:
        if event.seq >= self._newest.get(event.conversation, 0):
            self._read(event.conversation)
        return False

    def _read(self, conversation: str) -> None:
        self.unread.pop(conversation, None)
        self.to_you.pop(conversation, None)

    def _noted(self, event: Conversation) -> bool:
        if is_room(event.conversation):
            self.name_room(event.name or event.conversation)
        elif event.peer:
            _remember(self._peers, name_key(event.peer), event.peer)
        return False

    def _entry_seen(self, entry: Entry) -> bool:
        if entry.seq <= self._newest.get(entry.conversation, 0):
            return False
        self._newest[entry.conversation] = entry.seq
        deleted = entry.kind in CHANGEABLE and is_deleted(entry)
        if is_room(entry.conversation) and entry.conversation != room_id(self.room):
            if entry.kind in COUNTED and entry.author != self.user and not deleted:
                self.unread[entry.conversation] += 1
                self.to_you[entry.conversation] += is_mention(entry, self.user, self._key)
            return False
        self._shown[entry.conversation] = entry.seq
        self._note_speaker(entry)
        self._places.note(entry, self._room_name(entry.conversation))
        before, self._deleted = self._deleted, (entry.conversation, entry.author) if deleted else None
        return not deleted or before != self._deleted  # one line stands for all in a row

    def _presence_seen(self, event: Presence) -> bool:
        if event.room:
            return room_id(event.room) == room_id(self.room)
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
    """Remember a name, unless it is none of ours, and forget the oldest where there are too many."""
    if len(name) <= 2 * NAME_CHARACTERS:
        known[key] = name
        if len(known) > REMEMBERED:
            del known[next(iter(known))]
