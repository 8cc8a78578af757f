"""Executes commands, and draws their answers above the prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo

from msgspec.structs import replace

from ..client.asyncio.client import Client
from ..protocol import commands, events
from ..protocol.slash.help import help_text
from ..protocol.text.timestamps import in_utc
from ..protocol.transcript import text_lines
from ..protocol.wording import NOTHING_YET
from .model.paging import Paging
from .model.read_markers import ReadMarkers
from .navigation import Navigation
from .passwords import new_password, proven
from .screen import rendering
from .screen.screen import Screen
from .screen.view import View


class Commands:
    """Executes all commands except messages; ``now`` returns milliseconds since 1970."""

    def __init__(
        self,
        client: Client,
        view: View,
        screen: Screen,
        navigation: Navigation,
        *,
        paging: Paging,
        read_markers: ReadMarkers,
        now: Callable[[], int],
        zone: tzinfo | None,
    ) -> None:
        self._client = client
        self._view = view
        self._screen = screen
        self._navigation = navigation
        self._paging = paging
        self._read_markers = read_markers
        self._now = now
        self._zone = zone

    async def answer(self, command: commands.ANY) -> None:
        """Ask the server, or the table of commands, and draw the answer; raises ChatError."""
        match command:
            case commands.Help():
                self._screen.add(rendering.text(help_text(command.topic)))
            case commands.Unread():
                await self._navigation.tell_unread()
            case commands.Read():
                await self._read(command)
            case commands.History():
                await self._page(command)
            case commands.Search():
                await self._search(command)
            case commands.Password():
                with self._screen.prompt.hidden():
                    told = await new_password(self._screen.prompt.ask_secret, self._screen.complain, self._client)
                self._screen.tell(told)
            case commands.Revoke():
                with self._screen.prompt.hidden():
                    command = await proven(self._screen.prompt.ask_secret, command, self._client)
                self._draw(command, (await self._client.request(command)).events)
            case commands.Join():
                await self._navigation.enter(command.room, command)
            case commands.Leave():
                await self._navigation.leave(command)
            case _:
                answer = await self._client.request(command)
                self._draw(command, answer.events)

    async def _read(self, command: commands.Read) -> None:
        await self._client.request(command)
        if command.conversation is None:
            self._view.unread.read_all()
        else:
            self._view.unread.read(self._paging.id_of(command.conversation))
        self._screen.tell(f"Marked {command.conversation or 'everything'} as read.")

    async def _page(self, command: commands.History) -> None:
        command = self._paging.next(command)
        answer = await self._client.request(command)
        past = [event for event in answer.events if isinstance(event, events.Past)]
        sentence = self._paging.told(command, past, more=answer.ok.more)
        drawn = self._screen.rendering.listed(past, self._client.user, sentence, command.around)
        self._screen.add_all(drawn)
        if command.around is not None:
            self._view.listed(past)
        elif past:
            newest = command.before is None or command.before > past[-1].newest + len(past)
            self._view.paged(past[-1].conversation, past, None if newest else command.before)

    async def _search(self, command: commands.Search) -> None:
        """Find messages; dates are in this machine's time zone."""
        dates = {
            field: in_utc(word, self._now(), self._zone)
            for field, word in (("after", command.after), ("before", command.before))
            if word is not None
        }
        answer = await self._client.request(replace(command, **dates))
        past = [event for event in answer.events if isinstance(event, events.Past)]
        nothing = NOTHING_YET if answer.ok.more else "nothing found"
        many = f"{'the newest ' if answer.ok.more else ''}{len(past):,} found" if past else nothing
        narrow = "; before:DATE finds older ones" if past and answer.ok.more else ""
        self._view.listed(past)
        what = f": {command.words}" if command.words else ""
        self._screen.add_all(self._screen.rendering.listed(past, self._client.user, f"{many}{what}{narrow}"))

    def _draw(self, command: commands.ANY, answer: Sequence[events.ANY]) -> None:
        """Draw an answer that is a list, a topic or a text."""
        tables, width = self._screen.rendering.tables, self._screen.width
        match command:
            case commands.Users():
                parts = [event for event in answer if isinstance(event, events.Users)]
                names = [name for part in parts for name in part.users]
                away = {name: reason for part in parts for name, reason in part.away.items()}
                guests = {name for part in parts for name in part.guests}
                me, where = self._client.name, command.room
                self._screen.add(tables.users(names, away, guests, me=me, room=where, width=width))
            case commands.Rooms():
                rooms = [room for event in answer if isinstance(event, events.Rooms) for room in event.rooms]
                for room in rooms:
                    self._view.name_room(room.name)
                unread = self._view.unread_in(room.name for room in rooms)
                self._screen.add(tables.rooms(rooms, current=self._view.room, unread=unread, width=width))
            case commands.Away():
                self._screen.tell("You are away until you say something.")
            case (
                commands.Devices() | commands.Revoke() | commands.KeepDevice() | commands.Access() | commands.Settings()
            ):
                self._screen.add(
                    *(rendering.text(text_lines(event, me=None, columns=None).rstrip()) for event in answer)
                )
            case commands.Ignore() | commands.Unignore():
                self._screen.add(
                    *(rendering.ignored(each.names) for each in answer if isinstance(each, events.Ignored))
                )
            case _:
                topics = [each for each in answer if isinstance(each, events.Topic)]
                self._screen.add(*(rendering.topic(each.room, each.text) for each in topics))
