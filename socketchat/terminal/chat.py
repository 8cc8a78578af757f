"""A visit in a terminal: what the client is told goes above the prompt, what is typed goes to the client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from datetime import tzinfo
from typing import TYPE_CHECKING, TextIO

from msgspec.structs import replace

from ..client.asyncio.client import Client
from ..client.session.client_events import LinkLost
from ..exceptions import BadText, ChatError, TooLong, Unconfirmed, UsageProblem
from ..protocol import commands, events
from ..protocol.conversations import LOBBY, room_id
from ..protocol.slash.help import help_text
from ..protocol.slash.parsing import is_for_room, parse
from ..protocol.text.hygiene import check_text, clean_line
from ..protocol.text.timestamps import in_utc
from ..protocol.wording import NOTHING_YET
from .answers import answered
from .exit_summary import what_is_left
from .log_handler import log_above
from .model.completion import ChatCompleter
from .model.misdirected import Misdirected
from .model.paging import Paging
from .model.read_markers import ReadMarkers
from .passwords import new_password
from .screen.bell import Bell
from .screen.prompt import Prompt
from .screen.rendering import Rendering
from .screen.scroll import WAITING, Scroll
from .screen.status import Status
from .screen.theme import Look
from .screen.view import View, before

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.input import Input
    from rich.console import RenderableType

PAST_LINES = 50
"""Lines of a room that are shown when it is entered: two screens, read at a glance."""

PENDING_SECONDS = 0.3
"""Time after which a message that is not stored yet is shown as being sent; most are stored long before."""

LAST_SECONDS = 2.0
"""Time that somebody who leaves waits for messages under way; a server that is there needs milliseconds."""

NARROW = 60
"""Columns below which the prompt leaves out the name."""

LOGIN = (
    "Nobody is asked for a password here: what you type next goes to {room}. You come in by your key, or by the "
    "password that `socketchat join {name}` asks for; leave first."
)


class Chat:
    """One visit, where the bell ``rings`` or not.

    ``stdin``, ``stdout``, ``zone`` and ``clock`` (seconds since 1970) are for tests.
    """

    def __init__(
        self,
        client: Client,
        look: Look,
        *,
        stdin: Input | None = None,
        stdout: TextIO | None = None,
        zone: tzinfo | None = None,
        rings: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._clock = clock
        self._view = View(client.user, client.name)
        self._zone = zone
        self._rendering = Rendering(look, client.name, self._now(), zone)
        self._typed: asyncio.Queue[str | events.Left] = asyncio.Queue()
        self._entered = asyncio.Event()
        self._sending: dict[asyncio.Task[None], tuple[float, str]] = {}
        self._began = 0.0
        self._unconfirmed = 0
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
        self._status_line = Status(client, self._view, self._prompt.repaint)
        self._scroll = Scroll(self._write)
        self._read_markers = ReadMarkers(client)
        self._misdirected = Misdirected()
        ring = self._prompt.ring if rings else lambda: None
        self._bell = Bell(client.user, client.name, ring, time.monotonic)
        self._paging = Paging(client.conversations)

    async def run(self) -> None:
        """Chat until somebody leaves; raises what ended the link for good, and Unconfirmed for messages under way."""
        with log_above(self._tell):
            await self._run()

    async def _run(self) -> None:
        self._view.enter()
        self._began = asyncio.get_running_loop().time()
        parts = [
            asyncio.create_task(part)
            for part in (self._prompt.run(), self._listen(), self._obey(), self._read_markers.run())
        ]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            parts[0].cancel()
            await self._settle(obeying=not parts[2].done())
        finally:
            for part in (*parts, *self._sending):
                part.cancel()
            ends = await asyncio.gather(*parts, return_exceptions=True)
            self._scroll.finish()
        for end in ends:
            if isinstance(end, Exception):
                raise end
        if self._unconfirmed or self._unsent:
            raise Unconfirmed(what_is_left(self._client, self._unconfirmed, self._unsent))

    async def _settle(self, *, obeying: bool) -> None:
        """Give what was typed a moment to be done and stored; note what is not."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS if self._client.online else 0):
                if obeying:
                    await self._typed.join()
                if self._sending:
                    await asyncio.wait(self._sending)
                await self._client.all_stored()
                await self._read_markers.tell()
        self._unconfirmed += max(len(self._sending), self._client.waiting)
        if obeying:
            self._unsent += sum(isinstance(line, str) for line in self._rest())

    def _rest(self) -> list[str | events.Left]:
        """Take all that was typed and is not done yet."""
        rest = []
        while not self._typed.empty():
            rest.append(self._typed.get_nowait())
            self._typed.task_done()
        return rest

    async def _listen(self) -> None:
        async for event in self._client:
            self._show(self._view.take(event))
            self._paging.note(event)
            self._bell.note(event, self._client.conversations)
            self._read_markers.note(self._view.shown())
            self._scroll.add(())  # what is not seen may be counted below the prompt
            await asyncio.sleep(0)  # keys come first, however much there is to take
            await self._scroll.room()
            while self._view.is_full:
                self._entered.clear()
                await self._entered.wait()

    def _show(self, seen: Iterable[object]) -> None:
        for event in seen:
            if isinstance(event, events.Left) and self._typed.qsize() < WAITING:
                self._typed.put_nowait(event)
            else:
                self._draw(event)

    def _draw(self, event: object) -> None:
        self._scroll.add(self._rendering.lines(self._view.named(event), self._client.user, self._now()))
        if isinstance(event, LinkLost) and event.attempt == 1:
            self._scroll.add(self._rendering.waiting(line) for _, line in self._sending.values())

    async def _obey(self) -> None:
        """Do what is typed, line by line: a text after /join goes to the new room."""
        await self._attempt(self._arrive())
        self._stay()  # also where coming in failed
        leaves = False
        while not leaves:
            line = await self._typed.get()
            if isinstance(line, str):
                leaves = await self._obeyed(line)
            elif line.conversation not in self._client.conversations:  # or somebody has come back meanwhile
                await self._put_out(line)
            self._typed.task_done()

    async def _put_out(self, left: events.Left) -> None:
        """Go where one is still heard, and say below its last lines why; what is half typed is not meant for it."""
        room = self._view.room
        if left.conversation == room_id(room) and await self._attempt(self._enter(LOBBY)):
            self._misdirected.put_out(room)
        self._draw(left)

    async def _obeyed(self, line: str) -> bool:
        """Do what a line asks for; tell whether it asks to leave."""
        if doubt := self._misdirected.doubt(line, self._view.room):
            self._complain(doubt, line)
            return False
        try:
            command = parse(line, self._view.room)
        except ChatError as error:
            self._complain(error)
            return False
        if isinstance(command, commands.Send | commands.Edit | commands.Delete):
            self._send(command, line)
        elif not isinstance(command, commands.Quit):
            done = await self._attempt(self._ask(command))
            if isinstance(command, commands.Join | commands.Leave) and done:
                self._misdirected.chose()
            elif isinstance(command, commands.Join | commands.Leave):
                self._hold_back(f"you are still in {self._view.room}", give_back=True)
        return isinstance(command, commands.Quit)

    async def _attempt(self, doing: Coroutine[None, None, None]) -> bool:
        """Do something that the server may refuse, and say so where it does; tell whether it is done."""
        try:
            await doing
        except ChatError as error:
            self._complain(error)
            return False
        return True

    def _hold_back(self, why: str, *, give_back: bool = False) -> None:
        """Keep what was typed ahead out of this room, as it is not meant for it; what is for no room has its turn."""
        for line in self._rest():
            if isinstance(line, str) and is_for_room(line):
                self._complain(f"Not sent, as {why}.", line if give_back else "")
            else:
                self._typed.put_nowait(line)

    def _complain(self, error: ChatError | str, line: str = "") -> None:
        """Say what did not work; what was typed comes back for another try, or is left for the arrow key."""
        kept = not line or self._prompt.put_back(line, can_go=not isinstance(error, TooLong | BadText))
        self._scroll.add([self._rendering.error(str(error) if kept else f"{error} (Up brings back what you typed.)")])

    async def _arrive(self) -> None:
        unread = await self._count_unread()  # before anything is shown, and counts as read
        await self._enter(LOBBY)
        answer = await self._client.request(commands.Users())
        self._view.meet([name for event in answer.events if isinstance(event, events.Users) for name in event.users])
        self._scroll.add([self._rendering.welcome(self._client.name, sorted(self._view.online.values()))])
        if unread:
            self._tell_unread(unread)
        self._prompt.repaint()

    async def _count_unread(self) -> list[events.UnreadCount]:
        answer = await self._client.request(commands.Unread())
        counts = [count for event in answer.events if isinstance(event, events.Unread) for count in event.conversations]
        self._view.count(counts)
        return counts

    def _tell_unread(self, counts: Sequence[events.UnreadCount]) -> None:
        self._scroll.add([self._rendering.unread(counts, self._view.unseen(counts))])

    async def _enter(self, room: str, joining: commands.Join | None = None) -> None:
        """Make a room current and show its last lines; what happens meanwhile is shown below them."""
        self._view.enter()
        try:
            if joining:
                await self._client.request(joining)
            answer = await self._client.request(commands.History(conversation=room_id(room), limit=PAST_LINES))
        except BaseException:
            self._stay()
            raise
        past = [event for event in answer.events if isinstance(event, events.Past)]
        conversation = self._client.conversations.get(room_id(room))
        name = (conversation.name or conversation.conversation) if conversation else room  # typed in whatever case
        direct, held = before(past, self._view.entered(name, past))
        self._paging.begin(room)
        self._scroll.add(self._rendering.past(past, self._view.room, self._client.user, direct))
        if conversation and conversation.topic:
            self._scroll.add([self._rendering.topic(self._view.room, conversation.topic)])
        self._show(held)
        self._entered.set()
        self._read_markers.note(self._view.shown())
        self._prompt.repaint()

    def _stay(self) -> None:
        """Stay where one is, and show what was held back."""
        self._show(self._view.stayed())
        self._entered.set()

    def _send(self, command: commands.Send | commands.Edit | commands.Delete, line: str) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(self._deliver(command, line))
        self._sending[task] = loop.time(), line
        if self._view.is_down and not self._client.online:
            self._scroll.add([self._rendering.waiting(line)])
        task.add_done_callback(self._sending.pop)
        task.add_done_callback(lambda _: self._prompt.repaint())
        loop.call_later(PENDING_SECONDS, self._prompt.repaint)

    async def _deliver(self, command: commands.Send | commands.Edit | commands.Delete, line: str) -> None:
        """Send a message, or what changes one; it is written above when it comes back from the server."""
        try:
            if not isinstance(command, commands.Delete):
                check_text(command.text)
            if isinstance(command, commands.Send):
                await self._client.send(command.to, command.text, command.kind)
            else:
                await self._client.change(command)
        except Unconfirmed:
            self._unconfirmed += 1
        except ChatError as error:
            self._misdirected.refused(line, command.to if isinstance(command, commands.Send) else command.conversation)
            self._complain(error, line)

    async def _ask(self, command: commands.ANY) -> None:
        """Ask the server, or the table of commands, and show the answer."""
        await asyncio.sleep(0)  # what was typed before begins to be sent
        match command:
            case commands.Help():
                self._scroll.add([self._rendering.help(help_text(command.topic))])
            case commands.Unread():
                await self._read_markers.tell()  # what is on the screen is read
                self._tell_unread(await self._count_unread())
            case commands.Read():
                await self._client.request(command)
                await self._count_unread()
                self._tell(f"{command.conversation or 'Everything'} counts as read.")
            case commands.History():
                await self._page(command)
            case commands.Search():
                await self._search(command)
            case commands.Password():
                self._hold_back("what is typed behind /password is no message")
                with self._prompt.hidden():
                    told = await new_password(self._prompt.ask_secret, self._complain, self._client)
                self._tell(told)
            case commands.Login():
                self._hold_back("what is typed behind /login is no message")
                raise UsageProblem(LOGIN.format(name=command.name, room=self._view.room))
            case commands.Join():
                await self._enter(command.room, command)
            case commands.Leave():
                await self._client.request(command)
                await self._enter(LOBBY)
            case _:
                answer = await self._client.request(command)
                me, width = self._client.name, self._prompt.width
                drawn = answered(command, answer.events, self._rendering, self._view, me=me, width=width)
                self._scroll.add(drawn)

    async def _page(self, command: commands.History) -> None:
        command = self._paging.next(command)
        answer = await self._client.request(command)
        past = [event for event in answer.events if isinstance(event, events.Past)]
        sentence = self._paging.told(command, past, more=answer.ok.more)
        self._scroll.add(self._rendering.listed(past, self._client.user, sentence, command.around))
        self._view.listed(past, is_newest=command.before is None and command.around is None)
        self._read_markers.note(self._view.shown())

    async def _search(self, command: commands.Search) -> None:
        """Find what was said; what is typed as a date is one of this machine's time zone."""
        dates = {
            field: in_utc(word, self._now(), self._zone)
            for field, word in (("after", command.after), ("before", command.before))
            if word is not None
        }
        answer = await self._client.request(replace(command, **dates))
        past = [event for event in answer.events if isinstance(event, events.Past)]
        nothing = NOTHING_YET if answer.ok.more else "nothing found"
        many = f"{'the newest ' if answer.ok.more else ''}{len(past)} found" if past else nothing
        narrow = "; before:DATE finds older ones" if past and answer.ok.more else ""
        self._view.listed(past)
        what = f": {command.words}" if command.words else ""
        self._scroll.add(self._rendering.listed(past, self._client.user, f"{many}{what}{narrow}"))

    def _tell(self, text: str) -> None:
        self._scroll.add([self._rendering.notice(text)])

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _write(self, lines: Sequence[RenderableType]) -> None:
        if lines:
            self._prompt.write(self._rendering.paint(lines, self._prompt.width))
        else:
            self._prompt.repaint()

    def _label(self) -> StyleAndTextTuples:
        name = f" {self._client.name}" if self._prompt.width >= NARROW else ""
        return [("class:prompt", clean_line(f"{self._view.room}{name}> "))]

    def _status(self) -> StyleAndTextTuples:
        late = asyncio.get_running_loop().time() - PENDING_SECONDS
        pending = sum(since <= late for since, _ in self._sending.values())
        if self._began <= late:
            pending += self._client.adopted
        return self._status_line.line(pending)
