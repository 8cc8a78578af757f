"""Delivery: one write per recipient for each batch of outcomes.

Entries are encoded once per rendering, and joined once per conversation and rendering; every session gets the same
bytes object. Only authors without echo, and the two ends of a direct message, get bytes of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ...protocol.events import Entry, Event
from ..sessions import Places, Rendering, Session
from ..state.conversations import Conversation, Pair
from ..state.users import User
from .ignoring import as_read, ignores
from .replay import WRITE_BYTES

Group = list[tuple[Entry, Session | None, str | None]]
"""Entries of one conversation in order.

Each has its author's session, or None if the author hears it, too; and the text of a message to a room, if it is at
hand.
"""


LONG_TEXT_BYTES = 4096
"""Length of a text that takes long to render: for a plain reader each of its lines becomes a row."""

LONG_TEXTS_BYTES = 65_536
"""Such texts of one conversation that are rendered in one turn of the loop: the longest one, or some long ones."""


class Delivery:
    """Collects the lines of one batch for each session, then writes them."""

    def __init__(
        self, ignored_by: Mapping[str, Mapping[str, User]], sessions_of: Callable[[User], Sequence[Session]]
    ) -> None:
        self._ignored_by = ignored_by
        self._sessions_of = sessions_of
        self.groups: dict[Conversation, Group] = {}
        self._long: dict[Conversation, int] = {}  # bytes of long texts
        self.behind: list[Session] = []  # live sessions for which this batch exceeds one write
        self.changed: list[tuple[str, tuple[int, ...]]] = []
        self._answers: dict[Session, list[bytes]] = {}
        self._beside: list[tuple[Session, Event]] = []

    def answer(self, session: Session, data: bytes) -> None:
        """Add a line for one session, before the entries."""
        answers = self._answers.get(session)
        if answers is None:
            self._answers[session] = [data]
        else:
            answers.append(data)

    def tell(self, session: Session, event: Event) -> None:
        """Add an event for one session, after the entries; a session that does not listen gets it before its ``ok``."""
        if session.listens:
            self._beside.append((session, event))
        else:
            self.answer(session, session.rendering.event(event))

    def add(self, conversation: Conversation, entry: Entry, session: Session | None, text: str | None = None) -> None:
        """Add an entry, in log order."""
        group = self.groups.get(conversation)
        if group is None:
            self.groups[conversation] = [(entry, session, text)]
        else:
            group.append((entry, session, text))
        size = len(entry.body)
        if size > LONG_TEXT_BYTES:
            self._long[conversation] = self._long.get(conversation, 0) + size

    def authors(self) -> set[str]:
        """Return the ids of the authors."""
        return {entry.author for group in self.groups.values() for entry, _, _ in group}

    def send(self) -> None:
        """Advance the heads, then write to each session once."""
        self._write(self._news())

    def _news(self) -> dict[Session, bytes]:
        """Return the bytes of the entries for each session."""
        news: dict[Session, bytes] = {}
        for conversation, group in self._rendered():
            entry, author, text = group[0]
            for rendering, sessions in conversation.audience.items():
                if text is not None and len(group) == 1 and not (self._ignored_by or rendering.confirms):
                    self._gather_message(news, rendering, sessions, conversation, entry, author, text)
                elif rendering.sided and isinstance(conversation, Pair):
                    self._gather_sided(news, rendering, sessions, conversation, group)
                else:
                    ignorers = self._ignorers(group) if self._ignored_by else ()
                    self._gather(news, rendering, sessions, conversation, group, ignorers=ignorers)
        return news

    def _write(self, news: dict[Session, bytes]) -> None:
        """Write to each session its answers, its news, and the events beside them."""
        answers = self._answers
        for session, data in news.items():
            lines = answers.pop(session, None) if answers else None
            if len(data) > WRITE_BYTES:
                session.places.fall_behind(self._bases())
                self.behind.append(session)
                data = b""  # noqa: PLW2901 - replay sends it in parts
            if lines is not None:
                data = b"".join(lines) + data  # noqa: PLW2901 - still one write
            if data:
                session.write(data)
        for session, lines in answers.items():
            session.write(b"".join(lines))
        for session, event in self._beside:
            session.tell(event)

    def _rendered(self) -> Iterable[tuple[Conversation, Group]]:
        """Move the heads, and return the groups to render; replay serves the others."""
        for conversation, group in self.groups.items():
            conversation.head = group[-1][0].seq
        if self._long:
            bases = self._bases()
            for conversation, size in self._long.items():
                if size > LONG_TEXTS_BYTES and len(self.groups[conversation]) > 1:
                    self._leave_to_replay(conversation, bases)
                    del self.groups[conversation]
        return self.groups.items()

    def _bases(self) -> dict[Conversation, int]:
        """Return the heads before this batch."""
        return {conversation: group[0][0].seq - 1 for conversation, group in self.groups.items()}

    def _leave_to_replay(self, conversation: Conversation, bases: Mapping[Conversation, int]) -> None:
        """Mark all sessions that hear a conversation as behind: replay renders in each turn only what it sends."""
        for sessions in conversation.audience.values():
            for session, places in sessions.items():
                if not places.is_behind:
                    places.fall_behind(bases)
                    self.behind.append(session)
                places.miss(conversation, bases[conversation])

    def _ignorers(self, group: Group) -> list[Session]:
        """Return the sessions that ignore an author of these entries."""
        users = {user for entry, _, _ in group for user in self._ignored_by.get(entry.author, {}).values()}
        return [session for user in users for session in self._sessions_of(user)]

    @staticmethod
    def _gather_message(  # noqa: PLR0917 - keyword arguments would cost a tenth of the time per message here
        news: dict[Session, bytes],
        rendering: Rendering,
        sessions: dict[Session, Places],
        conversation: Conversation,
        entry: Entry,
        author: Session | None,
        text: str,
    ) -> None:
        """Add the line of a single message: what ``_gather`` does for a group of one, without the lists."""
        line = rendering.message(entry, text)
        deaf = None if rendering.echo else author
        for session, places in sessions.items():
            if places.lacks is not None:
                places.miss(conversation, entry.seq - 1)
            elif session is not deaf:
                news[session] = news[session] + line if session in news else line

    @staticmethod
    def _gather(
        news: dict[Session, bytes],
        rendering: Rendering,
        sessions: dict[Session, Places],
        conversation: Conversation,
        group: Group,
        *,
        ignorers: Iterable[Session],
    ) -> None:
        """Add the same bytes for every live session, except authors without echo and sessions that ignore an author."""
        lines = _lines(rendering, group)
        data = b"".join(lines)
        apart: dict[Session | None, bytes] = {} if rendering.echo else _without_own(data, lines, group)
        if rendering.confirms:
            apart |= _confirmed(rendering, lines, group)
        for session in ignorers:
            if session in sessions:
                apart[session] = _as_read_by(session, rendering, lines, group)
        for session, places in sessions.items():
            if places.lacks is not None:
                places.miss(conversation, group[0][0].seq - 1)
                continue
            mine = apart.get(session, data) if apart else data
            if session in news:
                news[session] += mine
            elif mine:
                news[session] = mine

    @staticmethod
    def _gather_sided(
        news: dict[Session, bytes],
        rendering: Rendering,
        sessions: dict[Session, Places],
        conversation: Conversation,
        group: Group,
    ) -> None:
        """Add the lines of a direct message in the form for each of its two ends, which may have many sessions."""
        ends: dict[User, list[bytes]] = {}
        for session, places in sessions.items():
            user = session.user
            if places.lacks is not None:
                places.miss(conversation, group[0][0].seq - 1)
            elif user is not None:
                if user not in ends:
                    ends[user] = [
                        rendering.entry(as_read(entry, user), own=entry.author == user.id) for entry, _, _ in group
                    ]
                lines = _confirmed_end(rendering, ends[user], session, group) if rendering.confirms else ends[user]
                news[session] = news.get(session, b"") + b"".join(lines)


def _confirmed_end(rendering: Rendering, lines: list[bytes], session: Session, group: Group) -> list[bytes]:
    """Return the lines of a direct message for one session of one of its ends; its own ones are its answers."""
    if not any(author is session for _, author, _ in group):
        return lines
    return [
        line
        if author is not session
        else confirmed
        if (confirmed := rendering.confirm(entry, session)) is not None
        else line * rendering.echo
        for line, (entry, author, _) in zip(lines, group, strict=True)
    ]


def _confirmed(rendering: Rendering, lines: list[bytes], group: Group) -> dict[Session | None, bytes]:
    """Return the bytes for each session that gets one of its own entries in another form than everyone else."""
    others: dict[Session, dict[int, bytes]] = {}
    for place, (entry, session, _) in enumerate(group):
        if session is not None and session.rendering is rendering:
            confirmed = rendering.confirm(entry, session)
            if confirmed is not None:
                others.setdefault(session, {})[place] = confirmed
    return {
        session: b"".join(
            mine.get(place, b"" if author is session and not rendering.echo else line)
            for place, (line, (_, author, _)) in enumerate(zip(lines, group, strict=True))
        )
        for session, mine in others.items()
    }


def _lines(rendering: Rendering, group: Group) -> list[bytes]:
    """Return the bytes of each entry."""
    render, message = rendering.entry, rendering.message
    return [render(entry) if text is None else message(entry, text) for entry, _, text in group]


def _as_read_by(session: Session, rendering: Rendering, lines: list[bytes], group: Group) -> bytes:
    """Return the bytes for a session that ignores an author."""
    user = session.user
    return b"".join(
        rendering.entry(as_read(entry, user)) if user is not None and ignores(user, entry) else line
        for line, (entry, author, _) in zip(lines, group, strict=True)
        if rendering.echo or author is not session
    )


def _without_own(data: bytes, lines: list[bytes], group: Group) -> dict[Session | None, bytes]:
    """Return for each author the lines of the others; ``data`` is all lines."""
    if len(group) == 1:  # the most common case
        return {group[0][1]: b""}
    pieces: dict[Session | None, list[bytes]] = {}
    ends: dict[Session | None, int] = {}
    at = 0
    author = group[0][1]
    begin = 0
    for line, (_, session, _) in zip(lines, group, strict=True):
        if session is not author:
            pieces.setdefault(author, []).append(data[ends.get(author, 0) : begin])
            ends[author] = at
            author, begin = session, at
        at += len(line)
    pieces.setdefault(author, []).append(data[ends.get(author, 0) : begin])
    ends[author] = at
    return {session: b"".join([*parts, data[ends[session] :]]) for session, parts in pieces.items()}
