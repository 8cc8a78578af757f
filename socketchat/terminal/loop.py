"""The loop that terminals and pipes share: executes lines, shows events, and sends messages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Protocol

from ..client.asyncio.client import Client
from ..exceptions import ChatError, Unconfirmed
from ..protocol import commands
from ..protocol.slash.parsing import parse
from ..protocol.text.hygiene import check_text
from .screen.view import View

Message = commands.Send | commands.Edit | commands.Delete
"""The commands that the client keeps until the server has stored them."""


class Sending:
    """A message being sent, its start by the clock of the loop, and the line that the user typed."""

    __slots__ = ("is_shown", "line", "message", "since")

    def __init__(self, line: str, message: Message, since: float) -> None:
        self.line = line
        self.message = message
        self.since = since
        self.is_shown = False


class Frontend(Protocol):
    """The differences between a terminal and a pipe."""

    def show(self, event: object) -> None:
        """Show an event."""

    async def shown(self, event: object) -> None:
        """React after an event was shown, or only counted."""

    async def answer(self, command: commands.ANY) -> None:
        """Execute a command that is neither a message nor /quit."""

    def complain(self, error: ChatError, line: str) -> None:
        """Say why a line failed."""

    def began(self, task: asyncio.Task[None], sending: Sending) -> None:
        """Note that a message is being sent, in a task that ends when it is stored or refused."""

    def refused(self, sending: Sending, error: ChatError) -> None:
        """Say why the server refused a message."""


class Loop:
    """Executes lines in order, and shows events.

    At most ``most`` messages are being sent before the next line is executed.
    """

    def __init__(self, client: Client, view: View, face: Frontend, *, most: int | None = None) -> None:
        self._client = client
        self._view = view
        self._face = face
        self._free = asyncio.Semaphore(most) if most else None
        self.sending: dict[asyncio.Task[None], Sending] = {}
        """The messages being sent, the oldest first."""
        self.unconfirmed = 0
        """The number of messages that ended without an answer."""

    async def run(
        self, *parts: Coroutine[None, None, None], finish: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Run until the first of the parts ends, then ``finish``, then cancel the others; raises the first error."""
        tasks = [asyncio.create_task(part) for part in (*parts, self._listen())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if finish is not None:
                await finish()
        finally:
            for task in (*tasks, *self.sending):
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def obey(self, line: str, check: Callable[[commands.ANY], None] | None = None) -> bool:
        """Execute a line, unless ``check`` raises; return whether it asks to leave."""
        try:
            command = parse(line, self._view.room)
            if isinstance(command, commands.Send | commands.Edit):
                check_text(command.text)
            if check is not None:
                check(command)
        except ChatError as error:
            self._face.complain(error, line)
            return False
        if isinstance(command, Message):
            await self._send(command, line)
        elif not isinstance(command, commands.Quit):
            await self._face.answer(command)
        return isinstance(command, commands.Quit)

    async def settled(self) -> None:
        """Wait until every message being sent is stored or refused."""
        if self.sending:
            await asyncio.wait([*self.sending])

    async def _listen(self) -> None:
        async for event in self._client:
            for each in self._view.take(event):
                self._face.show(each)
            await self._face.shown(event)

    async def _send(self, message: Message, line: str) -> None:
        if self._free is not None:
            await self._free.acquire()
        sending = Sending(line, message, asyncio.get_running_loop().time())
        task = asyncio.create_task(self._deliver(sending))
        self.sending[task] = sending
        task.add_done_callback(self.sending.pop)
        self._face.began(task, sending)

    async def _deliver(self, sending: Sending) -> None:
        """Send a message, or a change of one; it is shown when it comes back from the server."""
        try:
            message = sending.message
            if isinstance(message, commands.Send):
                await self._client.send(message.to, message.text, message.kind, of=message.of)
            else:
                await self._client.change(message)
        except Unconfirmed as error:
            self.unconfirmed += 1
            self._face.refused(sending, error)
        except ChatError as error:
            self._face.refused(sending, error)
        finally:
            if self._free is not None:
                self._free.release()
