"""Replay: sessions that are behind are served from the journal, page by page, until they are live.

A page holds the entries of one conversation between two multiples of 64, so that all returning clients read the same
pages: each is read once, encoded once per rendering, and cached. Replay never reads past the delivered head. When the
last sent seq equals the head, the session is live; the check and the change have no await in between.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine, Iterable

from ...exceptions import ChatError, StorageProblem
from ...journal import Journal
from ...protocol.events import Bye, Entry
from ..sessions import Rendering, Session
from ..state.conversations import Conversation, Pair
from .ignoring import as_read, ignores
from .presence import Timer

PAGE_ENTRIES = 64
"""Entries in a page: with the longest texts a page is 2 MiB, with ordinary lines about 10 KiB."""

WRITE_BYTES = 262_144
"""One write adds at most this much to a session's buffer."""

CHUNK_BYTES = 65_536
"""Bytes in one write of replay, unless one text is longer: a thousand sessions that drain together take turns."""

CACHE_BYTES = 16_777_216
"""Bytes of entries cached for other returning clients."""

READS_IN_FLIGHT = 4
"""Most reads in flight: more would only wait for the journal's two reader threads."""

PageId = tuple[str, int]


class Page:
    """The delivered entries of one page, and their bytes."""

    __slots__ = ("_lines", "_wholes", "authors", "entries", "first", "size")

    def __init__(self, first: int) -> None:
        self.first = first
        self.entries: list[Entry] = []
        self.size = 0
        self.authors: set[str] = set()
        self._lines: dict[tuple[Rendering, bool], dict[int, bytes]] = {}
        self._wholes: dict[Rendering, bytes] = {}

    @property
    def next_seq(self) -> int:
        """The seq after the last entry of the page."""
        return self.first + len(self.entries)

    def extend(self, entries: list[Entry]) -> None:
        """Append entries."""
        self.entries += entries
        self.size += sum(len(entry.body) for entry in entries)
        self.authors.update(entry.author for entry in entries)
        self._wholes.clear()

    def whole(self, rendering: Rendering) -> bytes:
        """Return the bytes of all entries, for readers who wrote none of them; joined at the first call."""
        whole = self._wholes.get(rendering)
        if whole is None:
            lines = [self.line(place, rendering, own=False) for place in range(len(self.entries))]
            whole = self._wholes[rendering] = b"".join(lines)
        return whole

    def line(self, place: int, rendering: Rendering, *, own: bool) -> bytes:
        """Return the bytes of one entry; only that one is encoded, at the first call."""
        lines = self._lines.setdefault((rendering, own), {})
        line = lines.get(place)
        if line is None:
            line = lines[place] = rendering.entry(self.entries[place], own=own)
        return line


class Replay:
    """Serves the sessions that are behind.

    ``charge`` counts the bytes that a session is sent, and returns how many seconds it has to wait for more.
    """

    def __init__(
        self,
        journal: Journal,
        spawn: Callable[[Coroutine[None, None, None]], object],
        caught_up: Callable[[Session], None],
        charge: Callable[[Session, int], float],
        timer: Timer,
    ) -> None:
        self._journal = journal
        self._spawn = spawn
        self._caught_up = caught_up
        self._charge = charge
        self._timer = timer
        self._pages: OrderedDict[PageId, Page] = OrderedDict()
        self._size = 0
        self._waiting: dict[PageId, dict[Session, None]] = {}
        self._late: dict[PageId, list[Entry]] = {}  # delivered during the read of their page
        self._stale: set[PageId] = set()  # changed during their read
        self._queue: deque[tuple[PageId, Conversation]] = deque()
        self._reads = 0

    @property
    def reads(self) -> bool:
        """Whether any page is cached or being read, so that delivered entries must be added."""
        return bool(self._pages or self._waiting)

    def advance(self, session: Session) -> None:
        """Send a session its missing entries until its buffer is full, a page must be read, or it is live."""
        while session.places.is_behind and not session.paused and not session.places.rests:
            chunk, waits = self._next_chunk(session)
            if chunk:
                self._send(session, b"".join(chunk))
            elif not waits:
                if session.places.catch_up():
                    self._caught_up(session)
                return
            if waits:
                return

    def extend(self, conversation: Conversation, entries: list[Entry]) -> None:
        """Add delivered entries to the newest page, if it is cached or being read."""
        for entry in entries:
            index, place = divmod(entry.seq - 1, PAGE_ENTRIES)
            page_id = (conversation.id, index)
            if page_id in self._waiting:
                self._late.setdefault(page_id, []).append(entry)
            page = self._pages.get(page_id)
            before = (conversation.id, index - 1)
            if page is None and place == 0 and (before in self._pages or before in self._waiting):
                page = self._add(page_id, entry.seq)
            if page is not None and page.next_seq == entry.seq:
                page.extend([entry])
                self._size += len(entry.body)

    def drop(self, conversation: str, seqs: Iterable[int]) -> None:
        """Drop the pages of changed entries."""
        for page_id in {(conversation, (seq - 1) // PAGE_ENTRIES) for seq in seqs}:
            page = self._pages.pop(page_id, None)
            self._size -= page.size if page else 0
            if page_id in self._waiting:
                self._stale.add(page_id)
                self._late.pop(page_id, None)

    def drop_below(self, conversation: str, floor: int) -> None:
        """Drop the pages of entries below the floor."""
        gone = [page for page_id, page in self._pages.items() if page_id[0] == conversation and page.first < floor]
        self.drop(conversation, [page.first for page in gone])

    def forget(self, session: Session) -> None:
        """Stop serving a session that is gone."""
        for sessions in self._waiting.values():
            sessions.pop(session, None)

    def _send(self, session: Session, chunk: bytes) -> None:
        """Send a chunk; the session rests for a turn after a whole one, and longer if its user was sent too much."""
        seconds = self._charge(session, len(chunk))
        if seconds or len(chunk) >= CHUNK_BYTES:
            session.places.rests = True
            self._timer(seconds, lambda: self._go_on(session))
        session.write(chunk)

    def _go_on(self, session: Session) -> None:
        session.places.rests = False
        self.advance(session)

    def _next_chunk(self, session: Session) -> tuple[list[bytes], bool]:
        """Return the next lines for a session, and whether it has to wait for a page."""
        chunk: list[bytes] = []
        room = CHUNK_BYTES
        places = session.places
        while places.lacks and room > 0:
            conversation, position = next(iter(places.lacks.items()))
            position = max(position, conversation.floor - 1)
            if position < conversation.head:
                page = self._page(conversation, position, session)
                if page is None:
                    return chunk, True
                position, taken = self._take(session, conversation, page, position, room)
                room -= sum(map(len, taken))
                chunk += taken
            places.was_sent(conversation, position)
        return chunk, False

    def _take(
        self, session: Session, conversation: Conversation, page: Page, position: int, room: int
    ) -> tuple[int, list[bytes]]:
        """Return the position after the entries of a page that fit into ``room`` bytes, and their bytes."""
        position = max(position, page.first - 1)  # earlier entries were dropped
        rendering = session.rendering
        is_pair = isinstance(conversation, Pair)
        stop = min(page.next_seq - 1, conversation.head)
        is_whole = position == page.first - 1 and stop == page.next_seq - 1
        if is_whole and page.size <= CHUNK_BYTES and _reads_as_others(session, page):
            whole = page.whole(rendering)
            if len(whole) <= CHUNK_BYTES:  # all sessions that drain together share these bytes
                return stop, [whole]
        taken = []
        while position < stop and room > 0:
            place = position + 1 - page.first
            entry = page.entries[place]
            own = session.user is not None and entry.author == session.user.id
            if session.user is not None and ignores(session.user, entry):
                taken.append(rendering.entry(as_read(entry, session.user)))
                room -= len(taken[-1])
            elif not own or rendering.echo or is_pair or entry.kind in rendering.echoed:
                line = page.line(place, rendering, own=own and is_pair and rendering.sided)
                taken.append(line)
                room -= len(line)
            position += 1
        return position, taken

    def _page(self, conversation: Conversation, position: int, session: Session) -> Page | None:
        """Return the page that holds the entry after ``position``, or None and call advance() when it is read."""
        page_id = (conversation.id, position // PAGE_ENTRIES)
        page = self._pages.get(page_id)
        if page is not None and page.next_seq > position + 1:
            self._pages.move_to_end(page_id)
            return page
        waiting = self._waiting.get(page_id)
        if waiting is None:
            waiting = self._waiting[page_id] = {}
            self._queue.append((page_id, conversation))
            self._read_more()
        waiting[session] = None
        return None

    def _read_more(self) -> None:
        while self._queue and self._reads < READS_IN_FLIGHT:
            self._reads += 1
            self._spawn(self._read(*self._queue.popleft()))

    async def _read(self, page_id: PageId, conversation: Conversation) -> None:
        after = page_id[1] * PAGE_ENTRIES
        upto = min(conversation.head, after + PAGE_ENTRIES)
        problem: ChatError | None = None
        try:
            entries = await self._journal.read(
                conversation.id, after=after, upto=upto, limit=PAGE_ENTRIES, current=True
            )
            while page_id in self._stale:
                self._stale.discard(page_id)
                entries = await self._journal.read(
                    conversation.id, after=after, upto=upto, limit=PAGE_ENTRIES, current=True
                )
            # Retention may drop entries below the floor during the read, before the hub hears of it.
            entries = [conversation.addressed(entry) for entry in entries if entry.seq >= conversation.floor]
            first = entries[0].seq if entries else upto + 1
            if [entry.seq for entry in entries] != list(range(first, upto + 1)):
                raise StorageProblem(f"The history of {conversation.id} cannot be read. Tell whoever runs the server.")
            self._put(page_id, first, entries)
        except ChatError as error:
            problem = error
        self._reads -= 1
        self._stale.discard(page_id)
        self._late.pop(page_id, None)
        for session in self._waiting.pop(page_id):
            if problem is not None:
                session.link.close(session.rendering.event(Bye(code=problem.code, text=str(problem), reconnect=True)))
            else:
                self.advance(session)
        self._read_more()

    def _put(self, page_id: PageId, first: int, entries: list[Entry]) -> None:
        """Cache a page that was read, with the entries delivered meanwhile."""
        old = self._pages.pop(page_id, None)
        self._size -= old.size if old else 0
        page = self._add(page_id, first)
        page.extend(entries)
        for entry in self._late.get(page_id, []):
            if entry.seq == page.next_seq:
                page.extend([entry])
        self._size += page.size

    def _add(self, page_id: PageId, first: int) -> Page:
        while self._size > CACHE_BYTES and self._pages:
            self._size -= self._pages.popitem(last=False)[1].size
        page = self._pages[page_id] = Page(first)
        return page


def _reads_as_others(session: Session, page: Page) -> bool:
    """Tell whether a session gets the shared bytes of a page: its user wrote nothing in it and ignores no author."""
    user = session.user
    return user is None or (user.id not in page.authors and user.ignored.isdisjoint(page.authors))
