"""Moves between rooms: arrives, enters and leaves rooms, and tells what is unread there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ..client.asyncio.client import Client
from ..client.session.client_events import Gap
from ..protocol import commands, events
from ..protocol.conversations import LOBBY
from ..protocol.text.references import place
from .model.paging import Paging
from .model.read_markers import ReadMarkers
from .screen.rendering import topic, unread
from .screen.screen import Screen
from .screen.view import View, before

PAST_LINES = 50
"""Lines shown when the user enters a room: two screens, read at a glance."""


class Navigation:
    """Moves the user of ``client`` between rooms; ``show`` shows the events that were held back meanwhile."""

    def __init__(
        self,
        client: Client,
        view: View,
        screen: Screen,
        *,
        paging: Paging,
        read_markers: ReadMarkers,
        show: Callable[[object], None],
    ) -> None:
        self._client = client
        self._read_markers = read_markers
        self._view = view
        self._screen = screen
        self._paging = paging
        self._show = show
        self._entered = asyncio.Event()
        self._gaps: dict[str, Gap] = {}

    async def room(self) -> None:
        """Wait until events fit, which are held back while the user enters a room."""
        while self._view.is_full:
            self._entered.clear()
            await self._entered.wait()

    async def arrive(self) -> None:
        """Enter the lobby, and list the online users and the unread messages."""
        counts = await self._counts()  # before anything is shown and becomes read
        self._view.count_on_arrival(counts)
        await self.enter(LOBBY, counts=counts)
        answer = await self._client.request(commands.Users())
        self._view.meet([name for event in answer.events if isinstance(event, events.Users) for name in event.users])
        self._screen.add(self._screen.rendering.welcome(self._client.name, sorted(self._view.online.values())))
        elsewhere = [count for count in counts if count.conversation != LOBBY]
        if elsewhere:
            self._screen.add(unread(elsewhere, self._view.unseen(elsewhere)))
        self._screen.changed()

    async def enter(
        self, room: str, joining: commands.Join | None = None, counts: Sequence[events.UnreadCount] | None = None
    ) -> None:
        """Make a room current and show its last lines, and below them the events of the meantime."""
        self._view.enter()
        try:
            if joining:
                await self._client.request(joining)
            answer = await self._client.request(commands.History(conversation=self._view.id_of(room), limit=PAST_LINES))
            past = [event for event in answer.events if isinstance(event, events.Past)]
            if counts is None and self._view.unread.stays_above(self._view.id_of(room), len(past)):
                counts = await self._counts()
        except BaseException:
            self.stay()
            raise
        conversation = self._client.conversations.get(self._view.id_of(room))
        name = (conversation.name or conversation.conversation) if conversation else room  # display form
        direct, held = before(past, self._view.entered(name, past))
        self._paging.begin(room)
        self._screen.add_all(self._screen.rendering.past(past, self._view.room, self._client.user, direct))
        if conversation and conversation.topic:
            self._screen.add(topic(self._view.room, conversation.topic))
        self._tell_above(counts or ())
        for event in held:
            self._show(event)
        self._entered.set()
        self._screen.changed()

    def stay(self) -> None:
        """Stay in the current room, and show the events that were held back."""
        for event in self._view.stayed():
            self._show(event)
        self._entered.set()

    async def leave(self, command: commands.Leave) -> None:
        """Leave a room for the lobby."""
        await self._client.request(command)
        await self.enter(LOBBY)

    def note(self, event: object) -> bool:
        """Note lines that were skipped; return whether to :meth:`recount` unread messages now.

        The time has come when the lines that were not skipped have been shown.
        """
        if isinstance(event, Gap) and event.reason == "skipped":
            self._gaps[event.conversation] = event
        if not self._gaps:
            return False
        heard = self._client.conversations
        return all(self._view.unread.newest(each) >= heard[each].head for each in self._gaps if each in heard)

    async def recount(self) -> None:
        """Count unread messages again after lines were skipped, and say how many are above in the current room."""
        gaps, self._gaps = self._gaps, {}
        if gaps:
            counts = await self._counts()
            self._view.count(counts)
            if self._view.id_of(self._view.room) in gaps:
                self._tell_above(counts)
            self._screen.changed()

    async def tell_unread(self) -> None:
        """Show the unread counts, without counting again."""
        counts = await self._counts()
        self._screen.add(unread(counts, self._view.unseen(counts)))

    async def _counts(self) -> list[events.UnreadCount]:
        """Have the server count, once it knows which lines were shown here."""
        self._read_markers.note(self._view.unread.take_shown())
        await self._read_markers.tell()
        answer = await self._client.request(commands.Unread())
        return [count for event in answer.events if isinstance(event, events.Unread) for count in event.conversations]

    def _tell_above(self, counts: Sequence[events.UnreadCount]) -> None:
        """Say how much is unread above the lines of the current room, and from which place on."""
        room = self._view.id_of(self._view.room)
        messages, mentions = self._view.unread.messages[room], self._view.unread.mentions[room]
        if not messages:
            return
        count = next((each for each in counts if each.conversation == room), None)
        seq = (count.mention if mentions else 0) or count.first if count else 0
        to_you = f", {mentions:,} to you" if mentions else ""
        more = "+" if count and count.more and messages <= count.messages else ""
        how = f"/show {place(self._view.room, seq)}" if seq else "/history shows them"
        self._screen.tell(f"{messages:,}{more} more above{to_you}: {how}")
