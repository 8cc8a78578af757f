"""A visit at a terminal: events go above the prompt, and typed lines go to the client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import tzinfo
from typing import TYPE_CHECKING, TextIO

from ..client.asyncio.client import Client
from ..client.session.client_events import LinkLost
from ..exceptions import BadText, ChatError, TooLong, Unconfirmed, UsageProblem
from ..protocol import commands, events
from ..protocol.conversations import LOBBY
from ..protocol.slash.parsing import is_for_room
from ..protocol.text.hygiene import clean_line
from .commands import Commands
from .exit_summary import what_is_left
from .log_handler import log_above
from .loop import Loop, Sending
from .model.completion import ChatCompleter
from .model.misdirected import Misdirected
from .model.paging import Paging
from .model.read_markers import ReadMarkers
from .navigation import Navigation
from .screen.bell import Bell
from .screen.prompt.prompt import Prompt
from .screen.rendering import waiting
from .screen.screen import Screen
from .screen.scroll import WAITING
from .screen.status import Status
from .screen.theme import Look
from .screen.view import View

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples

PENDING_SECONDS = 0.3
"""Time after which a message is counted as being sent; most are stored long before."""

WAITING_SECONDS = 1.0
"""Time after which such a message is shown as waiting: if its line stays away longer, it seems lost."""

LAST_SECONDS = 2.0
"""How long leaving waits for messages being sent; a reachable server needs milliseconds."""

NARROW = 60
"""Columns below which the prompt leaves out the name."""

LOGIN = (
    "Not here: your next line would be sent to {room}. `join` logs you in with your key, or asks for your password; "
    "leave, and run `socketchat join {name}`."
)

RECOUNT = object()
"""A mark among the typed lines: count unread messages again at this point."""


class Chat:
    """One visit; with ``rings``, the bell of the terminal may ring.

    ``stdin``, ``stdout``, ``zone`` and ``clock`` (seconds since 1970) are for tests.
    """

    def __init__(
        self,
        client: Client,
        look: Look,
        *,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
        zone: tzinfo | None = None,
        rings: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._clock = clock
        self._view = View(client.user, client.name, lambda: client.conversations)
        self._loop = Loop(client, self._view, self)
        self._typed: asyncio.Queue[object] = asyncio.Queue()
        self._began = 0.0
        self._unsent = 0
        self._prompt = Prompt(
            label=self._label,
            status=self._status,
            completer=ChatCompleter(lambda: self._view.known),
            on_line=self._typed.put_nowait,
            on_enter=client.try_now,
            look=look,
            stdin=stdin,
            stdout=stdout,
        )
        self._screen = Screen(self._prompt, look, self._view, name=client.name, now=self._now, zone=zone)
        self._status_line = Status(client, self._view, self._prompt.repaint)
        self._read_markers = ReadMarkers(client)
        self._misdirected = Misdirected()
        ring = self._prompt.ring if rings else lambda: None
        self._bell = Bell(client.user, client.name, ring, time.monotonic)
        self._paging = Paging(client.conversations)
        self._navigation = Navigation(
            client, self._view, self._screen, paging=self._paging, read_markers=self._read_markers, show=self.show
        )
        self._commands = Commands(
            client,
            self._view,
            self._screen,
            self._navigation,
            paging=self._paging,
            read_markers=self._read_markers,
            now=self._now,
            zone=zone,
        )

    async def run(self) -> None:
        """Chat until the user leaves; raises the error that ended the client, and Unconfirmed if messages are left."""
        self._view.enter()
        self._began = asyncio.get_running_loop().time()
        obeying = asyncio.create_task(self._obey())
        with log_above(self._screen.tell):
            try:
                await self._loop.run(
                    self._prompt.run(),
                    _result_of(obeying),
                    self._read_markers.run(),
                    finish=lambda: self._settle(obeying),
                )
            finally:
                self._screen.finish()
        if self._loop.unconfirmed or self._unsent:
            raise Unconfirmed(what_is_left(self._client, self._loop.unconfirmed, self._unsent))

    async def _settle(self, obeying: asyncio.Task[None]) -> None:
        """Wait a moment until all typed lines are executed and stored; note the rest."""
        self._prompt.leave()
        obeys = not obeying.done()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS if self._client.online else 0):
                if obeys:
                    await self._typed.join()
                await self._loop.settled()
                await self._client.all_stored()
                await self._read_markers.tell()
        self._loop.unconfirmed += max(len(self._loop.sending), self._client.waiting)
        if obeys:
            self._unsent += sum(isinstance(line, str) for line in self._rest())

    def _rest(self) -> list[object]:
        """Take all typed lines that are not executed yet."""
        rest = []
        while not self._typed.empty():
            rest.append(self._typed.get_nowait())
            self._typed.task_done()
        return rest

    def show(self, event: object) -> None:
        """Draw an event; the user's removal from a room waits for its turn."""
        if isinstance(event, events.Left) and self._typed.qsize() < WAITING:
            self._typed.put_nowait(event)
        else:
            self._draw(event)

    def _draw(self, event: object) -> None:
        self._screen.draw(event)
        if isinstance(event, LinkLost) and event.attempt == 1:
            for task, sending in self._loop.sending.items():
                self._show_waiting(task, sending)

    async def shown(self, event: object) -> None:
        """React after an event was drawn or counted; handle keys first."""
        self._paging.note(event)
        self._bell.note(event, self._client.conversations)
        self._read_markers.note(self._view.unread.take_shown())
        if self._navigation.note(event):
            self._typed.put_nowait(RECOUNT)
        self._screen.changed()  # a hidden event may change the counts below the prompt
        await asyncio.sleep(0)
        await self._screen.room()
        await self._navigation.room()

    async def _obey(self) -> None:
        """Execute typed lines one by one: a text after /join goes to the new room."""
        await self._attempt(self._navigation.arrive())
        self._navigation.stay()  # even if arriving failed
        leaves = False
        while not leaves:
            line = await self._typed.get()
            if isinstance(line, str):
                leaves = await self._obey_line(line)
            elif line is RECOUNT:
                await self._attempt(self._navigation.recount())
            elif isinstance(line, events.Left) and line.conversation not in self._client.conversations:
                await self._put_out(line)
            self._typed.task_done()

    async def _obey_line(self, line: str) -> bool:
        """Execute a line, unless it may be meant for another room; return whether it asks to leave."""
        if doubt := self._misdirected.doubt(line, self._view.room):
            self._screen.complain(doubt, line)
            return False
        return await self._loop.obey(line)

    def began(self, task: asyncio.Task[None], sending: Sending) -> None:
        """Count a message below the prompt, and show it as waiting, if it is not stored soon."""
        loop = asyncio.get_running_loop()
        task.add_done_callback(lambda _: self._prompt.repaint())
        loop.call_later(PENDING_SECONDS, self._prompt.repaint)
        if self._view.is_down and not self._client.online:
            self._show_waiting(task, sending)
        else:
            loop.call_later(WAITING_SECONDS, self._show_waiting, task, sending)

    def _show_waiting(self, task: asyncio.Task[None], sending: Sending) -> None:
        if not task.done() and not sending.is_shown:
            sending.is_shown = True
            self._screen.add(waiting(sending.line))

    async def answer(self, command: commands.ANY) -> None:
        """Execute a command, and draw its answer."""
        match command:
            case commands.Password():
                self._hold_back("what you type after /password is not a message")
            case commands.Revoke():
                self._hold_back("what you type after /devices revoke may be a password")
            case commands.Login():
                self._hold_back("what you type after /login is not a message")
        done = await self._attempt(self._answer(command))
        if isinstance(command, commands.Join | commands.Leave):
            if done:
                self._misdirected.chose()
            else:
                self._hold_back(f"you are still in {self._view.room}", give_back=True)

    async def _answer(self, command: commands.ANY) -> None:
        await asyncio.sleep(0)  # earlier lines begin to be sent
        if isinstance(command, commands.Login):
            raise UsageProblem(LOGIN.format(name=command.name, room=self._view.room))
        await self._commands.answer(command)

    async def _put_out(self, left: events.Left) -> None:
        """Go to the lobby, and say why below its last lines; a half-typed text is not meant for it."""
        room = self._view.room
        if left.conversation == self._view.id_of(room) and await self._attempt(self._navigation.enter(LOBBY)):
            self._misdirected.put_out(room)
        self._draw(left)

    async def _attempt(self, doing: Coroutine[None, None, None]) -> bool:
        """Do something that the server may refuse, and show the refusal; return whether it succeeded."""
        try:
            await doing
        except ChatError as error:
            self._screen.complain(error)
            return False
        finally:
            self._read_markers.note(self._view.unread.take_shown())
        return True

    def _hold_back(self, why: str, *, give_back: bool = False) -> None:
        """Do not send lines that were typed ahead to this room; execute those that do not depend on a room."""
        for line in self._rest():
            if isinstance(line, str) and is_for_room(line):
                self._screen.complain(f"Not sent: {why}.", line if give_back else "")
            else:
                self._typed.put_nowait(line)

    def complain(self, error: ChatError, line: str) -> None:
        """Say why a line failed; a text returns to the prompt, and the arrow key brings back a wrong command."""
        comes_back = isinstance(error, TooLong | BadText) or not line.startswith("/")
        self._screen.complain(error, line if comes_back else "", can_go=False)

    def refused(self, sending: Sending, error: ChatError) -> None:
        """Say why the server refused a message, and put it back into the prompt."""
        if isinstance(error, Unconfirmed):
            return  # counted, and reported when the user leaves
        message = sending.message
        where = message.to if isinstance(message, commands.Send) else message.conversation
        self._misdirected.refused(sending.line, where)
        self._screen.complain(error, sending.line)

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _label(self) -> StyleAndTextTuples:
        name = f" {self._client.name}" if self._prompt.width >= NARROW else ""
        return [("class:prompt", clean_line(f"{self._view.room}{name}> "))]

    def _status(self) -> StyleAndTextTuples:
        late = asyncio.get_running_loop().time() - PENDING_SECONDS
        pending = sum(sending.since <= late for sending in self._loop.sending.values())
        if self._began <= late:
            pending += self._client.adopted
        return self._status_line.line(pending, self._prompt.width)


async def _result_of(task: asyncio.Task[None]) -> None:
    await task
